#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// Orders that come while what came before is not done, or cannot be.

using kind = tenant_order::kind;

// ARCHIVELOG came "instead": the log of the round before was in no round, nobody was told, a flush of it was
// ok, and it was refused when it came again.
TEST_CASE("orders: ARCHIVELOG is refused while NOARCHIVELOG is under way, also before anything was written") {
  auto first = doing_round();
  auto f = std::make_unique<runtime_fixture>(after_a_kill(first));
  f->add_tenant();
  auto stream = f->open(1, std::nullopt);
  f->open(2, std::nullopt);
  f->medium().set_dead(true);
  f->write(1); // [30, 60)
  auto ended = begin_order(*f, kind::noarchivelog);
  f->run_for(one_second);
  CHECK_FALSE(f->archivelog().ok());
  f->medium().clear_faults();
  REQUIRE(f->run_until([&] { return ended->has_value(); }));
  f->run_for(one_minute);
  CHECK((*ended)->ok());
  CHECK(stream->committed().next_lsn == 60);
  REQUIRE(f->archivelog().ok());
  append_one(*stream, f->now());
  REQUIRE(f->flush()->outcome.ok());
  CHECK(stream->committed().next_lsn == 70);
}

TEST_CASE("orders: a broken round that was ended while its tenant was stopped stays over") {
  auto f = doing_round();
  f->write(1);
  another_disk(*f);
  let_go_up_to(*f, 500);
  REQUIRE(f->run_until([&] { return is_stopped(*f); }));
  f->run_for(one_second);
  REQUIRE(f->row().round.status == round_status::interrupted);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->row().round.status == round_status::stop);
  its_own_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
}

TEST_CASE("orders: a round that was begun and ended while its destination was away leaves nobody archiving") {
  auto f = doing_round();
  f->write(1);
  another_disk(*f);
  REQUIRE(f->run_until([&] { return is_stopped(*f); }));
  REQUIRE(f->noarchivelog().ok());
  f->cannot_open = fail(errc::io_error, "not mounted");
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->row().round.status == round_status::stop);
  its_own_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
  // The destination still has the first one, which ends when the next begins.
  REQUIRE(f->archivelog().ok());
  f->write(1);
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  CHECK(f->committed().commit.record.round.id == f->row().round.id);
}

// The round before took over its promises: its checkpoint passed log that nobody has.
TEST_CASE("orders: a round that NOARCHIVELOG ends before it began adds nothing to the one before") {
  bool fenced_before = GENERATE(true, false);
  CAPTURE(fenced_before);
  auto f = doing_round();
  if (fenced_before)
    taken_by_another(*f).reset();
  auto there = f->committed().commit.record.round;
  REQUIRE(there.status == round_status::doing);
  f->medium().set_dead(!fenced_before);
  REQUIRE(f->noarchivelog().ok());
  f->medium().set_dead(true);
  auto s = f->runtime->intake(tenant)->find(s1);
  s->recycled(500);
  REQUIRE(f->archivelog().ok());
  append_one(*s, f->now(), 500);
  REQUIRE(f->runtime->intake(tenant)->advance(f->now()).ok());
  auto ended = begin_order(*f, kind::noarchivelog);
  f->run_for(one_second);
  f->medium().clear_faults();
  REQUIRE(f->run_until([&] { return ended->has_value(); }));
  f->run_for(10 * one_minute);
  auto after = f->committed().commit.record.round;
  CHECK(after.id == there.id);
  CHECK(after.status == round_status::stop);
  CHECK(after.checkpoint_scn == there.checkpoint_scn);
  CHECK(f->row().round.id == round_id{2});
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->catalog->snapshot()->round_history().value().back().round.id == round_id{2});
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

/// ARCHIVELOG at every step while the destination is told how the round before has ended.
TEST_CASE("orders: what is taken after ARCHIVELOG is not given up with the round before") {
  int given_up = 0, lied = 0;
  for (unsigned latency : {0U, 1U, 5U})
    for (int step = 0; step < 160; ++step) {
      CAPTURE(latency, step);
      auto f = doing_round();
      f->runtime->intake(tenant)->find(s2)->detach();
      f->medium().set_dead(true);
      REQUIRE(f->noarchivelog().ok());
      f->medium().clear_faults();
      auto calls = f->medium().calls();
      f->world.set_latency([&f, latency](std::string_view actor) -> duration_ns {
        return actor == "log_stream"  ? latency * one_ms
               : actor == "io_worker" ? f->world.draw(3) * one_ms
                                      : 0;
      });
      REQUIRE(f->run_until([&] { return f->medium().calls() > calls; }));
      for (int i = 0; i < step; ++i)
        REQUIRE(f->world.step());
      auto heard = f->listener.heard.size();
      begin_order(*f, kind::archivelog);
      REQUIRE(f->run_until([&] { return takes_log(*f); }));
      auto stream = f->runtime->intake(tenant)->find(s1);
      auto at = stream->expected_lsn();
      f->write(1, 1);
      auto one = std::make_shared<durable_wait>();
      one->stream = s1;
      one->upto = at + 10;
      auto all = std::make_shared<durable_wait>();
      all->whole_tenant = true;
      auto of_one = f->ask(one), of_all = f->ask(all);
      REQUIRE(f->run_until([&] { return of_one->has_value() && of_all->has_value(); }));
      bool durable = stream->committed().next_lsn >= at + 10;
      lied += !durable && ((*of_one)->outcome.ok() || (*of_all)->outcome.ok());
      bool told = std::any_of(f->listener.heard.begin() + static_cast<std::ptrdiff_t>(heard),
                              f->listener.heard.end(), [](auto& x) { return x.starts_with("resend 1"); });
      given_up += told || !durable;
    }
  CHECK(lied == 0);
  CHECK(given_up == 0);
}
