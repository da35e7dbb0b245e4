// What the appender sees: answers of append, blocks cut, repeats compared, room.
// What the tenant's actors do with a stream is in stream_recovery_test.cpp.
#include "actors/stream_buffer.hpp"
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

std::string why(const append_answer& answer) {
  return answer.failed.message;
}

/// The answer to an entry that is refused with this code.
append_answer refused(stream_buffer& stream, const log_record& entry, errc code) {
  auto answer = hand_over(stream, entry, append_outcome::error);
  CHECK(answer.failed.code == code);
  CHECK(why(answer).find("tenant 1001 stream 1") == 0);
  return answer;
}

} // namespace

TEST_CASE("stream buffer: entries are taken in order, and come out of its blocks as they came in") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(100, 1'000, 50, 3);
  all[3].payload.clear();
  for (auto& entry : all)
    hand_over(*stream, entry);
  CHECK(stream->expected_lsn() == all.back().next_lsn);
  CHECK(f.intake->accepted_entries.load() == 100);
  CHECK(f.intake->accepted_bytes.load() == 99 * 20);
  stream->cut();
  auto blocks = f.queued();
  CHECK(f.entries(blocks) == all);
  for (auto& block : blocks) {
    CHECK(block->header.tenant == tenant);
    CHECK(block->header.stream == stream_id{1});
  }
}

TEST_CASE("stream buffer: a closed, interrupted, fenced or stopped tenant takes nothing and says which") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 5, "x"});
  log_record next{10, 20, 6, "y"};
  f.intake->set_gate(intake_gate::closed);
  CHECK(hand_over(*stream, next, append_outcome::not_archiving).expected_lsn == 10);
  f.intake->set_gate(intake_gate::interrupted);
  CHECK(hand_over(*stream, next, append_outcome::interrupted).expected_lsn == 10);
  f.intake->set_gate(intake_gate::fenced);
  CHECK(hand_over(*stream, next, append_outcome::fenced).expected_lsn == 10);
  f.intake->set_gate(intake_gate::stopped, fail(errc::bytes_missing, "commit 5 is gone"));
  auto answer = hand_over(*stream, next, append_outcome::error);
  CHECK(answer.failed.code == errc::bytes_missing);
  CHECK(why(answer) == "commit 5 is gone");
  f.intake->set_gate(intake_gate::open);
  hand_over(*stream, next);
}

TEST_CASE("stream buffer: a gap is an error that says what is expected, and takes nothing") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 5, "x"});
  auto answer = refused(*stream, {11, 20, 6, "y"}, errc::lsn_gap);
  CHECK(answer.expected_lsn == 10);
  CHECK(why(answer).find("starts at LSN 11, expected 10") != std::string::npos);
  CHECK(f.intake->accepted_entries.load() == 1);
  auto started = f.open(2, 100);
  CHECK(hand_over(*started, {110, 120, 6, "y"}, append_outcome::error).failed.code == errc::lsn_gap);
  hand_over(*started, {100, 120, 6, "y"});
}

TEST_CASE("stream buffer: an entry that cannot be is refused") {
  intake_fixture f{{.entry_bytes_max = 100}};
  auto stream = f.open(1);
  refused(*stream, {10, 10, 5, "x"}, errc::invalid_argument);
  refused(*stream, {10, 9, 5, "x"}, errc::invalid_argument);
  refused(*stream, {10, 20, 0, "x"}, errc::invalid_argument);
  auto answer = refused(*stream, {10, 20, 5, std::string(101, 'x')}, errc::entry_too_large);
  CHECK(why(answer).find("101 bytes, the limit is 100") != std::string::npos);
  hand_over(*stream, {10, 20, 5, std::string(100, 'x')});
}

TEST_CASE("stream buffer: SCNs may repeat, but never fall, nor fall behind an advance or the checkpoint") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 50, "x"});
  hand_over(*stream, {10, 20, 50, "x"});
  refused(*stream, {20, 30, 49, "x"}, errc::scn_goes_back);
  CHECK(stream->advance(60).ok());
  refused(*stream, {20, 30, 60, "x"}, errc::scn_goes_back);
  CHECK(stream->advance(55).ok()); // lower than before: nothing
  refused(*stream, {20, 30, 60, "x"}, errc::scn_goes_back);
  CHECK(f.intake->advance(70).ok());
  refused(*stream, {20, 30, 70, "x"}, errc::scn_goes_back);
  f.intake->set_checkpoint(80);
  refused(*stream, {20, 30, 80, "x"}, errc::scn_goes_back);
  hand_over(*stream, {20, 30, 81, "x"});
}

