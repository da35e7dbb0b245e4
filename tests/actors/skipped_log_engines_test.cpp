// Log that a stream skips, and who is waited for: other engines, sources, starts that were said.
#include "tests/actors/round_stories.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// engine_stream::log_recycled()
void say_recycled(runtime_fixture& f, stream_buffer& stream, lsn oldest) {
  auto expected = stream.recycled(oldest);
  if (f.runtime->intake(tenant)->gate() != intake_gate::open || oldest <= expected)
    return;
  auto order = log_recycled(oldest);
  order.broken.stream = stream.id();
  order.broken.first_missing = expected;
  REQUIRE(f.give_order(tenant, order).ok());
}

} // namespace

TEST_CASE("skipped log: a stream that was closed when ARCHIVELOG came is not waited for, though another "
          "engine ended the round before") {
  auto first = doing_round();
  auto& intake = *first->runtime->intake(tenant);
  intake.find(s1)->detach();
  {
    runtime_fixture second{first->on_the_same()};
    second.add_tenant();
    second.open(2, std::nullopt);
    second.write(2);
    REQUIRE(second.flush()->outcome.ok());
    REQUIRE(second.noarchivelog().ok());
    second.run_for(one_minute);
    REQUIRE(second.row().round.status == round_status::stop);
  }
  first->run_for(one_minute);
  REQUIRE(intake.advance(first->now()).ok());
  first->flush();
  REQUIRE(intake.gate() == intake_gate::fenced);
  REQUIRE(first->archivelog().ok()); // s1 is closed
  REQUIRE(first->run_until([&] { return first->row().round.id == round_id{2}; }));
  first->run_for(one_minute);
  for (int i = 0; i < 5; ++i) {
    first->write(2);
    REQUIRE(first->flush());
    first->run_for(10 * one_minute);
  }
  CHECK(is_doing(*first));
}

TEST_CASE("skipped log: let go while fenced and said again once the gate is open, it is a break of the round "
          "that goes on below") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  first->open(2, std::nullopt);
  first->write(2);
  REQUIRE(first->flush());
  REQUIRE(first->run_until([&] { return is_doing(*first); }));
  bool known = GENERATE(true, false);
  CAPTURE(known);
  {
    runtime_fixture second{first->on_the_same()};
    second.add_tenant();
    second.open(2, std::nullopt);
    second.write(2);
    if (known) {
      second.open(1, std::nullopt);
      second.write(1); // [0, 30)
    }
    REQUIRE(second.flush()->outcome.ok());
  }
  first->run_for(one_minute);
  auto& intake = *first->runtime->intake(tenant);
  REQUIRE(intake.advance(first->now()).ok());
  first->flush();
  REQUIRE(intake.gate() == intake_gate::fenced);
  auto stream = first->open(1, std::nullopt);
  say_recycled(*first, *stream, 500); // it is fenced
  REQUIRE(first->archivelog().ok());
  REQUIRE(intake.gate() == intake_gate::open);
  say_recycled(*first, *stream, 500); // and again, as after each open
  REQUIRE(first->flush());
  for (int i = 0; i < 5; ++i) {
    first->run_for(one_minute);
    intake.advance(first->now()).ok();
  }
  first->flush();
  first->run_for(one_minute);
  CAPTURE(stream->expected_lsn(), first->row().round.checkpoint_scn, first->now());
  CHECK(first->row().round.status == round_status::interrupted);
}

TEST_CASE(
    "skipped log: a fresh stream whose source says its start after an advance does not hold the round") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto& intake = *f.runtime->intake(tenant);
  REQUIRE(intake.advance(f.now()).ok());
  auto pulled = intake.open(s1, std::nullopt, true).value();
  pulled->start_at(500);
  f.run_for(20 * one_minute);
  CHECK(is_doing(f));
}

TEST_CASE("skipped log: a stream that a round knows first is waited for by the next engine, too") {
  auto how = GENERATE(0, 1);
  CAPTURE(how); // 0: its source says where, 1: its host
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  auto& intake = *first->runtime->intake(tenant);
  if (how == 1)
    first->open(1, 500)->recycled(600);
  REQUIRE(first->archivelog().ok());
  if (how == 0)
    intake.open(s1, std::nullopt, true).value()->start_at(600);
  first->open(2, std::nullopt);
  first->write(2);
  REQUIRE(first->flush());
  first->run_for(10 * one_minute);
  REQUIRE(first->committed().commit.record.round.status == round_status::beginning);
  auto when = first->now() + 1; // stream 1 writes [600, 610)
  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.run_for(one_minute);
  second.open(2, std::nullopt);
  second.write(2);
  REQUIRE(second.flush());
  second.run_for(10 * one_minute);
  second.write(2);
  REQUIRE(second.flush());
  auto stream =
      how == 0 ? second.runtime->intake(tenant)->open(s1, std::nullopt, true).value() : second.open(1, 600);
  stream->start_at(600);
  CAPTURE(second.row().round.checkpoint_scn, when);
  auto answer = stream->append({600, 610, when, as_bytes("x")});
  INFO(answer.failed.to_string());
  CHECK(answer.outcome == append_outcome::accepted);
}

TEST_CASE("skipped log: a stream opened with its start does not hold a round that only the takeover begins") {
  auto first = doing_round();
  auto older = first->catalog->copy();
  REQUIRE(first->noarchivelog().ok());
  auto next = after_a_kill(first);
  next.catalog = older;
  runtime_fixture second{next};
  second.add_tenant();
  auto start = GENERATE(lsn{0}, lsn{30});
  CAPTURE(start);
  second.open(1, start); // idle
  second.open(2, std::nullopt);
  second.write(2);
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  for (int i = 0; i < 3; ++i) {
    second.write(2);
    REQUIRE(second.flush());
    second.run_for(10 * one_minute);
  }
  CHECK(is_doing(second));
}

TEST_CASE(
    "skipped log: where a source said that a stream begins stays said, though it was closed while fenced") {
  auto first = stopped_round();
  auto& intake = *first->runtime->intake(tenant);
  intake.find(s1)->detach();
  REQUIRE(first->archivelog().ok());
  auto pulled = intake.open(s1, std::nullopt, true).value();
  first->write(2);
  REQUIRE(first->flush());
  first->run_for(one_minute);
  pulled->start_at(500);
  first->run_for(one_minute);
  REQUIRE(first->row().round.status == round_status::beginning);
  {
    runtime_fixture second{first->on_the_same()};
    second.add_tenant();
    second.write(2);
    second.flush();
    second.run_for(one_minute);
    REQUIRE(second.row().round.status == round_status::beginning);
  }
  first->write(2);
  first->flush();
  REQUIRE(intake.gate() == intake_gate::fenced);
  pulled->detach();
  REQUIRE(first->archivelog().ok());
  first->run_for(one_minute);
  CHECK(pulled->expected_lsn() == 500);
  REQUIRE(intake.advance(first->now()).ok());
  first->flush();
  REQUIRE(first->run_until([&] { return is_doing(*first); }));
  CHECK(pulled->expected_lsn() == 500);
}
