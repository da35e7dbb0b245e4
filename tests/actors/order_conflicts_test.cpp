#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// Orders that come while what came before is not done, or cannot be.

using kind = tenant_order::kind;

namespace {

/// The end of round 1 is owed to its destination, which does not answer; round 2 was at another.
std::unique_ptr<runtime_fixture> two_rounds_of_which_one_is_owed() {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok()); // times out
  REQUIRE(f->catalog->snapshot()->outbox(tenant).value().size() == 1);
  REQUIRE(f->archivelog(tenant, "memory://other").ok());
  REQUIRE(f->run_until([&] { return takes_log(*f); }));
  f->run_for(one_second);
  f->write(1);
  f->write(2);
  REQUIRE(f->flush_as_told()->outcome.ok());
  f->run_for(one_minute);
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  REQUIRE(f->row().round.id == round_id{2});
  REQUIRE(f->row().round.status == round_status::stop);
  return f;
}

std::unique_ptr<runtime_fixture> next_life_where_it_is_owed(std::unique_ptr<runtime_fixture>& killed) {
  auto f = std::make_unique<runtime_fixture>(after_a_kill(killed));
  f->medium().set_dead(true);
  auto facts = f->facts_of();
  facts.destination = facts.outbox.front().destination; // as facts_of of the engine does
  f->runtime->add_tenant(facts);
  return f;
}

} // namespace

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

TEST_CASE("orders: telling an old round's end leaves the counts of the row's round") {
  auto killed = two_rounds_of_which_one_is_owed();
  auto before = killed->row();
  REQUIRE(before.counts.input_bytes > 0);
  auto f = next_life_where_it_is_owed(killed);
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  REQUIRE(f->catalog->snapshot()->outbox(tenant).value().empty());
  auto after = f->row();
  CHECK(after.round.id == round_id{2});
  CHECK(after.counts.input_bytes == before.counts.input_bytes);
}

// It made the later round STOPPING again, ended it where it never was, and owed its end there.
TEST_CASE("orders: NOARCHIVELOG while an old round's end is being told leaves what the later one was") {
  auto killed = two_rounds_of_which_one_is_owed();
  auto before = killed->catalog->snapshot()->round_history().value().back();
  REQUIRE(before.round.id == round_id{2});
  auto f = next_life_where_it_is_owed(killed); // which is still away
  f->run_for(one_minute);
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().size() == 1);
  auto after = f->catalog->snapshot()->round_history().value().back();
  CHECK(after.destination == before.destination);
  CHECK(after.ended_at == before.ended_at);
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

TEST_CASE("orders: a tenant that is STOP is not stopped by what is still to be told") {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  f->medium().clear_faults();
  another_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  its_own_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

TEST_CASE("orders: what was to be told is told when its own disk is back, whenever another lay there") {
  auto calls = static_cast<std::uint64_t>(GENERATE(range(0, 14)));
  CAPTURE(calls);
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  f->medium().clear_faults();
  another_disk(*f, calls);
  f->run_for(2 * one_minute);
  its_own_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

TEST_CASE("orders: what cannot be told because the destination is damaged makes no commit after the other") {
  auto f = doing_round();
  f->write(1);
  f->medium().set_dead(true);
  let_go_up_to(*f, 500);
  f->run_for(one_second);
  REQUIRE(f->noarchivelog().ok());
  for (auto& path : f->paths("/seg-"))
    f->medium().erase(path);
  f->medium().set_dead(false);
  auto commits = f->paths("/commits/").size();
  f->run_for(10 * one_minute);
  CHECK(f->paths("/commits/").size() <= commits + 1);
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  CHECK_FALSE(f->catalog->snapshot()->outbox(tenant).value().empty());
  CHECK(f->catalog->snapshot()->breaks().value().size() == 1);
}
