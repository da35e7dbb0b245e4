#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// Each story is told once for every step of the simulation at which an order may come.

namespace {

constexpr int steps_max = 120;
using kind = tenant_order::kind;

void run_steps(runtime_fixture& f, int steps) {
  for (int i = 0; i < steps; ++i)
    REQUIRE(f.world.step());
}

/// All that is accepted becomes durable, and is in the round's log from its beginning on.
void require_goes_on(runtime_fixture& f, lsn begins) {
  f.write(1);
  auto answer = f.flush_as_told();
  REQUIRE(answer);
  INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
  REQUIRE(answer->outcome.ok());
  auto row = f.committed().streams.at(0);
  CHECK(row.start_lsn == begins);
  CHECK(row.position.next_lsn == f.runtime->intake(tenant)->find(s1)->expected_lsn());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  CHECK(f.row().round == f.committed().commit.record.round);
}

/// Its first round was ended while the destination was away, which it is no more.
std::unique_ptr<runtime_fixture> untold_end(bool heard = false) {
  auto f = doing_round();
  f->runtime->intake(tenant)->find(s2)->detach();
  if (heard) // but its answer, and what it wrote, could not be read
    lose_answer_of_commit(*f);
  else
    f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->catalog->snapshot()->outbox(tenant).value().size() == 1);
  f->medium().clear_faults();
  auto calls = f->medium().calls();
  REQUIRE(f->run_until([&] { return f->medium().calls() > calls; }));
  return f;
}

} // namespace

TEST_CASE("orders at any step: ARCHIVELOG again is the same round, and no answer comes before log is taken") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    runtime_fixture f;
    f.add_tenant();
    auto stream = f.open(1, std::nullopt);
    auto first = begin_order(f, kind::archivelog);
    run_steps(f, step);
    if (takes_log(f))
      f.write(1, 1);
    auto again = begin_order(f, kind::archivelog);
    REQUIRE(f.run_until([&] { return again->has_value(); }));
    CHECK((*again)->ok());
    REQUIRE(takes_log(f));
    REQUIRE(f.row().round.status != round_status::stop);
    f.write(1, 1);
    REQUIRE(f.run_until([&] { return first->has_value(); }));
    require_goes_on(f, 0);
    CHECK(f.row().round.id == round_id{1});
  }
}

TEST_CASE("orders at any step: ARCHIVELOG while the destination hears how the round before ended") {
  auto heard = GENERATE(false, true);
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(heard, step);
    auto f = untold_end(heard);
    auto begins = f->runtime->intake(tenant)->find(s1)->expected_lsn();
    run_steps(*f, step);
    auto first = begin_order(*f, kind::archivelog);
    REQUIRE(f->run_until([&] { return takes_log(*f); }));
    f->write(1, 1);
    auto again = begin_order(*f, kind::archivelog);
    REQUIRE(f->run_until([&] { return first->has_value() && again->has_value(); }));
    require_goes_on(*f, begins);
    CHECK(f->row().round.id == round_id{2});
    CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
  }
}

TEST_CASE(
    "orders at any step: NOARCHIVELOG ends whatever ARCHIVELOG has come to, and the next round goes on") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto f = untold_end();
    begin_order(*f, kind::archivelog);
    run_steps(*f, step);
    if (takes_log(*f))
      f->write(1, 1);
    auto first = begin_order(*f, kind::noarchivelog);
    auto again = begin_order(*f, kind::noarchivelog);
    REQUIRE(f->run_until([&] { return first->has_value() && again->has_value(); }));
    CHECK(f->row().round.status == round_status::stop);
    CHECK_FALSE(takes_log(*f));
    f->run_for(one_second); // what the round had not archived is given up
    auto begins = f->runtime->intake(tenant)->find(s1)->expected_lsn();
    REQUIRE(f->archivelog().ok());
    require_goes_on(*f, begins);
  }
}