TEST_CASE("stream buffer: a block is cut when it is full, and an entry never lies in two") {
  intake_fixture f{{.block_bytes = 1'000}};
  auto stream = f.open(1);
  auto all = records(50, 0, 10, 1, 90);
  for (auto& entry : all)
    hand_over(*stream, entry);
  auto blocks = f.queued();
  CHECK(blocks.size() == 4);
  for (auto& block : blocks) {
    CHECK(block->header.raw_bytes <= 1'000);
    CHECK(block->header.raw_bytes > 850);
  }
  CHECK(stream->open_since() != 0);
  stream->cut();
  blocks.push_back(f.queued().at(0));
  CHECK(f.entries(blocks) == all);
  CHECK(stream->open_since() == 0);
  CHECK_FALSE(stream->cut());
}

TEST_CASE(
    "stream buffer: an entry larger than a block gets one of its own, charged for its packed form as well") {
  intake_fixture f{{.block_bytes = 1'000}};
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 5, "x"});
  hand_over(*stream, {10, 20, 6, std::string(50'000, 'x')});
  auto blocks = f.queued();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[1]->header.entries == 1);
  CHECK(blocks[1]->charged_bytes() >= 2 * 50'000);
  hand_over(*stream, {20, 30, 7, "x"});
  CHECK(stream->open_since() != 0);
}

TEST_CASE(
    "stream buffer: blocks that do not shrink are packed into the memory that they hold, header and all") {
  intake_fixture f{{.budget_bytes = 64 * slab_arena::slab_bytes,
                    .reserve_bytes = slab_arena::slab_bytes,
                    .block_bytes = slab_arena::slab_bytes}};
  auto stream = f.open(1);
  log_record filling{0, 10, 5, std::string(slab_arena::slab_bytes - format::entry_head_bytes_max, 'x')};
  for (auto answer = append_outcome::accepted; answer != append_outcome::full; filling.lsn += 10) {
    filling.next_lsn = filling.lsn + 10;
    answer = stream->append(filling.view()).outcome;
  }
  stream->cut();
  auto blocks = f.queued();
  auto before = f.budget.used_bytes();
  REQUIRE(before > 16 * slab_arena::slab_bytes);
  block_packer packer;
  bytes raw, packed;
  for (auto& block : blocks)
    REQUIRE(block->pack(packer, codec::none, f.budget.arena(), raw, packed).ok());
  CHECK(f.budget.used_bytes() == before);
  CHECK(f.budget.arena().slabs_in_use() * slab_arena::slab_bytes == before);
}

TEST_CASE("stream buffer: no block crosses a border of the log-time grid") {
  intake_fixture f;
  f.intake->grid().restart(0, 100);
  auto stream = f.open(1);
  auto all = records(30, 0, 1'000, 20); // up to 1580, and some at the very borders
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->cut();
  auto blocks = f.queued();
  CHECK(f.entries(blocks) == all);
  CHECK(blocks.size() == 6);
  for (auto& block : blocks) {
    CHECK((block->header.first_scn - 1'000) / 100 == (block->header.last_scn - 1'000) / 100);
    CHECK(block->end_scn % 100 == 0);
  }
}

TEST_CASE("stream buffer: a repeat that is equal is a no-op, wherever the block is by now") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(3, 0, 10);
  for (auto& entry : all)
    hand_over(*stream, entry);
  block_packer packer;
  bytes raw, packed;
  auto repeat = [&] {
    for (auto& entry : all) {
      auto answer = hand_over(*stream, entry, append_outcome::repeated);
      CHECK(answer.expected_lsn == all.back().next_lsn);
    }
  };
  repeat(); // open
  stream->cut();
  repeat(); // cut
  auto blocks = f.queued();
  blocks[0]->header.epoch = epoch{1}; // by the log stream actor
  blocks[0]->header.number = 1;
  REQUIRE(blocks[0]->pack(packer, codec::lz4, f.budget.arena(), raw, packed).ok());
  repeat(); // packed
  CHECK(f.intake->repeats_uncompared.load() == 0);
  blocks[0]->release();
  repeat(); // written and not committed: nothing to compare with
  CHECK(f.intake->repeats_uncompared.load() == 3);
  CHECK(f.intake->accepted_entries.load() == 3);
}

TEST_CASE(
    "stream buffer: a repeat that differs or straddles is a conflict, open or cut, with both checksums") {
  intake_fixture f;
  auto stream = f.open(1);
  for (auto& entry : records(3, 0, 10))
    hand_over(*stream, entry);
  bool cut = GENERATE(false, true);
  if (cut)
    stream->cut();
  auto same = records(3, 0, 10)[1];
  auto other = same;
  other.payload[0] = 'Z';
  auto answer = refused(*stream, other, errc::lsn_conflict);
  CHECK(why(answer).find(std::to_string(checksum64(as_bytes(other.payload)))) != std::string::npos);
  CHECK(why(answer).find(std::to_string(checksum64(as_bytes(same.payload)))) != std::string::npos);
  other = same;
  other.scn += 1;
  refused(*stream, other, errc::lsn_conflict);
  other = same;
  other.next_lsn += 5; // ends inside the next one
  CHECK(why(refused(*stream, other, errc::lsn_conflict)).find("straddles") != std::string::npos);
  other = same;
  other.lsn += 5;
  refused(*stream, other, errc::lsn_conflict);
  other = records(3, 0, 10)[2];
  other.next_lsn += 5; // past the end of what was handed over
  refused(*stream, other, errc::lsn_conflict);
  hand_over(*stream, same, append_outcome::repeated);
}

TEST_CASE(
    "stream buffer: a repeat of committed log waits for the last committed block and is compared with it") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(6, 0, 10);
  for (std::size_t i = 0; i < 3; ++i)
    hand_over(*stream, all[i]);
  stream->cut();
  for (std::size_t i = 3; i < 6; ++i)
    hand_over(*stream, all[i]);
  stream->cut();
  auto blocks = f.queued();
  auto header = blocks[1]->header;
  auto raw = *blocks[1]->raw_body();
  for (auto& block : blocks)
    block->release();
  stream->on_committed(position_after(all[5]));
  CHECK(stream->committed() == position_after(all[5]));

  hand_over(*stream, all[4], append_outcome::full);
  CHECK(f.repeats == std::vector<std::uint64_t>{1});
  hand_over(*stream, all[4], append_outcome::full); // being read: asked for once
  CHECK(f.repeats.size() == 1);
  CHECK_FALSE(stream->wait_for_room(std::chrono::nanoseconds(0)));
  stream->on_compare_block(std::pair{header, raw});
  CHECK(stream->wait_for_room(std::chrono::nanoseconds(0)));
  hand_over(*stream, all[4], append_outcome::repeated);
  CHECK(f.intake->repeats_uncompared.load() == 0);
  auto other = all[4];
  other.payload = "another history";
  CHECK(hand_over(*stream, other, append_outcome::error).failed.code == errc::lsn_conflict);
  // Older than that block: skipped uncompared, and counted.
  hand_over(*stream, all[1], append_outcome::repeated);
  CHECK(f.intake->repeats_uncompared.load() == 1);
  CHECK(f.intake->compare_blocks.load() == 1);
  // The next new entry needs it no more.
  hand_over(*stream, {60, 70, 99, "new"});
  CHECK(f.intake->compare_blocks.load() == 0);
}

TEST_CASE(
    "stream buffer: a committed block that cannot be read, or one too many, leaves repeats uncompared") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(2, 0, 10);
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->cut();
  f.queued();
  stream->on_committed(position_after(all[1]));
  SECTION("it cannot be read") {
    hand_over(*stream, all[0], append_outcome::full);
    stream->on_compare_block(std::nullopt);
    hand_over(*stream, all[0], append_outcome::repeated);
  }
  SECTION("too many are kept") {
    f.intake->compare_blocks = tenant_intake::compare_blocks_max;
    hand_over(*stream, all[0], append_outcome::repeated);
    CHECK(f.repeats.empty());
    f.intake->compare_blocks -= tenant_intake::compare_blocks_max;
  }
  CHECK(f.intake->repeats_uncompared.load() == 1);
  CHECK(f.intake->compare_blocks.load() == 0);
}

TEST_CASE("stream buffer: an answer that comes after the comparison is no longer wanted changes nothing") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(1, 0, 10);
  hand_over(*stream, all[0]);
  stream->cut();
  auto block = f.queued()[0];
  auto header = block->header;
  auto raw = *block->raw_body();
  stream->on_committed(position_after(all[0]));
  hand_over(*stream, all[0], append_outcome::full);
  hand_over(*stream, {10, 20, 20, "new"});
  CHECK(f.intake->compare_blocks.load() == 0); // also if it never comes
  stream->on_compare_block(std::pair{header, raw});
  CHECK(f.intake->compare_blocks.load() == 0);
}

TEST_CASE("stream buffer: without memory the answer is full, once there is room the same entry is taken") {
  // Two slabs may be lent to one tenant: a share of one half, and half of the common rest.
  intake_fixture f{{.budget_bytes = 5 * slab_arena::slab_bytes,
                    .reserve_bytes = slab_arena::slab_bytes,
                    .block_bytes = 8'000}};
  auto stream = f.open(1);
  auto all = records(4, 0, 10, 1, 7'000);
  std::size_t taken = 0;
  while (stream->append(all[taken].view()).outcome == append_outcome::accepted)
    ++taken;
  CHECK(taken == 3);
  CHECK(hand_over(*stream, all[3], append_outcome::full).expected_lsn == 30);
  CHECK(f.pressures == 1); // until it is handled
  f.intake->pressure_handled();
  hand_over(*stream, all[3], append_outcome::full);
  CHECK(f.pressures == 2);
  CHECK(f.rooms.empty());
  CHECK_FALSE(stream->wait_for_room(std::chrono::nanoseconds(0)));
  auto blocks = f.queued();
  blocks[0]->release();
  CHECK(f.rooms == std::vector<std::uint64_t>{1});
  stream->on_room(); // by the log stream actor
  CHECK(stream->wait_for_room(std::chrono::nanoseconds(0)));
  hand_over(*stream, all[3]);
  blocks.clear();
  f.queued();
  stream->give_up();
  CHECK(f.budget.used_bytes() == 0);
}

TEST_CASE("stream buffer: what is left of a promise to a stream that falls quiet goes to others when its "
          "block is cut") {
  intake_fixture f{{.budget_bytes = 9 * slab_arena::slab_bytes,
                    .reserve_bytes = slab_arena::slab_bytes,
                    .room_bytes = 4 * slab_arena::slab_bytes,
                    .block_bytes = 8'000}};
  auto busy = f.open(1), quiet = f.open(2);
  auto all = records(6, 0, 10, 1, 7'000);
  for (auto& entry : all)
    hand_over(*busy, entry);
  log_record small{0, 10, 5, "x"};
  hand_over(*quiet, small, append_outcome::full);
  for (auto& block : f.queued())
    block->release();
  busy->cut();
  for (auto& block : f.queued())
    block->release();
  REQUIRE(f.rooms == std::vector<std::uint64_t>{2});
  hand_over(*quiet, small); // takes one slab of four
  CHECK(f.budget.used_bytes() == 4 * slab_arena::slab_bytes);
  quiet->cut();
  for (auto& block : f.queued())
    block->release();
  CHECK(f.budget.used_bytes() == 0);
}

TEST_CASE(
    "stream buffer: a stream that fills its blocks gets a run of slabs for each, a quiet one gets slabs") {
  memory_budget budget{{.budget_bytes = 64 * slab_arena::slab_bytes,
                        .reserve_bytes = 4 * slab_arena::slab_bytes,
                        .run_bytes = 3 * slab_arena::slab_bytes,
                        .room_bytes = slab_arena::slab_bytes}};
  tenant_intake intake{tenant, budget, {20'000, 20'000}};
  intake.set_gate(intake_gate::open);
  auto stream = intake.open(stream_id{1}, lsn{0}).value();
  auto all = records(40, 0, 10, 1, 3'000);
  std::size_t next = 0;
  hand_over(*stream, all[next++]);
  CHECK(budget.used_bytes() == slab_arena::slab_bytes);
  while (intake.take_all().empty())
    hand_over(*stream, all[next++]);
  // The full block took its three slabs one by one; the next has one entry, and three slabs at once.
  CHECK(budget.used_bytes() == 6 * slab_arena::slab_bytes);
  stream->cut(); // not full: it is quiet again
  hand_over(*stream, all[next++]);
  CHECK(budget.used_bytes() == 7 * slab_arena::slab_bytes);
}

TEST_CASE("stream buffer: what waits for room is woken by a change of gate or mode, and by giving up") {
  intake_fixture f{{.budget_bytes = 2 * slab_arena::slab_bytes, .reserve_bytes = slab_arena::slab_bytes}};
  auto stream = f.open(1);
  log_record entry{0, 10, 5, "x"};
  hand_over(*stream, entry, append_outcome::full);
  REQUIRE_FALSE(stream->wait_for_room(std::chrono::nanoseconds(0)));
  SECTION("gate") {
    f.intake->set_gate(intake_gate::closed);
  }
  SECTION("mode") {
    f.intake->set_option({archive_mode::mandatory, codec::lz4});
  }
  SECTION("given up") {
    stream->give_up();
  }
  CHECK(stream->wait_for_room(std::chrono::nanoseconds(0)));
}

TEST_CASE("stream buffer: a quiet tenant is woken once for what is open, and each block wakes it") {
  intake_fixture f{{.block_bytes = 1'000}};
  auto a = f.open(1), b = f.open(2);
  hand_over(*a, {0, 10, 5, "x"});
  hand_over(*b, {0, 10, 5, "x"});
  hand_over(*a, {10, 20, 6, "x"});
  CHECK(f.works == 1);
  hand_over(*a, {20, 30, 7, std::string(2'000, 'x')});
  CHECK(f.works == 3); // two blocks
  f.intake->rearm();
  hand_over(*a, {30, 40, 8, "x"});
  CHECK(f.works == 4);
  f.intake->rearm();
  CHECK(a->advance(90).ok());
  CHECK(f.works == 5);
  f.intake->rearm();
  CHECK(f.intake->advance(95).ok());
  CHECK(f.works == 6);
  f.intake->rearm();
  CHECK(a->advance(90).ok());
  CHECK(f.works == 6); // nothing new
  f.intake->set_gate(intake_gate::closed);
  f.intake->set_gate(intake_gate::open);
  CHECK(a->advance(90).ok());
  CHECK(f.works == 7); // of this round it was not known
}

TEST_CASE("stream buffer: it has one appender at a time, and one that goes gives its place in line back") {
  intake_fixture f{{.budget_bytes = 2 * slab_arena::slab_bytes, .reserve_bytes = slab_arena::slab_bytes}};
  auto stream = f.open(1);
  CHECK(stream->attached());
  CHECK(f.intake->open(stream_id{1}, {}).code() == errc::already_open);
  CHECK_FALSE(stream->attach({}));
  hand_over(*stream, {0, 10, 5, "x"}, append_outcome::full);
  stream->detach();
  CHECK_FALSE(stream->attached());
  f.budget.expire(1'000, 1);
  CHECK(f.rooms.empty());
  CHECK(stream->attach({}));
}

TEST_CASE("stream buffer: the start of a new stream is its first entry, or what the host said") {
  intake_fixture f;
  auto quiet = f.open(1);
  CHECK_FALSE(quiet->started());
  CHECK(quiet->support(nullptr).waits_for_start);
  CHECK(quiet->expected_lsn() == 0);
  hand_over(*quiet, {700, 710, 5, "x"});
  auto s = quiet->support(nullptr);
  CHECK(s.started);
  CHECK(s.row.start_lsn == 700);
  CHECK(s.start_scn == 5);
  CHECK(quiet->committed() == stream_position{700, 0});
  auto said = f.open(2, 300);
  CHECK(said->started());
  CHECK(said->expected_lsn() == 300);
  CHECK_FALSE(said->support(nullptr).waits_for_start);
  auto pulled = f.open(3);
  pulled->start_at(40);
  CHECK(pulled->expected_lsn() == 40);
  pulled->start_at(50); // it has started
  CHECK(pulled->expected_lsn() == 40);
}

TEST_CASE("stream buffer: memory comes back whatever happens to a stream") {
  intake_fixture f;
  {
    auto stream = f.open(1);
    for (auto& entry : records(300, 0, 10))
      hand_over(*stream, entry);
    CHECK(f.budget.used_bytes() > 0);
    CHECK(f.budget.used_bytes() == f.budget.arena().slabs_in_use() * slab_arena::slab_bytes);
  }
  f.intake.reset();
  CHECK(f.budget.used_bytes() == 0);
  CHECK(f.budget.arena().slabs_in_use() == 0);
}
