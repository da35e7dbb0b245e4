#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;

// What is answered, and done, where little or nothing is to be done.

namespace {

using answer_ptr = std::shared_ptr<std::optional<durable_answer>>;

answer_ptr wait_for(runtime_fixture& f, stream_id stream, lsn upto) {
  auto wait = std::make_shared<durable_wait>();
  wait->stream = stream;
  wait->upto = upto;
  return f.ask(std::move(wait));
}

errc code_of(runtime_fixture& f, const answer_ptr& answer) {
  REQUIRE(f.run_until([&] { return answer->has_value(); }));
  return (*answer)->outcome.code();
}

status order(runtime_fixture& f, tenant_order::kind what) {
  tenant_order given;
  given.what = what;
  given.destination = "memory://d";
  return f.give_order(tenant, given);
}

/// Of a destination that does not answer.
void order_unanswered(runtime_fixture& f, tenant_order::kind what) {
  tenant_order given;
  given.what = what;
  given.option = f.given.option;
  f.runtime->order(tenant, given, [](const status&) {});
  f.run_for(one_second);
}

std::unique_ptr<runtime_fixture> next_life(std::unique_ptr<runtime_fixture>& killed) {
  auto f = std::make_unique<runtime_fixture>(after_a_kill(killed));
  f->add_tenant();
  return f;
}

} // namespace

TEST_CASE("checkpoint answers: who waits for nothing of a stream without log has it with the next commit") {
  auto f = first_round();
  f->open(3, std::nullopt);
  f->write(1, 1);
  CHECK(code_of(*f, wait_for(*f, s3, 0)) == errc::ok);
  // And for log that it never took: it must be handed over.
  CHECK(code_of(*f, wait_for(*f, s3, 10)) == errc::canceled);
  CHECK(code_of(*f, wait_for(*f, stream_id{9}, 10)) == errc::canceled); // nor does anybody have that stream
}

TEST_CASE(
    "checkpoint answers: where no round is in force there is nothing to wait for, and nothing to close") {
  auto f = stopped_round();
  CHECK(code_of(*f, wait_for(*f, s1, 10)) == errc::not_archiving);
  CHECK(order(*f, tenant_order::kind::close).ok());
  // Also while the destination is being told how the last round ended.
  REQUIRE(f->archivelog().ok());
  f->write(1);
  f->write(2);
  REQUIRE(f->flush());
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  CHECK(code_of(*f, wait_for(*f, s1, 10)) == errc::not_archiving);
  CHECK(order(*f, tenant_order::kind::close).ok());
}

TEST_CASE("checkpoint answers: an engine that has nothing to commit closes at once") {
  auto f = doing_round();
  f->run_for(one_minute);
  auto commits = f->runtime->commits.load();
  CHECK(order(*f, tenant_order::kind::close).ok());
  CHECK(f->runtime->commits.load() == commits);
}

TEST_CASE("checkpoint answers: of a tenant that was dropped the destination hears nothing more") {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(order(*f, tenant_order::kind::drop).ok());
  f->medium().set_dead(false);
  auto calls = f->medium().calls();
  f->run_for(10 * one_minute);
  CHECK(f->medium().calls() == calls);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().size() == 1); // for the day it is registered again
}

TEST_CASE(
    "checkpoint answers: a fenced engine's NOARCHIVELOG ends the round here, and is not told to the other") {
  auto f = doing_round();
  auto second = taken_by_another(*f);
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
  f->run_for(10 * one_minute);
  CHECK(second->committed().commit.record.round.status == round_status::doing);
}

TEST_CASE("checkpoint answers: NOARCHIVELOG right after a restart ends the round at the destination") {
  auto f = doing_round();
  SECTION("given there") {
    f = next_life(f);
    REQUIRE(f->noarchivelog().ok());
  }
  SECTION("given before, when the destination was away") {
    f->medium().set_dead(true);
    order_unanswered(*f, tenant_order::kind::noarchivelog);
    f->medium().set_dead(false);
    f = next_life(f);
    REQUIRE(f->run_until([&] { return f->row().round.status == round_status::stop; }));
  }
  f->run_for(one_second);
  CHECK(f->committed().commit.record.round.status == round_status::stop);
  CHECK(f->row().round == f->committed().commit.record.round);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

TEST_CASE("checkpoint answers: once a round is over the gate is closed, whatever came before") {
  std::unique_ptr<runtime_fixture> f;
  SECTION("an earlier life knew it as INTERRUPTED") {
    auto first = doing_round();
    first->write(1);
    REQUIRE(first->give_order(tenant, log_recycled(500)).ok());
    REQUIRE(first->run_until([&] { return first->listener.has("interrupted"); }));
    first->run_for(one_minute);
    f = next_life(first);
    f->open(1, std::nullopt);
  }
  SECTION("the tenant is lost meanwhile") {
    f = doing_round();
    runtime_fixture second{f->on_the_same()};
    second.add_tenant();
    second.open(1, std::nullopt);
    second.write(1, 1);
    REQUIRE(second.flush());
    f->write(1, 1);
  }
  SECTION("the tenant stops meanwhile") {
    f = doing_round();
    f->write(1);
    f->medium().plan({.code = errc::invalid_destination});
    f->cannot_open = fail(errc::foreign_destination, "another disk");
  }
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->row().round.status == round_status::stop);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
}

