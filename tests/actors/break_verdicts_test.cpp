#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// Is missing log a break? The same answer whoever had the tenant meanwhile.

namespace {

std::string history_of(runtime_fixture& f, std::uint64_t round) {
  for (auto& each : f.catalog->snapshot()->round_history().value())
    if (each.round.id == round_id{round})
      return each.comment;
  return "none";
}

/// What log_stream::log_recycled() does.
void log_goes(runtime_fixture& f, stream_buffer& of, lsn oldest) {
  of.recycled(oldest);
  auto order = log_recycled(oldest);
  order.broken.stream = of.id();
  REQUIRE(f.give_order(tenant, order).ok());
}

} // namespace

TEST_CASE("break verdict: log that is gone is a break of a round that another engine has, also a young one") {
  bool begins = GENERATE(true, false);
  CAPTURE(begins);
  auto f = std::make_unique<runtime_fixture>();
  f->add_tenant();
  REQUIRE(f->archivelog().ok());
  f->open(1, std::nullopt);
  f->open(2, std::nullopt);
  f->write(1);
  if (!begins)
    f->write(2);
  REQUIRE(f->flush());
  f->run_for(one_second);
  REQUIRE(f->row().round.status == (begins ? round_status::beginning : round_status::doing));
  auto before = f->on_the_same();
  f->medium().set_dead(true);
  REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
  f->run_for(one_second);
  REQUIRE(f->row().round.status == round_status::interrupted);
  f->medium().set_dead(false);
  {
    runtime_fixture second{before};
    second.add_tenant();
    second.open(1, std::nullopt);
    second.open(2, std::nullopt); // the round waits for it
    second.write(1, 1);           // [30, 40)
    REQUIRE(second.flush());
  }
  f->flush();
  REQUIRE(f->runtime->intake(tenant)->gate() == intake_gate::fenced);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  CHECK(f->committed().commit.record.interruption.has_value());
  CHECK(f->row().round.status == round_status::interrupted);
}

TEST_CASE("break verdict: none where another engine has that log, though the tenant was stopped meanwhile") {
  int tried = 0;
  for (std::uint64_t calls = 0; calls < 8; ++calls)
    for (int steps = 0; steps < 60; ++steps) {
      CAPTURE(calls, steps);
      auto f = doing_round();
      f->run_for(one_minute);
      auto before = f->on_the_same();
      REQUIRE(f->runtime->intake(tenant)->advance(f->now()).ok());
      auto what = std::make_shared<durable_wait>();
      what->whole_tenant = true;
      f->ask(what);
      another_disk(*f, calls);
      for (int i = 0; i < steps; ++i)
        REQUIRE(f->world.step());
      if (is_stopped(*f))
        break;
      let_go_up_to(*f, 60);
      if (!f->run_until([&] { return is_stopped(*f); }, one_minute))
        continue;
      f->run_for(one_second);
      its_own_disk(*f);
      if (f->row().round.status != round_status::interrupted || f->committed().commit.record.interruption)
        continue;
      before.medium = f->given.medium ? f->given.medium : f->media.at("d");
      before.began_at = f->now();
      {
        runtime_fixture second{before};
        second.add_tenant();
        second.open(1, std::nullopt);
        second.write(1, 5); // [30, 80)
        REQUIRE(second.flush()->outcome.ok());
      }
      ++tried;
      REQUIRE(f->archivelog().ok());
      f->run_for(one_minute);
      CHECK_FALSE(f->committed().commit.record.interruption);
      CHECK(is_doing(*f));
    }
  CHECK(tried > 100);
}

TEST_CASE(
    "break verdict: the same before and after a takeover of a stream that the round does not speak for") {
  bool killed = GENERATE(false, true);
  CAPTURE(killed);
  auto f = second_round_without_s1();
  if (killed) {
    f = std::make_unique<runtime_fixture>(after_a_kill(f));
    f->add_tenant();
    f->open(2, std::nullopt);
  }
  auto stream = f->open(1, std::nullopt);
  auto order = log_recycled(500);
  order.broken.first_missing = stream->recycled(500);
  REQUIRE(f->give_order(tenant, order).ok());
  f->run_for(one_minute);
  CHECK(is_doing(*f));
}

