#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// Log that was accepted and given up: it comes again, and nobody is told that it is durable before.

namespace {

constexpr std::string_view working_actors[] = {"checkpoint", "log_stream",     "piece_writer", "io_worker",
                                               "io_pool",    "catalog_writer", "compressor"};

duration_ns slow_host(std::string_view actor) {
  return std::ranges::find(working_actors, actor) == std::end(working_actors) ? 40 * one_second : 0;
}

/// Another engine has begun a round without stream 1, of which this one has accepted [30, 40), if it owes;
/// that is fenced, and its host has closed the stream.
std::unique_ptr<runtime_fixture> fenced_with_a_closed_stream(bool owes) {
  auto first = doing_round();
  {
    runtime_fixture second{first->on_the_same()};
    second.add_tenant();
    second.open(2, std::nullopt);
    second.write(2);
    REQUIRE(second.flush()->outcome.ok());
    if (owes)
      append_one(*first->runtime->intake(tenant)->find(s1), first->now(), 30);
    else
      append_one(*first->runtime->intake(tenant)->find(s2), first->now());
    REQUIRE(second.noarchivelog().ok());
    second.run_for(one_minute);
    REQUIRE(second.archivelog().ok());
    second.write(2);
    REQUIRE(second.flush()->outcome.ok());
    REQUIRE(second.run_until([&] { return is_doing(second); }));
    first->run_for(2 * one_minute);
    first->flush();
    REQUIRE(first->runtime->intake(tenant)->gate() == intake_gate::fenced);
  }
  first->runtime->intake(tenant)->find(s1)->detach();
  return first;
}

/// [30, 40) of stream 1 was accepted and given up with round 1; its host has no log below 100 any more. Who
/// asks as it is told so waits for log up to 40.
std::unique_ptr<runtime_fixture> given_up_and_let_go(bool host_is_slow) {
  auto f = std::make_unique<runtime_fixture>();
  f->add_tenant();
  REQUIRE(f->archivelog().ok());
  auto s = f->open(1, lsn{0});
  f->open(2, lsn{0});
  f->write(1);
  f->write(2);
  REQUIRE(f->flush()->outcome.ok());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  f->medium().set_dead(true);
  append_one(*s, f->now(), 30);
  if (host_is_slow)
    f->world.set_latency(slow_host);
  begin_order(*f, tenant_order::kind::noarchivelog);
  REQUIRE(f->run_until([&] { return f->row().round.status == round_status::stop; }));
  f->run_for(one_second);
  REQUIRE(f->listener.has("resend 1 from 30") == !host_is_slow);
  f->medium().clear_faults();
  f->world.set_latency({}); // what is on its way to the host stays late
  s->recycled(100);
  REQUIRE(s->accepted_upto() == 40);
  return f;
}

} // namespace

TEST_CASE("given up: who asks before the host was told that log is in no round hears of no later position") {
  bool whole = GENERATE(false, true);
  CAPTURE(whole);
  auto f = fenced_with_log_in_no_round();
  auto& intake = *f->runtime->intake(tenant);
  auto upto = intake.find(s1)->accepted_upto();
  REQUIRE(upto == 40);
  REQUIRE(f->archivelog().ok());
  f->world.set_latency(slow_host);
  f->run_for(20 * one_second); // the takeover and its commit
  REQUIRE(intake.left_out() == 1);
  REQUIRE(intake.left_out_told() == 0);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = whole;
  what->stream = s1;
  what->upto = upto;
  auto answer = f->ask(what);
  REQUIRE(f->run_until([&] { return answer->has_value(); }));
  CHECK((*answer)->outcome.code() == errc::canceled);
}

// The stream was forgotten with what it had accepted, so that its own log was refused as too old, in that
// round and in every one after it.
TEST_CASE("given up: log of a stream that was closed comes again below what was advanced since") {
  bool opened_before = GENERATE(true, false); // the next round
  bool one_more = GENERATE(false, true);
  CAPTURE(opened_before, one_more);
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  f->medium().set_dead(true);
  auto when = f->now();
  append_one(*intake.find(s1), when, 30); // [30, 40)
  f->run_for(one_second);
  REQUIRE(intake.advance(f->now()).ok()); // all log up to here was handed over
  intake.find(s1)->detach();
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_second);
  REQUIRE(f->listener.has("resend 1 from 30"));
  f->medium().clear_faults();
  if (opened_before)
    f->open(1, std::nullopt);
  REQUIRE(f->archivelog().ok());
  REQUIRE(f->run_until([&] { return f->row().round.id == round_id{2} && f->listener.has("round 2"); }));
  f->run_for(one_second);
  if (!opened_before)
    f->open(1, std::nullopt);
  if (one_more) {
    REQUIRE(f->noarchivelog().ok());
    REQUIRE(f->archivelog().ok());
    f->run_for(one_minute);
  }
  append_one(*intake.find(s1), when, 30);
  REQUIRE(f->flush()->outcome.ok());
  CHECK(intake.find(s1)->committed().next_lsn == 40);
}