TEST_CASE("orders at any step: NOARCHIVELOG ends a round that has not begun") {
  auto never = GENERATE(true, false); // was anything archived
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(never, step);
    std::unique_ptr<runtime_fixture> f;
    if (never) {
      f = std::make_unique<runtime_fixture>();
      f->add_tenant();
      f->open(1, std::nullopt);
    } else {
      f = stopped_round();
      f->runtime->intake(tenant)->find(s2)->detach();
    }
    auto begun = begin_order(*f, kind::archivelog);
    run_steps(*f, step);
    if (takes_log(*f))
      f->write(1, 1);
    auto ended = begin_order(*f, kind::noarchivelog);
    REQUIRE(f->run_until([&] { return begun->has_value() && ended->has_value(); }));
    if (f->runtime->intake(tenant)->gate() == intake_gate::open) // they came the other way round
      REQUIRE(f->noarchivelog().ok());
    CHECK(f->row().round.status == round_status::stop);
    CHECK_FALSE(takes_log(*f));
  }
}

TEST_CASE("orders at any step: NOARCHIVELOG that ARCHIVELOG overtakes is answered") {
  for (int between : {6, 8, 12})
    for (int step = 6; step < steps_max; ++step) {
      CAPTURE(between, step);
      auto f = untold_end();
      begin_order(*f, kind::archivelog);
      run_steps(*f, step);
      auto ended = begin_order(*f, kind::noarchivelog);
      run_steps(*f, between);
      auto begun = begin_order(*f, kind::archivelog);
      REQUIRE(f->run_until([&] { return begun->has_value() && ended->has_value(); }));
    }
}

TEST_CASE("orders at any step: NOARCHIVELOG is not answered by the one before") {
  for (int between = 0; between < 9; ++between)
    for (int step = 0; step < steps_max; ++step) {
      CAPTURE(between, step);
      auto f = doing_round();
      f->write(1);
      begin_order(*f, kind::noarchivelog);
      run_steps(*f, step);
      begin_order(*f, kind::archivelog);
      run_steps(*f, between);
      auto ended = begin_order(*f, kind::noarchivelog);
      REQUIRE(f->run_until([&] { return ended->has_value(); }));
      auto status = f->row().round.status;
      f->run_for(one_minute);
      if (!takes_log(*f) && f->row().round.id == round_id{2}) // else they came in another order
        CHECK(status == round_status::stop);
    }
}

TEST_CASE("orders at any step: NOARCHIVELOG twice keeps why the round broke") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto f = doing_round();
    f->write(1);
    REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
    f->run_for(one_minute);
    auto first = begin_order(*f, kind::noarchivelog);
    run_steps(*f, step);
    auto again = begin_order(*f, kind::noarchivelog);
    REQUIRE(f->run_until([&] { return first->has_value() && again->has_value(); }));
    f->run_for(one_second);
    auto history = f->catalog->snapshot()->round_history().value();
    REQUIRE(history.size() == 1);
    CHECK(history[0].comment.find("gone before it was archived") != std::string::npos);
  }
}

TEST_CASE("orders at any step: ARCHIVELOG twice takes a tenant back once, and its round goes on") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto first = doing_round();
    auto second = taken_by_another(*first);
    auto one = begin_order(*first, kind::archivelog);
    run_steps(*first, step);
    auto two = begin_order(*first, kind::archivelog);
    REQUIRE(first->run_until([&] { return one->has_value() && two->has_value(); }));
    CHECK(takes_log(*first));
    first->flush_as_told();
    first->run_for(one_minute);
    CHECK(first->committed().commit.record.round.id == round_id{1});
  }
}