// The outbox has no break any more once a commit says it.
TEST_CASE("break verdict: why a round broke is kept, though its tenant is stopped when it ends") {
  bool ended_first = GENERATE(true, false);
  bool next_life = GENERATE(false, true);
  CAPTURE(ended_first, next_life);
  auto f = doing_round();
  f->write(1);
  REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
  f->run_for(one_minute);
  REQUIRE(f->committed().commit.record.interruption);
  if (next_life) {
    f = std::make_unique<runtime_fixture>(after_a_kill(f));
    f->add_tenant();
    f->open(1, std::nullopt);
    CHECK(f->row().comment.find("gone before it was archived") != std::string::npos);
  }
  another_disk(*f);
  if (!ended_first) {
    auto wait = std::make_shared<durable_wait>(); // a commit
    wait->stream = stream_id{9};
    wait->upto = 10;
    f->ask(wait);
    REQUIRE(f->run_until([&] { return is_stopped(*f); }));
  }
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_second);
  auto history = f->catalog->snapshot()->round_history().value();
  REQUIRE(history.size() == 1);
  CAPTURE(history[0].comment);
  CHECK(history[0].comment.find("gone before it was archived") != std::string::npos);
}

TEST_CASE("break verdict: why a round broke stays in its history when the next one begins") {
  auto f = doing_round();
  f->write(1);
  another_disk(*f);
  let_go_up_to(*f, 500);
  REQUIRE(f->run_until([&] { return is_stopped(*f); }));
  f->run_for(one_second);
  REQUIRE(f->row().round.status == round_status::interrupted);
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_second);
  CHECK(history_of(*f, 1).find("recycled") != std::string::npos);
  its_own_disk(*f);
  f->runtime->intake(tenant)->find(s1)->recycled(500);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  append_one(*f->runtime->intake(tenant)->find(s1), f->now(), 500);
  f->write(2);
  REQUIRE(f->flush_as_told()->outcome.ok());
  f->run_for(one_minute);
  REQUIRE(f->row().round.id == round_id{2});
  CHECK(history_of(*f, 1).find("recycled") != std::string::npos);
}

TEST_CASE("break verdict: a break is not forgotten by a tenant that was stopped and then fenced") {
  int seen = 0;
  for (bool stop_first : {true, false})
    for (int step = 0; step < 120; ++step) {
      auto f = doing_round();
      auto second = std::make_unique<runtime_fixture>(f->on_the_same());
      second->add_tenant();
      second->open(1, std::nullopt);
      second->open(2, std::nullopt);
      f->runtime->intake(tenant)->find(s1)->recycled(500);
      if (stop_first) {
        f->write(1);
        another_disk(*f);
      } else {
        f->medium().set_dead(true);
      }
      let_go_up_to(*f, 500);
      if (stop_first) {
        REQUIRE(f->run_until([&] { return is_stopped(*f); }));
        f->run_for(one_second);
        REQUIRE(f->row().round.status == round_status::interrupted);
        its_own_disk(*f);
        begin_order(*f, tenant_order::kind::archivelog);
      } else {
        f->run_for(one_second);
        f->medium().clear_faults();
      }
      for (int i = 0; i < step; ++i)
        f->world.step();
      second->write(2);
      auto took = second->flush();
      if (!took || !took->outcome.ok())
        continue;
      f->run_for(5 * one_second);
      if (f->runtime->intake(tenant)->gate() != intake_gate::fenced)
        continue;
      if (second->committed().commit.record.round.status == round_status::interrupted)
        continue; // told in time
      second.reset();
      ++seen;
      REQUIRE(f->archivelog().ok());
      f->run_for(5 * one_minute);
      CAPTURE(stop_first, step);
      CHECK(f->row().round.status == round_status::interrupted);
      if (f->row().round.status != round_status::interrupted)
        break;
    }
  CHECK(seen > 10);
}

