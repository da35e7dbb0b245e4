#include "actors/piece_writer.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/segment_writer_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;
using call = fault_medium::call;

namespace {

struct writer_actor_fixture : actor_fixture {
  writer_fixture blocks{{.interval = 1'000}}; // makes blocks and reads them back
  std::atomic<std::uint64_t> syncs{0}, stored{0};
  std::vector<error_ptr> troubles;
  bool opens = true; // the destination
  piece_writer_actor writer;

  writer_actor_fixture() {
    auto pool = spawn_io_pool(
        system(),
        [this]() -> result<std::shared_ptr<destination>> {
          if (!opens)
            return fail(errc::invalid_destination, "not mounted");
          return std::shared_ptr<destination>(blocks.where);
        },
        2, threading::cooperative);
    piece_writer_parts parts;
    parts.pool = pool;
    parts.now = [] { return unix_ns{42}; };
    parts.on_trouble = [this](const error_ptr& what) { troubles.push_back(what); };
    parts.syncs = &syncs;
    parts.stored_bytes = &stored;
    writer = spawn_piece_writer(system(), parts);
  }
  ~writer_actor_fixture() { process.kill(); }
  void begin() {
    auto start = std::make_shared<writer_start>();
    start->archive = archive;
    start->tenant = tenant;
    start->epoch = blocks.current;
    start->round = round_id{1};
    start->segment_bytes = 1 << 20;
    start->sync_bytes = 1 << 20;
    caf::anon_send(writer, begin_atom::value, writer_start_ptr(start));
  }
  void send(const cut_block_ptr& block, std::uint64_t epoch = 1) {
    caf::anon_send(writer, packed_atom::value, epoch, block);
  }
  auto durable(std::uint64_t ticket) { return ask<durable_report_ptr>(writer, durable_atom::value, ticket); }
};

} // namespace

TEST_CASE(
    "piece writer: it answers once everything up to the ticket is durable, with what is durable by then") {
  writer_actor_fixture f;
  f.begin();
  auto early = f.durable(0);
  f.run();
  REQUIRE(early->has_value()); // nothing to wait for
  auto late = f.blocks.block(1, 100);
  f.send(f.blocks.block(2, 100));
  auto asked = f.durable(2);
  f.run(one_minute);
  CHECK_FALSE(asked->has_value());
  f.send(late);
  f.run();
  REQUIRE(asked->has_value());
  REQUIRE((*asked)->ok());
  f.blocks.said.absorb(***asked->operator->());
  CHECK(f.blocks.said.positions.size() == 2);
  f.blocks.require_readable();
  CHECK(f.syncs.load() == 1);
  CHECK(f.stored.load() > 0);
  CHECK(f.troubles.empty());
}

TEST_CASE("piece writer: a failure is told, tried again after a pause, and told to be over") {
  writer_actor_fixture f;
  f.begin();
  f.blocks.medium->set_dead(true);
  f.send(f.blocks.block(1, 100));
  auto asked = f.durable(1);
  f.run(one_ms);
  REQUIRE(f.troubles.size() == 1);
  CHECK(f.troubles[0]->code == errc::io_error);
  f.run(90 * one_ms);
  CHECK(f.troubles.size() == 1);
  f.run(one_minute);
  auto tried = f.troubles.size();
  CHECK(tried > 5);
  CHECK(tried < 20); // pauses grow
  CHECK_FALSE(asked->has_value());
  f.blocks.medium->set_dead(false);
  f.run(11 * one_second);
  REQUIRE(asked->has_value());
  CHECK((*asked)->ok());
  CHECK(f.troubles.back() == nullptr);
  f.blocks.said.absorb(***asked->operator->());
  f.blocks.require_readable();
}

TEST_CASE("piece writer: a segment name that is taken costs no pause") {
  writer_actor_fixture f;
  f.begin();
  f.blocks.medium->plan({.only = call::open_segment, .when = fault_medium::moment::after});
  f.blocks.medium->put(to_path(segment_name{tenant, {round_id{1}, piece_id{1}}, epoch{1}, 2}), as_bytes("x"));
  f.send(f.blocks.block(1, 100));
  auto asked = f.durable(1);
  f.run(101 * one_ms); // one pause, for the open that failed
  CHECK(asked->has_value());
}

TEST_CASE(
    "piece writer: blocks of another epoch are nobody's, and what was asked before a takeover is refused") {
  writer_actor_fixture f;
  auto none = f.durable(0);
  f.run();
  REQUIRE(none->has_value());
  CHECK((*none)->code() == errc::closed); // nothing has begun
  f.begin();
  auto asked = f.durable(1);
  f.run();
  f.blocks.take_over(); // epoch 2
  f.begin();
  f.run();
  REQUIRE(asked->has_value());
  CHECK((*asked)->code() == errc::closed);
  auto block = f.blocks.block(1, 100);
  f.send(block, 1);
  asked = f.durable(1);
  f.run(one_minute);
  CHECK_FALSE(asked->has_value());
  f.send(block, 2);
  f.run();
  CHECK(asked->has_value());
  caf::anon_send(f.writer, end_atom::value);
  asked = f.durable(0);
  f.run();
  CHECK((*asked)->code() == errc::closed);
}

TEST_CASE("piece writer: the answer to an operation of an epoch that is over is ignored") {
  writer_actor_fixture f;
  f.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  f.begin();
  f.send(f.blocks.block(1, 100));
  f.run(one_ms); // the start object is being made
  f.blocks.take_over();
  f.begin();
  f.send(f.blocks.block(1, 100), 2);
  auto asked = f.durable(1);
  f.run(one_minute);
  REQUIRE(asked->has_value());
  REQUIRE((*asked)->ok());
  f.blocks.said.absorb(***asked->operator->());
  f.blocks.require_readable();
}

TEST_CASE("piece writer: finish answers when the pieces that end are finished") {
  writer_actor_fixture f;
  f.begin();
  f.send(f.blocks.block(1, 100));
  f.send(f.blocks.block(1, 1'100));
  auto finished = f.ask<durable_report_ptr>(f.writer, finish_atom::value, scn{999});
  f.run();
  REQUIRE(finished->has_value());
  auto report = ***finished->operator->();
  CHECK(report.finished == std::vector{piece_key{round_id{1}, piece_id{1}}});
}

TEST_CASE("piece writer: short of memory it syncs what it has written") {
  writer_actor_fixture f;
  f.begin();
  f.send(f.blocks.block(1, 100));
  f.run();
  CHECK(f.blocks.budget.used_bytes() > 0);
  caf::anon_send(f.writer, pressure_atom::value);
  f.run();
  CHECK(f.blocks.budget.used_bytes() == 0);
}

TEST_CASE("piece writer: a start object with other bytes is trouble that stays") {
  writer_actor_fixture f;
  auto path = to_path(piece_start_name{tenant, {round_id{1}, piece_id{1}}, epoch{1}});
  f.begin();
  f.blocks.medium->put(path, as_bytes("another's"));
  f.send(f.blocks.block(1, 100));
  auto asked = f.durable(1);
  f.run(one_minute);
  f.blocks.medium->erase(path); // whoever wrote it may write again
  f.run(one_minute);
  CHECK_FALSE(asked->has_value());
  CHECK(f.blocks.medium->paths().empty());
  REQUIRE_FALSE(f.troubles.empty());
  REQUIRE(f.troubles.back());
  CHECK(f.troubles.back()->code == errc::checksum_error);
}

TEST_CASE("piece writer: a segment of no use stays where the destination cannot be opened to remove it") {
  writer_actor_fixture f;
  f.begin();
  f.blocks.medium->plan(
      {.only = call::append, .when = fault_medium::moment::after, .code = errc::invalid_destination});
  f.send(f.blocks.block(1, 100));
  auto asked = f.durable(1);
  f.run(one_ms);
  REQUIRE(f.troubles.size() == 1);
  f.opens = false;
  f.run(150 * one_ms);
  REQUIRE(f.troubles.size() == 2);
  CHECK(f.troubles[1]->message.find("not mounted") != std::string::npos);
  f.opens = true;
  f.run(one_second);
  REQUIRE(asked->has_value());
  f.blocks.said.absorb(***asked->operator->());
  piece_key piece{round_id{1}, piece_id{1}};
  CHECK(f.blocks.paths("seg-") == std::vector{to_path(segment_name{tenant, piece, epoch{1}, 1}),
                                              to_path(segment_name{tenant, piece, epoch{1}, 2})});
  f.blocks.require_readable();
}

TEST_CASE("piece writer: once it was told to end, what comes late is nobody's and who asks is refused") {
  writer_actor_fixture f;
  f.begin();
  caf::anon_send(f.writer, end_atom::value);
  f.send(f.blocks.block(1, 100));
  caf::anon_send(f.writer, pressure_atom::value);
  caf::anon_send(f.writer, rest_atom::value);
  auto finished = f.ask<durable_report_ptr>(f.writer, finish_atom::value, scn_max);
  f.run(one_minute);
  REQUIRE(finished->has_value());
  CHECK((*finished)->code() == errc::closed);
  CHECK(f.blocks.medium->paths().empty());
  CHECK(f.blocks.budget.used_bytes() == 0);
}

TEST_CASE("piece writer: a bug that no attempt can mend is trouble that stays") {
  writer_actor_fixture f;
  f.begin();
  f.blocks.given.interval = 0;
  auto block = f.blocks.block(1, 998, 5);
  block->end_scn = 1'000;
  f.send(block);
  auto asked = f.durable(1);
  f.run(one_minute);
  CHECK_FALSE(asked->has_value());
  REQUIRE(f.troubles.size() >= 1);
  CHECK(f.troubles.back()->code == errc::invalid_status);
}

TEST_CASE("backoff: pauses double up to ten seconds and begin anew after a success") {
  backoff pause;
  CHECK(pause.next() == 100 * one_ms);
  CHECK(pause.next() == 200 * one_ms);
  for (int i = 0; i < 20; ++i)
    pause.next();
  CHECK(pause.next() == 10 * one_second);
  pause.reset();
  CHECK(pause.next() == 100 * one_ms);
}
