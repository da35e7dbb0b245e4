#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// What is owed to a destination that was away is told by whose round it is, and by nobody else.

namespace {

std::size_t owed(const runtime_fixture& f) {
  return f.catalog->snapshot()->outbox(tenant).value().size();
}

std::size_t breaks(const runtime_fixture& f) {
  return f.catalog->snapshot()->breaks().value().size();
}

/// Where its end is owed, as facts_of of the engine has it.
std::unique_ptr<runtime_fixture> next_life(std::unique_ptr<runtime_fixture>& killed) {
  auto next = std::make_unique<runtime_fixture>(after_a_kill(killed));
  auto facts = next->facts_of();
  for (auto& left : facts.outbox)
    if (left.status == round_status::stop && facts.status.round.status == round_status::stop)
      facts.destination = left.destination; // the last one
  next->runtime->add_tenant(facts);
  return next;
}

/// A break and the end of the round are owed to a destination that does not answer.
std::unique_ptr<runtime_fixture> broken_and_ended() {
  auto f = doing_round();
  f->write(1);
  f->medium().set_dead(true);
  let_go_up_to(*f, 500);
  f->run_for(one_second);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(owed(*f) == 2);
  REQUIRE(breaks(*f) == 1);
  return f;
}

/// A break that its destination has not heard of.
std::unique_ptr<runtime_fixture> broken_round() {
  auto f = doing_round();
  f->medium().set_dead(true);
  let_go_up_to(*f, 500);
  f->run_for(one_second);
  REQUIRE(f->row().round.status == round_status::interrupted);
  f->medium().clear_faults();
  return f;
}

/// With what the other had before its break; `has_it`: it has the log that is gone there.
std::unique_ptr<runtime_fixture> goes_on_elsewhere(runtime_fixture& f, bool has_it) {
  auto second = std::make_unique<runtime_fixture>(f.on_the_same());
  auto facts = second->facts_of();
  facts.status.round.status = round_status::doing;
  facts.outbox.clear();
  facts.broke.reset();
  facts.writers.clear();
  second->runtime->add_tenant(facts);
  auto s = second->open(1, std::nullopt);
  second->open(2, std::nullopt);
  if (has_it)
    s->append({30, 500, second->now(), as_bytes("x")});
  second->write(2);
  REQUIRE(second->flush()->outcome.ok());
  return second;
}

void check_that_both_were_told(runtime_fixture& f) {
  CHECK(breaks(f) == 1);
  CHECK(owed(f) == 0);
  CHECK(f.committed().commit.record.round.status == round_status::stop);
  CHECK(f.committed().commit.record.interruption.has_value());
}

/// The end of round 1 is owed to its destination, which does not answer; round 2 was at another.
std::unique_ptr<runtime_fixture> two_rounds_of_which_one_is_owed() {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok()); // times out
  REQUIRE(owed(*f) == 1);
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

} // namespace

// The catalog is behind by what a tick has gathered.
TEST_CASE("owed: the end of a round is told, however many of its commits the catalog has not heard of") {
  int flushes = GENERATE(1, 2, 3);
  CAPTURE(flushes);
  auto f = doing_round();
  f->run_for(one_second);
  for (int i = 0; i < flushes; ++i) {
    f->write(1);
    f->write(2);
    REQUIRE(f->flush()->outcome.ok());
  }
  auto there = f->committed().commit.record.seq.value;
  REQUIRE(f->row().seq.value + static_cast<std::uint64_t>(flushes) == there);
  f = std::make_unique<runtime_fixture>(after_a_kill(f));
  f->add_tenant();
  f->open(1, std::nullopt);
  f->open(2, std::nullopt);
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(owed(*f) == 1);
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  CHECK(owed(*f) == 0);
  CHECK(f->committed().commit.record.round.status == round_status::stop);
}