// The answer to NOARCHIVELOG did not wait for the log stream, and ARCHIVELOG at another destination ended it
// before it had given up what was to be given up.
TEST_CASE("given up: NOARCHIVELOG is answered when the round's log is given up, however slow that is") {
  auto f = doing_round();
  f->runtime->intake(tenant)->find(s2)->detach();
  auto stream = f->runtime->intake(tenant)->find(s1);
  f->medium().set_dead(true);
  auto when = f->now();
  for (lsn at : {30U, 40U, 50U})
    append_one(*stream, when + at * one_ms, at);
  auto ended = begin_order(*f, tenant_order::kind::noarchivelog);
  f->run_for(20 * one_second);
  f->world.set_latency([](std::string_view actor) { return actor == "log_stream" ? 500 * one_ms : 0; });
  REQUIRE(f->run_until([&] { return ended->has_value(); }));
  f->world.set_latency({});
  REQUIRE(f->archivelog(tenant, "memory://other").ok());
  append_one(*stream, when + 30 * one_ms, 30);
  f->run_for(10 * one_second);
  CHECK(stream->expected_lsn() == 40);
  CHECK(f->listener.has("resend 1 from 30"));
  append_one(*stream, when + 40 * one_ms, 40);
}

TEST_CASE("given up: log that another engine's round left out is not durable because that round is over") {
  auto first = doing_round();
  runtime_fixture second{first->on_the_same()};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  second.open(2, std::nullopt);
  second.medium().set_dead(true);
  append_one(*stream, second.now(), 30); // [30, 40)
  second.run_for(one_second);
  auto ended = begin_order(second, tenant_order::kind::noarchivelog);
  second.run_for(one_second);
  auto what = std::make_shared<durable_wait>();
  what->stream = s1;
  what->upto = 40;
  auto answer = second.ask(what);
  second.run_for(one_second);
  REQUIRE_FALSE(answer->has_value());
  second.medium().set_dead(false);
  REQUIRE(first->noarchivelog().ok());
  first->runtime->intake(tenant)->find(s1)->recycled(50);
  REQUIRE(first->archivelog().ok());
  first->run_for(one_second);
  append_one(*first->runtime->intake(tenant)->find(s1), first->now(), 50); // [50, 60)
  first->write(2);
  REQUIRE(first->flush()->outcome.ok());
  REQUIRE(first->noarchivelog().ok());
  first->run_for(one_minute);
  REQUIRE(second.run_until([&] { return answer->has_value() && ended->has_value(); }));
  CHECK((*answer)->outcome.code() == errc::canceled);
}

// It was asked for from where the round's destination has it, and refused as too old when it came.
TEST_CASE("given up: what another destination has of a closed stream no new round asks for again") {
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->archivelog(tenant, "memory://other").ok());
  f->write(1);
  f->write(2);
  REQUIRE(f->flush()->outcome.ok());
  auto reached = intake.find(s1)->committed().next_lsn;
  REQUIRE(reached == 60);
  f->run_for(one_second);
  REQUIRE(intake.advance(f->now()).ok());
  intake.find(s1)->detach();
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->archivelog().ok());
  f->run_for(one_second);
  append_one(*intake.find(s2), f->now());
  REQUIRE(f->flush()->outcome.ok());
  auto again = f->open(1, std::nullopt);
  CHECK(again->expected_lsn() == reached);
  append_one(*again, f->now());
  REQUIRE(f->flush()->outcome.ok());
}