TEST_CASE("checkpoint answers: ARCHIVELOG while the round is STOPPING is refused") {
  auto f = doing_round();
  f->medium().set_dead(true);
  order_unanswered(*f, tenant_order::kind::noarchivelog);
  REQUIRE(f->row().round.status == round_status::stopping);
  auto refused = order(*f, tenant_order::kind::archivelog);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("STOPPING") != std::string::npos);
  CHECK(f->runtime->intake(tenant)->gate() == intake_gate::closed);
}

TEST_CASE("checkpoint answers: what one destination was not told waits while the tenant is at another") {
  auto f = doing_round();
  f->medium().set_dead(true);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->archivelog(tenant, "memory://e").ok());
  f->write(1);
  f->write(2);
  REQUIRE(f->flush());
  f->medium().set_dead(false);
  f->run_for(10 * one_minute);
  CHECK(f->committed().commit.record.round.status == round_status::doing);
  CHECK(f->catalog->snapshot()->outbox(tenant).value().size() == 1);
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->archivelog().ok());
  f->write(1);
  f->write(2);
  REQUIRE(f->flush());
  CHECK(f->committed().commit.record.round.id == round_id{3});
  CHECK(f->catalog->snapshot()->outbox(tenant).value().empty());
}

TEST_CASE("checkpoint answers: answers of a destination that come after a stop has timed out are not heard") {
  for (int step = 0; step < 60; ++step) {
    CAPTURE(step);
    auto f = doing_round();
    f->write(1);
    auto flushed = wait_for(*f, s1, f->runtime->intake(tenant)->find(s1)->expected_lsn());
    for (int i = 0; i < step; ++i)
      REQUIRE(f->world.step());
    f->world.set_latency([](std::string_view actor) { return actor == "io_worker" ? 40 * one_second : 0; });
    REQUIRE(f->noarchivelog().ok());
    CHECK(f->row().round.status == round_status::stop);
    REQUIRE(flushed->has_value());
    auto stream = f->runtime->intake(tenant)->find(s1);
    CHECK((*flushed)->outcome.ok() == (stream->committed().next_lsn >= 60));
    f->world.set_latency({});
    auto begins = stream->committed().next_lsn;
    REQUIRE(f->archivelog().ok());
    f->run_for(one_minute);
    f->write(1);
    f->write(2);
    auto answer = f->flush();
    REQUIRE(answer);
    CHECK(answer->outcome.ok());
    CHECK(f->committed().commit.record.round.id == round_id{2});
    // Or behind what got to the destination though nobody heard of it.
    auto start = f->committed().streams.at(0).start_lsn;
    CHECK((start == begins || start == 60));
  }
}

TEST_CASE("checkpoint answers: a repeat that cannot be read back is taken unseen") {
  auto f = doing_round();
  auto stream = f->runtime->intake(tenant)->find(s1);
  auto repeat = [&] { return stream->append({20, 30, f->now(), as_bytes("whatever it was")}).outcome; };
  SECTION("its destination fails") {
    f->medium().plan({.only = fault_medium::call::read, .for_good = true});
  }
  SECTION("its segment is lost") {
    for (auto& path : f->paths("/seg-"))
      f->medium().erase(path);
  }
  CHECK(repeat() == append_outcome::full); // it is being read
  REQUIRE(f->run_until([&] { return repeat() != append_outcome::full; }, one_minute));
  CHECK(repeat() == append_outcome::repeated);
  CHECK(f->runtime->intake(tenant)->repeats_uncompared == 2);
}

TEST_CASE("checkpoint answers: of many streams the view names three, and says how many more there are") {
  auto f = second_round();
  for (std::uint64_t id = 3; id < 8; ++id)
    f->open(id, std::nullopt);
  f->write(1, 1);
  REQUIRE(f->flush());
  REQUIRE(
      f->run_until([&] { return f->row().comment.find("stream 2, 3, 4 and 3 more") != std::string::npos; }));
  f->write(2, 1);
  for (std::uint64_t id = 3; id < 8; ++id)
    f->write(id);
  REQUIRE(f->flush());
  f->medium().set_dead(true);
  for (std::uint64_t id = 3; id < 8; ++id)
    f->write(id);
  REQUIRE(f->noarchivelog().ok());
  auto why = f->catalog->snapshot()->round_history().value().back().comment;
  CHECK(why.find("stream 5 is archived up to LSN 30") != std::string::npos);
  CHECK(why.find("; and 2 more streams") != std::string::npos);
}

TEST_CASE(
    "checkpoint answers: who waits for a commit that is still to be made when the engine ends is not told "
    "that it was made") {
  auto f = doing_round();
  f->medium().plan({.only = fault_medium::call::create, .for_good = true});
  f->write(1, 1);
  auto answer = wait_for(*f, s1, 40);
  f->run_for(10 * one_second);
  REQUIRE_FALSE(answer->has_value());
  f.reset();
  REQUIRE(answer->has_value());
  CHECK((*answer)->outcome.code() == errc::closed);
}

// It made one commit after the other: what is only said to begin there is in none.
TEST_CASE("checkpoint answers: who waits for log that may never come makes no commits") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  f.open(1, 500);
  auto answer = wait_for(f, s1, 500);
  f.run_for(one_second);
  auto before = f.paths("/commits/").size();
  f.run_for(one_minute);
  CHECK(f.paths("/commits/").size() - before < 20);
  CHECK_FALSE(answer->has_value());
  f.write(1);
  CHECK(code_of(f, answer) == errc::ok);
}