TEST_CASE("owed: a break and an end are told by an engine that is killed as it tells them, more than once") {
  int kills = GENERATE(1, 2, 3);
  CAPTURE(kills);
  auto f = broken_and_ended();
  f->medium().clear_faults();
  for (int life = 0; life < kills; ++life) {
    auto commits = f->paths("/commits/").size();
    if (!f->run_until([&] { return f->paths("/commits/").size() > commits; }, one_minute))
      break;
    f = next_life(f);
  }
  f->run_for(10 * one_minute);
  check_that_both_were_told(*f);
}

TEST_CASE("owed: what a damaged destination cannot be told is kept over many lives") {
  auto f = broken_and_ended();
  for (auto& path : f->paths("/seg-"))
    f->medium().erase(path);
  f->medium().set_dead(false);
  f->run_for(one_minute);
  for (int life = 1; life < 5; ++life) {
    f = next_life(f);
    f->run_for(10 * one_minute);
    CAPTURE(life, f->paths("/commits/").size());
    CHECK(breaks(*f) == 1);
    CHECK(owed(*f) == 2);
  }
}

// Each takeover that comes to nothing is one more writer that the catalog remembers.
TEST_CASE("owed: what a destination has no room for is told when it has, however many lives later") {
  auto f = broken_and_ended();
  f->medium().clear_faults();
  f->medium().plan({.only = fault_medium::call::create, .for_good = true, .code = errc::no_space});
  for (std::size_t life = 0; life < writer_record::writers_max + 3; ++life) {
    f = next_life(f);
    f->run_for(one_minute);
    CAPTURE(life);
    CHECK(owed(*f) == 2);
    CHECK(breaks(*f) == 1);
  }
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  check_that_both_were_told(*f);
}

TEST_CASE("owed: a takeover's commit that lands after the next takeover has looked is that engine's own") {
  auto f = broken_and_ended();
  f->medium().clear_faults();
  auto before = f->paths("/commits/");
  lose_answer_of_commit(*f);
  REQUIRE(f->run_until([&] { return f->paths("/commits/").size() > before.size(); }));
  auto late = f->paths("/commits/").back(); // is on its way yet
  auto content = f->medium().peek(late).value();
  REQUIRE(f->medium().erase(late));
  f = next_life(f);
  auto& medium = f->medium();
  medium.clear_faults();
  auto landed = std::make_shared<bool>(false);
  medium.on_call([&medium, late, content, landed](const fault_medium::call_info& what) {
    if (what.kind == fault_medium::call::create && what.path == late && !std::exchange(*landed, true))
      medium.put(late, content);
  });
  f->run_for(10 * one_minute);
  CHECK(*landed);
  check_that_both_were_told(*f);
}

TEST_CASE("owed: nothing is told as long as the catalog cannot have as whom") {
  auto f = broken_and_ended();
  auto commits = f->paths("/commits/");
  f->medium().clear_faults();
  f->catalog->fail_after(0);
  f->run_for(10 * one_minute);
  CHECK(f->paths("/commits/") == commits);
}

// Each try of a takeover made a commit.
TEST_CASE("owed: a destination that a newer program has written to is not tried again and again") {
  auto f = broken_and_ended();
  f->medium().clear_faults();
  auto commits = f->paths("/commits/").size();
  using call = fault_medium::call;
  f->medium().plan({.only = call::read, .for_good = true, .code = errc::unknown_version});
  f->run_for(10 * one_minute);
  CHECK(f->paths("/commits/").size() <= commits + 1);
  CHECK(owed(*f) == 2);
}

// Nothing of the tenant is taken here; it was taken from the engine that had gone on with it.
TEST_CASE("owed: a break is not told where another engine goes on with the tenant, until NOARCHIVELOG") {
  bool archived_there = GENERATE(true, false);
  int lives = GENERATE(1, 2);
  CAPTURE(archived_there, lives);
  auto f = broken_round();
  auto second = goes_on_elsewhere(*f, archived_there);
  for (int life = 0; life < lives; ++life) {
    f = std::make_unique<runtime_fixture>(after_a_kill(f));
    f->add_tenant();
    f->open(1, std::nullopt)->drop_at(500); // no work of this engine's
    f->open(2, std::nullopt);
    f->run_for(10 * one_minute);
    CHECK(f->runtime->intake(tenant)->gate() == intake_gate::interrupted);
    CHECK(f->row().round.status == round_status::interrupted);
    CHECK(f->row().comment.find("has not heard of this break") != std::string::npos);
    CHECK(owed(*f) == 1);
    second->write(2);
    auto answer = second->flush();
    REQUIRE(answer);
    CHECK(answer->outcome.ok());
  }

  second.reset();
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  CHECK(f->committed().commit.record.round.status == round_status::stop);
  CHECK(f->committed().commit.record.interruption.has_value() != archived_there);
  CHECK(breaks(*f) == (archived_there ? 0 : 1));
  CHECK(owed(*f) == 0);
  REQUIRE(f->archivelog().ok());
  CHECK(takes_log(*f));
}