// A round that this engine's host did not see begin speaks of all streams; what came next was taken for the
// beginning of one that it had not heard of.
TEST_CASE("break verdict: log that goes while another engine has the tenant is missing in that one's round") {
  bool known = GENERATE(false, true); // to the round
  CAPTURE(known);
  auto f = doing_round();
  auto s = known ? f->runtime->intake(tenant)->find(s1) : f->open(3, std::nullopt);
  auto second = taken_by_another(*f);
  second.reset();
  auto archived = known ? s->committed().next_lsn + 10 : 0; // by the other one, too
  for (lsn oldest : {archived, archived + 500, archived + 600})
    log_goes(*f, *s, oldest);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  CHECK(f->row().round.status == round_status::interrupted);
  auto broke = f->committed().commit.record.interruption;
  REQUIRE(broke);
  CHECK(broke->stream == s->id());
  CHECK(broke->first_missing == archived);
  CHECK(broke->oldest_left == archived + 600);
  CHECK(s->append({archived + 600, archived + 610, f->now(), as_bytes("x")}).outcome ==
        append_outcome::interrupted);
}

TEST_CASE("break verdict: one that was believed in of a round that another engine has ended is none") {
  auto f = doing_round();
  auto before = f->on_the_same();
  f->medium().set_dead(true);
  let_go_up_to(*f, 500);
  f->run_for(one_second);
  REQUIRE(f->row().round.status == round_status::interrupted);
  REQUIRE(f->catalog->snapshot()->breaks().value().size() == 1);
  f->medium().set_dead(false);
  {
    runtime_fixture second{before};
    second.add_tenant();
    auto s = second.open(1, std::nullopt);
    second.open(2, std::nullopt);
    s->append({30, 500, second.now(), as_bytes("x")}); // what is gone there is archived here
    REQUIRE(second.flush()->outcome.ok());
    REQUIRE(second.noarchivelog().ok());
    REQUIRE(second.archivelog().ok());
    append_one(*s, second.now());
    REQUIRE(second.flush()->outcome.ok());
  }
  auto third = std::make_unique<runtime_fixture>(after_a_kill(f));
  third->add_tenant();
  third->open(1, std::nullopt);
  third->open(2, std::nullopt);
  third->run_for(one_minute);
  CHECK(third->runtime->intake(tenant)->gate() == intake_gate::interrupted);
  REQUIRE(third->noarchivelog().ok());
  CHECK(third->row().round.id == round_id{2});
  CHECK(third->catalog->snapshot()->breaks().value().empty());
  REQUIRE(third->archivelog().ok());
  CHECK(third->runtime->intake(tenant)->gate() == intake_gate::open);
}

// It was forgotten: this engine's own next round might have begun the stream anywhere.
TEST_CASE("break verdict: log that goes is missing in another's round, though one was to begin here") {
  auto f = doing_round();
  auto before = f->on_the_same();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok()); // times out
  REQUIRE(f->archivelog().ok());
  auto s = f->open(3, std::nullopt);
  f->medium().clear_faults();
  REQUIRE(f->run_until([&] { return !f->paths("/rounds/").empty(); })); // its end is about to be committed
  {
    runtime_fixture second{before};
    second.add_tenant();
    second.open(1, std::nullopt);
    second.open(2, std::nullopt);
    for (int round = 0; round < 2; ++round) {
      second.write(1);
      second.write(2);
      REQUIRE(second.flush()->outcome.ok());
      REQUIRE(second.run_until([&] { return is_doing(second); }));
      if (round == 0) {
        REQUIRE(second.noarchivelog().ok());
        REQUIRE(second.archivelog().ok());
      }
    }
  }
  REQUIRE(f->run_until([&] { return f->runtime->intake(tenant)->gate() == intake_gate::fenced; }));
  log_goes(*f, *s, 500);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  CHECK(f->row().round.status == round_status::interrupted);
  auto broke = f->committed().commit.record.interruption;
  REQUIRE(broke);
  CHECK(broke->stream == s3);
  CHECK(broke->oldest_left == 500);
}

// What a source could not give is archived, and it could not say what else it has.
TEST_CASE("break verdict: none where another engine has what was missing, though nothing else is known") {
  auto f = doing_round();
  auto second = taken_by_another(*f);
  second.reset();
  auto gone = log_recycled(0);
  gone.broken.first_missing = 30; // [30, 40) is what the other one has
  REQUIRE(f->give_order(tenant, gone).ok());
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  CHECK(is_doing(*f));
  CHECK(takes_log(*f));
}