TEST_CASE(
    "orders at any step: whoever closes is answered where the destination has the round's end already") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto first = doing_round();
    auto ended = begin_order(*first, kind::noarchivelog);
    REQUIRE(first->run_until([&] { return first->row().round.status == round_status::stopping; }));
    auto known = first->catalog->copy();
    REQUIRE(first->run_until([&] { return ended->has_value(); }));
    auto next = after_a_kill(first);
    next.catalog = known;
    runtime_fixture f{next};
    f.add_tenant();
    run_steps(f, step);
    auto closed = begin_order(f, kind::close);
    REQUIRE(f.run_until([&] { return closed->has_value(); }, one_second));
  }
}

TEST_CASE("orders at any step: whoever closes is answered once all that was accepted is durable") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto f = stopped_round();
    begin_order(*f, kind::archivelog);
    run_steps(*f, step);
    if (takes_log(*f)) {
      f->write(1, 1);
      f->write(2, 1);
    }
    auto closed = begin_order(*f, kind::close);
    REQUIRE(f->run_until([&] { return closed->has_value(); }));
    auto stream = f->runtime->intake(tenant)->find(s1);
    CHECK(stream->committed().next_lsn == stream->expected_lsn());
  }
}

TEST_CASE("orders at any step: a break is told with the bytes it is about, and a new round leads on") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto first = doing_round();
    first->write(1);
    auto f = std::make_unique<runtime_fixture>(after_a_kill(first));
    f->add_tenant();
    auto stream = f->open(1, std::nullopt);
    f->write(1, 1);
    run_steps(*f, step);
    REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
    REQUIRE(f->run_until([&] { return f->listener.has("interrupted"); }));
    f->run_for(one_minute);
    auto why = f->committed().commit.record.interruption;
    REQUIRE(why);
    CHECK(why->first_missing == stream->committed().next_lsn);
    CHECK(why->oldest_left == 500);
    REQUIRE(f->noarchivelog().ok());
    stream->recycled(500);
    REQUIRE(f->archivelog().ok());
    f->write(1, 1);
    REQUIRE(f->flush());
    CHECK(f->committed().streams.at(0).start_lsn == 500);
  }
}

TEST_CASE("orders at any step: what an engine acknowledged before it was taken over is there for the taker") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto first = doing_round();
    first->write(1, 1);
    auto wait = std::make_shared<durable_wait>();
    wait->whole_tenant = true;
    auto answer = first->ask(wait);
    run_steps(*first, step);
    runtime_fixture second{first->on_the_same()};
    second.add_tenant();
    auto stream = second.open(1, std::nullopt);
    second.write(1, 1);
    REQUIRE(second.flush_as_told());
    REQUIRE(first->run_until([&] { return answer->has_value(); }));
    auto theirs = first->runtime->intake(tenant)->find(s1)->committed().next_lsn;
    CHECK(stream->committed().next_lsn >= theirs);
    // And back again, by order.
    if (takes_log(*first))
      first->write(2, 1);
    REQUIRE(first->flush());
    REQUIRE(first->runtime->intake(tenant)->gate() == intake_gate::fenced);
    begin_order(*first, kind::archivelog);
    REQUIRE(first->run_until([&] { return takes_log(*first); }));
    REQUIRE(first->flush());
    first->write(1, 1);
    first->write(2, 1); // also what was given up of it
    auto back = first->flush_as_told();
    REQUIRE(back);
    INFO((back->outcome.ok() ? std::string() : back->outcome.error().to_string()));
    CHECK(back->outcome.ok());
    CHECK(first->runtime->intake(tenant)->find(s1)->committed().next_lsn >= stream->committed().next_lsn);
  }
}

