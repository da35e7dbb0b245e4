#include "actors/compressor.hpp"
#include "actors/log_stream_actor.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/intake_fixture.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

using rows = std::vector<stream_row>;

struct stream_actor_fixture : actor_fixture {
  intake_fixture memory{{.block_bytes = 1'000}};
  tenant_intake& intake = *memory.intake;
  fake_writer writer;
  recording_listener host;
  bool listens = true; // false: what it is to hear waits
  std::vector<notice> unheard;
  unsigned quiet_works = 0;
  log_stream_actor actor;

  stream_actor_fixture() {
    log_stream_parts parts;
    parts.intake = std::shared_ptr<tenant_intake>(memory.intake.get(), [](tenant_intake*) {});
    parts.writer = writer.spawn(system());
    for (int i = 0; i < 3; ++i)
      parts.compressors.push_back(spawn_compressor(system(), memory.budget.arena()));
    parts.notify = [this](const notice& what) { listens ? (*what)(host) : unheard.push_back(what); };
    parts.press_bytes = slab_arena::slab_bytes;
    actor = spawn_log_stream(system(), parts, [this] { ++quiet_works; });
    tenant_intake::signals to;
    to.on_work = [this] { caf::anon_send(actor, work_atom::value); };
    to.on_pressure = [this] { caf::anon_send(actor, pressure_atom::value); };
    to.on_room = [this](stream_id id) { caf::anon_send(actor, room_atom::value, id.value); };
    intake.connect(to);
  }
  ~stream_actor_fixture() { process.kill(); }
  void begin(std::uint64_t epoch, const rows& known = {}, bool new_round = false) {
    caf::anon_send(actor, begin_atom::value, epoch, std::make_shared<const rows>(known), new_round, false);
    run();
  }
  std::uint64_t cut() {
    auto ticket = ask<std::uint64_t>(actor, cut_atom::value);
    run();
    REQUIRE(ticket->has_value());
    return **ticket->operator->();
  }
  std::vector<log_record> write(std::uint64_t stream, std::size_t count) {
    auto buffer = memory.stream(stream);
    auto made = test::records(count, buffer->expected_lsn(), at, 1, 200);
    at += count;
    for (auto& entry : made)
      hand_over(*buffer, entry);
    return made;
  }
  scn at = 100;
};

} // namespace

TEST_CASE("log stream actor: nothing leaves before the takeover, and then everything that waited") {
  stream_actor_fixture f;
  f.memory.open(1, 0);
  auto all = f.write(1, 20);
  f.run();
  CHECK(f.writer.packed.empty());
  CHECK(f.quiet_works > 0); // the checkpoint was told that there is log
  f.begin(7);
  f.cut();
  std::vector<cut_block_ptr> blocks;
  for (auto& [epoch, block] : f.writer.packed) {
    CHECK(epoch == 7);
    CHECK(block->header.epoch == varve::epoch{7});
    blocks.push_back(block);
  }
  std::sort(blocks.begin(), blocks.end(), [](auto& a, auto& b) { return a->ticket < b->ticket; });
  CHECK(f.memory.entries(blocks) == all);
}

TEST_CASE("log stream actor: blocks are numbered per stream and ticketed per tenant, without holes") {
  stream_actor_fixture f;
  f.memory.open(1, 0);
  f.memory.open(2, 0);
  f.begin(1);
  for (int i = 0; i < 10; ++i) {
    f.write(1, 6);
    f.write(2, 3);
    f.run();
  }
  auto last = f.cut();
  std::map<std::uint64_t, std::uint64_t> numbers;
  std::set<std::uint64_t> tickets;
  std::map<std::uint64_t, cut_block_ptr> by_ticket;
  for (auto& [epoch, block] : f.writer.packed)
    by_ticket[block->ticket] = block;
  for (auto& [ticket, block] : by_ticket) {
    CHECK(block->header.number == ++numbers[block->header.stream.value]);
    tickets.insert(ticket);
  }
  REQUIRE(tickets.size() == last);
  CHECK(*tickets.begin() == 1);
  CHECK(*tickets.rbegin() == last);
  CHECK(numbers.size() == 2);
  CHECK(f.intake.blocks.load() == last);
  CHECK(f.cut() == last); // nothing was open
}

TEST_CASE("log stream actor: a change of codec holds from the next block on") {
  stream_actor_fixture f;
  f.memory.open(1, 0);
  f.begin(1);
  f.write(1, 1);
  f.cut();
  f.intake.set_option({archive_mode::optional, codec::zstd});
  f.write(1, 1);
  f.cut();
  REQUIRE(f.writer.packed.size() == 2);
  CHECK(f.writer.packed[0].second->wanted == codec::lz4);
  CHECK(f.writer.packed[1].second->wanted == codec::zstd);
}

TEST_CASE("log stream actor: a takeover that finds another position tells the host where to go on") {
  stream_actor_fixture f;
  f.memory.open(1, 50);
  f.memory.open(2, 50);
  f.write(1, 3); // up to 80
  f.write(2, 3);
  f.begin(3, {{stream_id{1}, 0, {20, 9}, false}, {stream_id{2}, 0, {60, 101}, false}});
  CHECK(f.host.heard == std::vector<std::string>{"resend 1 from 20"});
  CHECK(f.memory.stream(1)->expected_lsn() == 20);
  CHECK(f.memory.stream(2)->expected_lsn() == 80);
  f.cut();
  REQUIRE(f.writer.packed.size() == 1);
  CHECK(f.writer.packed[0].second->header.first_lsn == 60);
}

TEST_CASE(
    "log stream actor: streams that nobody has opened here still hold the checkpoint, dropped ones do not") {
  stream_actor_fixture f;
  f.begin(3, {{stream_id{1}, 0, {20, 9}, false}, {stream_id{2}, 0, {60, 12}, true}});
  auto known = f.intake.find(stream_id{1});
  REQUIRE(known);
  CHECK(known->started());
  CHECK(known->support(nullptr).supports == 8);
  CHECK_FALSE(f.intake.find(stream_id{2}));
  CHECK(f.memory.open(2)->expected_lsn() == 60); // where it ended is known all the same
}

TEST_CASE("log stream actor: fenced or stopped, what is not committed is given up and the host told, once") {
  stream_actor_fixture f;
  f.memory.open(1, 0);
  f.memory.open(2, 0);
  f.begin(1);
  f.write(1, 12);
  f.run();
  f.intake.set_gate(intake_gate::fenced);
  caf::anon_send(f.actor, end_atom::value, std::string("fenced"));
  f.run();
  CHECK(f.host.heard == std::vector<std::string>{"resend 1 from 0"});
  CHECK(f.memory.stream(1)->expected_lsn() == 0);
  f.writer.packed.clear();
  CHECK(f.memory.budget.used_bytes() == 0);
  // Taken over again: numbers and tickets begin anew under the new epoch.
  f.intake.set_gate(intake_gate::open);
  f.write(1, 1);
  f.begin(9);
  CHECK(f.cut() == 1);
  REQUIRE(f.writer.packed.size() == 1);
  CHECK(f.writer.packed[0].first == 9);
  CHECK(f.writer.packed[0].second->header.number == 1);
}

TEST_CASE("log stream actor: under pressure the oldest partial blocks are cut and the writer is pressed") {
  stream_actor_fixture f;
  f.memory.open(1, 0);
  f.memory.open(2, 0);
  f.begin(1);
  f.write(1, 1);
  f.write(2, 1);
  f.run();
  f.intake.signal_pressure();
  f.run();
  REQUIRE(f.writer.packed.size() == 1);
  CHECK(f.writer.packed[0].second->header.stream == stream_id{1});
  CHECK(f.writer.pressures == 1);
  f.intake.signal_pressure(); // it was handled
  f.run();
  CHECK(f.writer.pressures == 2);
}

TEST_CASE("log stream actor: room is told to who waits and to the host, with the LSN that is expected") {
  stream_actor_fixture f;
  auto stream = f.memory.open(1, 30);
  REQUIRE_FALSE(stream->wait_for_room(std::chrono::nanoseconds(0)));
  f.intake.signal_room(stream_id{1});
  f.intake.signal_room(stream_id{77}); // is gone
  f.run();
  CHECK(stream->wait_for_room(std::chrono::nanoseconds(0)));
  CHECK(f.host.heard == std::vector<std::string>{"room 1 expects 30"});
}

// It held the stream, whose end looks at what the tenant's end has freed.
TEST_CASE("log stream actor: what a busy host is to hear of room outlives stream and tenant") {
  stream_actor_fixture f;
  auto stream = f.memory.open(1, 30);
  auto holders = stream.use_count();
  f.listens = false;
  f.intake.signal_room(stream_id{1});
  f.run();
  REQUIRE(f.unheard.size() == 1);
  CHECK(stream.use_count() == holders);
  (*f.unheard[0])(f.host);
  CHECK(f.host.heard == std::vector<std::string>{"room 1 expects 30"});
}