TEST_CASE("owed: who closes the engine while a break waits for an order is answered") {
  for (int steps = 0; steps < 60; ++steps) {
    CAPTURE(steps);
    auto f = broken_round();
    goes_on_elsewhere(*f, false).reset();
    f = std::make_unique<runtime_fixture>(after_a_kill(f));
    f->add_tenant();
    auto calls = f->medium().calls();
    REQUIRE(f->run_until([&] { return f->medium().calls() > calls; })); // to tell what it owes
    for (int i = 0; i < steps; ++i)
      f->world.step();
    auto closed = begin_order(*f, tenant_order::kind::close);
    REQUIRE(f->run_until([&] { return closed->has_value(); }, one_minute));
  }
}

// It was fenced, and its round ended, by an engine that was not even to archive the tenant.
TEST_CASE("owed: the end of a round that another engine goes on with is not told, also after a drop") {
  auto f = doing_round();
  auto before = f->on_the_same();
  f->write(1);
  f->medium().set_dead(true);
  for (auto id : {s1, s2})
    f->runtime->intake(tenant)->find(id)->detach();
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(owed(*f) == 1);
  auto known = f->row();
  tenant_order drop;
  drop.what = tenant_order::kind::drop;
  REQUIRE(f->give_order(tenant, drop).ok());
  f->runtime->remove_tenant(tenant);
  change_set gone;
  gone.erase_round_status(tenant);
  REQUIRE(f->catalog->apply(gone, durability::synced).ok());
  f->medium().clear_faults();

  before.began_at = f->now();
  runtime_fixture second{before};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.open(2, std::nullopt);
  second.write(1);
  second.write(2);
  REQUIRE(second.flush()->outcome.ok());

  auto facts = f->facts_of(); // registered again, as the engine numbers it on
  facts.status.tenant = tenant;
  facts.status.round = known.round;
  facts.status.current_piece = known.current_piece;
  facts.archiving = false;
  facts.destination = facts.outbox.front().destination;
  f->runtime->add_tenant(facts);
  f->run_for(5 * one_minute);
  CHECK(owed(*f) == 0);
  CHECK(f->row().comment.find("how the last round ended here is not told there") != std::string::npos);
  second.write(1);
  auto answer = second.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(second.committed().commit.record.round.status == round_status::doing);
}

TEST_CASE("owed: telling an old round's end leaves the counts of the row's round") {
  auto killed = two_rounds_of_which_one_is_owed();
  auto before = killed->row();
  REQUIRE(before.counts.input_bytes > 0);
  auto f = next_life(killed);
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  REQUIRE(owed(*f) == 0);
  auto after = f->row();
  CHECK(after.round.id == round_id{2});
  CHECK(after.counts.input_bytes == before.counts.input_bytes);
  CHECK(after.destination == "memory://other");
  CHECK(after.seq == before.seq);
}