TEST_CASE("orders at any step: ARCHIVELOG where another engine went on while it had an end to tell") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto f = untold_end();
    auto behind = f->on_the_same();
    run_steps(*f, step);
    runtime_fixture second{behind};
    second.add_tenant();
    auto theirs = second.open(1, std::nullopt);
    REQUIRE(second.archivelog().ok());
    second.write(1, 1);
    REQUIRE(second.flush_as_told());
    auto begins = theirs->committed().next_lsn;
    auto fenced = [&] { return f->runtime->intake(tenant)->gate() == intake_gate::fenced; };
    REQUIRE(f->archivelog().ok());
    f->flush_as_told();
    if (fenced()) { // it was about to end the old round when it heard of the other
      CHECK(f->listener.has("fenced"));
      REQUIRE(f->archivelog().ok());
      f->flush_as_told();
    }
    auto ours = f->runtime->intake(tenant)->find(s1);
    CHECK(ours->committed().next_lsn >= begins);
    f->write(1, 1);
    auto answer = f->flush_as_told();
    REQUIRE(answer);
    INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
    CHECK(answer->outcome.ok());
    CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
  }
}

TEST_CASE("orders at any step: a break is kept, though the round is stopped before it is told") {
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(step);
    auto f = doing_round();
    f->write(1);
    f->write(2);
    tenant_order gone = log_recycled(500);
    gone.option = f->given.option;
    f->runtime->order(tenant, gone, [](const status&) {});
    run_steps(*f, step);
    auto stopped = begin_order(*f, kind::noarchivelog);
    REQUIRE(f->run_until([&] { return stopped->has_value(); }));
    CHECK(f->row().round.status == round_status::stop);
    f->run_for(one_second);
    auto history = f->catalog->snapshot()->round_history().value();
    REQUIRE(history.size() == 1);
    bool broken = f->listener.has("interrupted"); // else NOARCHIVELOG came first
    CHECK(f->catalog->snapshot()->breaks().value().size() == (broken ? 1 : 0));
    CHECK((history[0].comment.find("gone before it was archived") != std::string::npos) == broken);
    CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
    CHECK(f->committed().commit.record.interruption.has_value() == broken);
  }
}

TEST_CASE("orders at any step: a flush asked for while one round ends and another begins is answered") {
  for (int between : {0, 2, 4, 6, 8, 12, 16, 24})
    for (int step = 0; step < steps_max; ++step) {
      CAPTURE(between, step);
      auto f = stopped_round();
      f->runtime->intake(tenant)->find(s2)->detach();
      begin_order(*f, kind::archivelog);
      REQUIRE(f->run_until([&] { return takes_log(*f); }));
      f->write(1, 1);
      begin_order(*f, kind::noarchivelog);
      run_steps(*f, step);
      begin_order(*f, kind::archivelog);
      run_steps(*f, between);
      auto wait = std::make_shared<durable_wait>();
      wait->whole_tenant = true;
      auto answer = f->ask(wait);
      REQUIRE(f->run_until([&] { return answer->has_value(); }));
    }
}

/// A commit that was under way when it was recorded said DOING again, and a kill then forgot the order.
TEST_CASE("orders at any step: NOARCHIVELOG that was recorded outlives a kill") {
  auto broken = GENERATE(false, true);
  for (int step = 0; step < steps_max; ++step) {
    CAPTURE(broken, step);
    auto f = doing_round();
    f->write(1, 1);
    if (broken)
      f->runtime->order(tenant, log_recycled(500), [](const status&) {});
    auto wait = std::make_shared<durable_wait>();
    wait->whole_tenant = true;
    auto answer = f->ask(wait);
    run_steps(*f, step);
    auto ended = begin_order(*f, kind::noarchivelog);
    bool recorded = false;
    while (!ended->has_value() && !answer->has_value()) {
      REQUIRE(f->world.step());
      recorded |= f->row().round.status == round_status::stopping;
    }
    if (!recorded || ended->has_value())
      continue;
    f->medium().set_dead(true);
    f->run_for(10 * one_second);
    CHECK(f->row().round.status == round_status::stopping);
    f->medium().clear_faults();
    runtime_fixture next{after_a_kill(f)};
    next.add_tenant();
    REQUIRE(next.run_until([&] { return next.row().round.status == round_status::stop; }));
    CHECK_FALSE(takes_log(next));
  }
}