TEST_CASE("given up: a closed stream with log that another engine's round has not holds nothing back") {
  bool owes = GENERATE(true, false);
  CAPTURE(owes);
  auto first = fenced_with_a_closed_stream(owes);
  REQUIRE(first->archivelog().ok());
  first->run_for(one_minute);
  REQUIRE(takes_log(*first));
  REQUIRE(first->row().round.id == round_id{2});
  auto at = first->now();
  auto s = first->runtime->intake(tenant)->find(s2);
  append_one(*s, first->now());
  auto answer = first->flush_as_told();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  for (int i = 0; i < 10; ++i) {
    append_one(*s, first->now());
    REQUIRE(first->runtime->intake(tenant)->advance(first->now()).ok());
    first->run_for(one_minute);
  }
  CHECK(first->row().round.checkpoint_scn >= at);
  CHECK(first->row().limiting_stream != std::optional<stream_id>{s1});
  for (auto& row : first->committed().streams)
    if (row.stream == s1)
      CHECK(row.dropped);
}

TEST_CASE("given up: log below where a closed stream's log had begun is no repeat in the next round") {
  auto f = std::make_unique<runtime_fixture>();
  f->add_tenant();
  REQUIRE(f->archivelog().ok());
  f->open(2, std::nullopt);
  f->write(2);
  REQUIRE(f->flush());
  auto stream = f->open(1, std::nullopt);
  f->run_for(one_second);
  f->medium().set_dead(true);
  append_one(*stream, f->now(), 500);
  stream->detach();
  REQUIRE(f->noarchivelog().ok());
  f->medium().set_dead(false);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_second);
  append_one(*f->runtime->intake(tenant)->find(s2), f->now());
  REQUIRE(f->flush()->outcome.ok());
  f->run_for(one_minute);
  auto again = f->open(1, std::nullopt);
  for (lsn at = 300; at < 510; at += 10)
    append_one(*again, f->now(), at);
  REQUIRE(f->flush_as_told()->outcome.ok());
  CHECK(again->committed().next_lsn == 510);
}

TEST_CASE(
    "given up: who asked for a closed stream's log before the takeover is not told that it is durable") {
  int canceled = 0;
  for (int steps = 0; steps < 60; ++steps) {
    CAPTURE(steps);
    auto f = fenced_with_a_closed_stream(true);
    begin_order(*f, tenant_order::kind::archivelog);
    for (int i = 0; i < steps; ++i)
      REQUIRE(f->world.step());
    bool held = f->runtime->intake(tenant)->find(s1) != nullptr;
    auto what = std::make_shared<durable_wait>();
    what->whole_tenant = true;
    auto answer = f->ask(what);
    REQUIRE(f->run_until([&] { return answer->has_value(); }));
    auto code = (*answer)->outcome.code();
    canceled += code == errc::canceled;
    if (held && steps > 0 && code != errc::fenced) // it was among those that the host asked for
      CHECK(code == errc::canceled);
  }
  CHECK(canceled > 0);
}

// It was answered ok: the next round begins behind it. And one of the stream made one commit after the other.
TEST_CASE("given up: who asks as the next round is ordered is not told that what is in none is durable") {
  bool whole = GENERATE(false, true), slow = GENERATE(false, true);
  CAPTURE(whole, slow);
  auto f = given_up_and_let_go(slow);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = whole;
  what->stream = s1;
  what->upto = 40;
  auto begun = begin_order(*f, tenant_order::kind::archivelog);
  REQUIRE(f->world.step());
  auto answer = f->ask(what);
  REQUIRE(f->run_until([&] { return begun->has_value(); }));
  append_one(*f->runtime->intake(tenant)->find(s1), f->now(), 100);
  REQUIRE(f->run_until([&] { return answer->has_value(); }));
  CHECK((*answer)->outcome.code() == errc::not_archiving);
}

TEST_CASE("given up: where a round only was to begin is not said to be archived") {
  auto f = stopped_round();
  auto s = f->runtime->intake(tenant)->find(s1);
  REQUIRE(s->committed().next_lsn == 30);
  f->medium().set_dead(true);
  s->recycled(100);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_second);
  append_one(*s, f->now(), 100);
  REQUIRE(f->noarchivelog().ok());
  auto comment = f->catalog->snapshot()->round_history().value().back().comment;
  CHECK(comment.find("stream 1 is archived up to LSN 30,") != std::string::npos);
}

TEST_CASE("given up: nothing is said of a stream that took no log") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1, lsn{500});
  REQUIRE(f.archivelog().ok());
  REQUIRE(f.run_until([&] { return f.media.contains("d"); }));
  f.medium().set_dead(true);
  f.run_for(one_second);
  REQUIRE(f.noarchivelog().ok());
  auto comment = f.catalog->snapshot()->round_history().value().back().comment;
  CHECK(comment.find("stream 1") == std::string::npos);
}