// It made the round that was over STOPPING, ended it where it never was, and wrote its history anew.
TEST_CASE("owed: NOARCHIVELOG after a kill within ARCHIVELOG leaves the round that was over as it is") {
  bool dead = GENERATE(false, true);
  CAPTURE(dead);
  for (int steps = 0; steps < 120; ++steps) {
    CAPTURE(steps);
    auto killed = two_rounds_of_which_one_is_owed();
    auto before = killed->catalog->snapshot()->round_history().value().back();
    auto f = std::make_unique<runtime_fixture>(after_a_kill(killed));
    auto facts = f->facts_of();
    facts.archiving = true; // and BEGINNING was not written
    facts.destination = "memory://d";
    f->runtime->add_tenant(facts);
    f->medium().set_dead(dead);
    auto s = f->open(1, std::nullopt);
    append_one(*s, f->now());
    for (int i = 0; i < steps; ++i)
      f->world.step();
    REQUIRE(f->noarchivelog().ok());
    CHECK(f->row().round.status == round_status::stop);
    auto after = f->catalog->snapshot()->round_history().value().back();
    if (after.round.id == round_id{3} && !dead)
      break; // the next one had begun
    CHECK(after.round.id == before.round.id);
    CHECK(after.destination == before.destination);
    CHECK(after.ended_at == before.ended_at);
    f->medium().clear_faults();
    f->run_for(10 * one_minute);
    CHECK(owed(*f) == 0);
    CHECK_FALSE(takes_log(*f));
  }
}

// It made the later round STOPPING again, ended it where it never was, and owed its end there.
TEST_CASE("owed: NOARCHIVELOG while an old round's end is being told leaves what the later one was") {
  auto killed = two_rounds_of_which_one_is_owed();
  auto before = killed->catalog->snapshot()->round_history().value().back();
  REQUIRE(before.round.id == round_id{2});
  auto f = next_life(killed);
  f->medium().set_dead(true); // still
  f->run_for(one_minute);
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->row().round.status == round_status::stop);
  CHECK(owed(*f) == 1);
  auto after = f->catalog->snapshot()->round_history().value().back();
  CHECK(after.destination == before.destination);
  CHECK(after.ended_at == before.ended_at);
  f->medium().clear_faults();
  f->run_for(10 * one_minute);
  CHECK(owed(*f) == 0);
}

// It was shown, and then in no view; its number was given again.
TEST_CASE("owed: a round that is ordered and ended while an old end is being told is in the history") {
  bool broken = GENERATE(false, true);
  CAPTURE(broken);
  int seen = 0;
  for (int steps = 0; steps < 200; ++steps) {
    auto f = broken ? broken_and_ended() : doing_round();
    if (!broken) {
      f->medium().set_dead(true);
      REQUIRE(f->noarchivelog().ok());
    }
    f->medium().clear_faults();
    REQUIRE(f->archivelog().ok());
    for (int i = 0; i < steps; ++i)
      f->world.step();
    if (f->row().round.id != round_id{2} || owed(*f) == 0)
      continue;
    ++seen;
    REQUIRE(f->noarchivelog().ok());
    f->run_for(10 * one_minute);
    CAPTURE(steps);
    auto history = f->catalog->snapshot()->round_history().value();
    CHECK(history.back().round.id == round_id{2});
    CHECK(history.back().round.status == round_status::stop);
    CHECK(history.back().comment.find("gone before") == std::string::npos); // that was the one before
    CHECK(owed(*f) == 0);
    if (history.back().round.id != round_id{2})
      break;
  }
  CHECK(seen > 10);
}

TEST_CASE("owed: a tenant that is STOP is not stopped by what is still to be told") {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  f->medium().clear_faults();
  another_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  its_own_disk(*f);
  f->run_for(10 * one_minute);
  CHECK(owed(*f) == 0);
}

TEST_CASE("owed: what was to be told is told when its own disk is back, whenever another lay there") {
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
  CHECK(owed(*f) == 0);
}

TEST_CASE("owed: what cannot be told because the destination is damaged makes no commit after the other") {
  auto f = broken_and_ended();
  for (auto& path : f->paths("/seg-"))
    f->medium().erase(path);
  f->medium().set_dead(false);
  auto commits = f->paths("/commits/").size();
  f->run_for(10 * one_minute);
  CHECK(f->paths("/commits/").size() <= commits + 1);
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  CHECK_FALSE(f->catalog->snapshot()->outbox(tenant).value().empty());
  CHECK(breaks(*f) == 1);
}
