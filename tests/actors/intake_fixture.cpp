#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

intake_fixture::intake_fixture(options given)
    : budget({.budget_bytes = given.budget_bytes,
              .reserve_bytes = given.reserve_bytes,
              .room_bytes = given.room_bytes}),
      intake(std::make_unique<tenant_intake>(
          tenant, budget, tenant_intake::limits{given.block_bytes, given.entry_bytes_max})) {
  budget.on_room = [this](tenant_id, stream_id stream) { intake->signal_room(stream); };
  budget.on_pressure = [this](tenant_id) { intake->signal_pressure(); };
  tenant_intake::signals to;
  to.on_work = [this] { ++works; };
  to.on_pressure = [this] { ++pressures; };
  to.on_repeat = [this](stream_id id) { repeats.push_back(id.value); };
  to.on_room = [this](stream_id id) { rooms.push_back(id.value); };
  intake->connect(to);
  intake->set_gate(intake_gate::open);
}

std::shared_ptr<stream_buffer> intake_fixture::open(std::uint64_t id, std::optional<lsn> start_lsn) {
  auto opened = intake->open(stream_id{id}, start_lsn);
  REQUIRE(opened.ok());
  return *opened;
}

std::vector<cut_block_ptr> intake_fixture::queued() {
  std::vector<cut_block_ptr> found;
  for (auto& block : intake->take_all())
    if (block->header.entries > 0)
      found.push_back(block);
  return found;
}

std::vector<log_record> intake_fixture::entries(const std::vector<cut_block_ptr>& blocks) {
  std::vector<log_record> all;
  for (auto& block : blocks) {
    auto raw = block->raw_body();
    REQUIRE(raw);
    auto some = entries_in(block->header, *raw);
    REQUIRE(some.size() == block->header.entries);
    CHECK(some.front().lsn == block->header.first_lsn);
    CHECK(some.front().scn == block->header.first_scn);
    CHECK(raw->size() == block->header.raw_bytes);
    std::uint64_t input = 0;
    for (auto& entry : some)
      input += entry.payload.size();
    CHECK(input == block->header.input_bytes);
    CHECK(some.back().scn < block->end_scn);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

append_answer hand_over(stream_buffer& stream, const log_record& entry, append_outcome expected) {
  auto answer = stream.append(entry.view());
  INFO("LSN " << entry.lsn << " SCN " << entry.scn << ": " << answer.failed.to_string());
  REQUIRE(static_cast<int>(answer.outcome) == static_cast<int>(expected));
  if (expected == append_outcome::accepted)
    REQUIRE(answer.expected_lsn == entry.next_lsn);
  return answer;
}

std::vector<log_record> records(std::size_t count, lsn from, scn at, scn step, std::size_t payload_bytes) {
  std::vector<log_record> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back({from + 10 * i, from + 10 * i + 10, at + step * i,
                    std::string(payload_bytes, static_cast<char>('a' + (from / 10 + i) % 26))});
  return made;
}

} // namespace varve::test
