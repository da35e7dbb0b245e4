// What a round claims: where it begins, and of which streams it waits for word or log.
#include "engine/reader/round_join.hpp"
#include "tests/actors/round_stories.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE("round claims: what a stream lacks below its beginning is not claimed, though it ended since") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto idle = f.open(1, std::nullopt), ends = f.open(2, std::nullopt);
  f.run_for(one_minute);
  auto early = f.now();
  f.run_for(one_minute);
  auto begins = f.now();
  REQUIRE(ends->append({500, 510, begins, as_bytes("x")}).outcome == append_outcome::accepted);
  ends->drop_at(510);
  f.run_for(10 * one_minute); // its log is durable, and the round waits for stream 1
  REQUIRE(idle->append({100, 110, early, as_bytes("x")}).outcome == append_outcome::accepted);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return f.row().round.status == round_status::doing; }));
  CHECK(f.row().round.start_scn == begins);
}

// What a stream lacks below its beginning is known to the engine that saw it begin, and to the rounds after
// only by what commits say.
TEST_CASE("round claims: what a stream skipped in a round without its log is in no later round's window") {
  runtime_fixture f;
  f.add_tenant();
  auto busy = f.open(1, std::nullopt);
  auto pulled = f.runtime->intake(tenant)->open(stream_id{2}, std::nullopt, true).value();
  scn first = f.now();
  auto busy_writes = [&] {
    auto next = busy->expected_lsn();
    REQUIRE(busy->append({next, next + 10, ++first, as_bytes("x")}).outcome == append_outcome::accepted);
  };
  auto skipped = first + one_minute;
  auto doing = [&] { return is_doing(f); };
  auto begin = [&] {
    REQUIRE(f.archivelog().ok());
    busy_writes();
    REQUIRE(f.flush());
    pulled->start_at(500);
    REQUIRE(f.flush());
  };
  begin();
  SECTION("a round that never was DOING") {
    f.run_for(one_minute);
    REQUIRE_FALSE(doing());
    REQUIRE(f.noarchivelog().ok());
    begin();
    f.run_for(one_minute);
    CHECK_FALSE(doing());
    REQUIRE(pulled->append({500, 510, skipped, as_bytes("x")}).outcome == append_outcome::accepted);
  }
  SECTION("one that began at an advance of it") {
    CHECK(pulled->advance(skipped).ok());
    REQUIRE(f.flush());
    REQUIRE(f.run_until(doing));
    REQUIRE(f.noarchivelog().ok());
    begin();
  }
  REQUIRE(f.flush());
  CHECK(f.run_until(doing));
  CHECK(f.row().comment == "");
  CHECK(f.row().round.start_scn == skipped);
}

TEST_CASE("round claims: a restart in BEGINNING does not forget that log was skipped before a stream began") {
  auto first = second_round();
  auto early = first->now();
  first->run_for(one_minute);
  auto begins = first->now();
  auto stream = first->runtime->intake(tenant)->find(s1);
  REQUIRE(first->give_order(tenant, log_recycled(500)).ok());
  append_one(*stream, begins, 500);
  REQUIRE(first->flush());
  REQUIRE(first->committed().commit.record.round.status == round_status::beginning);
  stream.reset();

  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(1, std::nullopt);
  append_one(*second.open(2, std::nullopt), early);
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return is_doing(second); }));
  CHECK(second.row().round.start_scn >= begins);
}

TEST_CASE(
    "round claims: what a stream skipped is not claimed, though it was dropped without log of its own") {
  auto f = stopped_round();
  auto early = f->now();
  auto& intake = *f->runtime->intake(tenant);
  bool pull = GENERATE(false, true);
  if (pull) {
    intake.find(s1)->detach();
    REQUIRE(intake.open(s1, std::nullopt, true).ok());
  } else {
    intake.find(s1)->recycled(500);
  }
  f->run_for(one_minute);
  auto skipped = f->now(); // what lies below 500 may have been written until now
  REQUIRE(f->archivelog().ok());
  if (pull)
    intake.find(s1)->start_at(500);
  intake.find(s1)->detach();
  intake.find(s1)->drop_at(500);
  REQUIRE(f->flush());
  append_one(*intake.find(s2), early);
  REQUIRE(f->flush());
  f->run_for(one_minute);
  CHECK_FALSE(is_doing(*f));
  REQUIRE(intake.advance(skipped).ok());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  CHECK(f->row().round.start_scn == skipped);
}

TEST_CASE("round claims: what only another destination has of a stream is not in a round that begins here") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto busy = f.open(1), quiet = f.open(2);
  auto early = f.now();
  f.run_for(one_minute);
  append_one(*busy, early);
  append_one(*quiet, f.now());
  auto late = f.now();
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  bool closed = GENERATE(false, true);
  if (closed)
    quiet->detach();
  REQUIRE(f.archivelog(tenant, "memory://other").ok());
  append_one(*busy, early + 1);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  CHECK(f.row().round.start_scn >= late);
}

TEST_CASE("round claims: an advance to the same SCN counts once it is said in this round") {
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  auto idle_since = f->now();
  REQUIRE(intake.advance(idle_since).ok()); // the database writes nothing from here on
  REQUIRE(f->flush());
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->archivelog().ok());
  REQUIRE(intake.advance(idle_since).ok());
  CHECK(f->run_until([&] { return is_doing(*f); }));
}

TEST_CASE("round claims: log that is lost of a stream for which a round speaks breaks it, though it has no "
          "checkpoint yet") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  f.open(2, 0); // brings nothing
  auto stream = f.open(1, std::nullopt);
  REQUIRE(stream->advance(f.now()).ok());
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  REQUIRE(f.row().round.checkpoint_scn == 0);
  REQUIRE(f.give_order(tenant, log_recycled(500)).ok());
  CHECK(f.run_until([&] { return f.row().round.status == round_status::interrupted; }));
}

TEST_CASE("round claims: the checkpoint of a round that the catalog knew does not count in the one that a "
          "takeover finds") {
  auto first = first_round();
  first->run_for(one_minute);
  REQUIRE(first->runtime->intake(tenant)->advance(first->now()).ok());
  REQUIRE(first->flush());
  auto older = first->catalog->copy();
  REQUIRE(first->noarchivelog().ok());
  REQUIRE(first->archivelog().ok());
  first->write(2);
  REQUIRE(first->flush());
  REQUIRE(first->committed().commit.record.round.id == round_id{2});
  REQUIRE(first->committed().commit.record.round.status == round_status::beginning);
  auto next = after_a_kill(first);
  next.catalog = older;
  runtime_fixture second{next};
  REQUIRE(second.row().round.checkpoint_scn > 0);
  second.add_tenant();
  second.open(1, std::nullopt);
  REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  second.run_for(one_minute);
  CHECK(second.row().round.status == round_status::beginning);
}

TEST_CASE("round claims: what was let go before a round that only the takeover begins is no break of it") {
  auto first = doing_round();
  auto older = first->catalog->copy();
  REQUIRE(first->noarchivelog().ok());
  auto next = after_a_kill(first);
  next.catalog = older; // it says that round 1 goes on
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  second.open(2, std::nullopt);
  stream->recycled(500);
  REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  second.run_for(one_minute);
  CHECK(second.row().round.status == round_status::beginning);
  append_one(*stream, second.now(), 500);
  second.write(2);
  REQUIRE(second.flush());
  CHECK(second.run_until([&] { return is_doing(second); }));
}

TEST_CASE("round claims: a quiet stream that is open takes part, also for the engine after a restart") {
  auto first = second_round();
  first->write(1);
  REQUIRE(first->flush());
  first->run_for(one_minute);
  REQUIRE(first->committed().commit.record.round.status == round_status::beginning);
  auto rows = first->committed().streams;
  REQUIRE(find_row(rows, s2));
  CHECK_FALSE(find_row(rows, s2)->dropped);

  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.write(1);
  REQUIRE(second.flush());
  second.run_for(one_minute);
  CHECK(second.row().round.status == round_status::beginning);
  second.open(2, std::nullopt);
  second.write(2);
  auto begins = second.now();
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return is_doing(second); }));
  CHECK(second.row().round.start_scn == begins);
}

TEST_CASE("round claims: a quiet stream that is dropped does not hold back the engine after a restart") {
  auto first = second_round();
  first->write(1);
  REQUIRE(first->flush());
  first->run_for(one_minute);
  auto quiet = first->runtime->intake(tenant)->find(s2);
  auto rows = first->committed().streams;
  REQUIRE_FALSE(find_row(rows, s2)->dropped);
  quiet->drop_at(quiet->expected_lsn());
  quiet->detach();
  quiet.reset();
  REQUIRE(first->flush());
  REQUIRE(first->run_until([&] { return is_doing(*first); }));
  first->run_for(one_minute);
  rows = first->committed().streams;
  CHECK(find_row(rows, s2)->dropped);

  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.write(1);
  REQUIRE(second.flush());
  auto checkpoint = second.row().round.checkpoint_scn;
  second.run_for(one_minute);
  second.write(1);
  REQUIRE(second.flush());
  CHECK(second.row().round.checkpoint_scn > checkpoint);
}

TEST_CASE("round claims: a stream that came back late and quiet is not dropped where the round ends") {
  auto f = second_round();
  f->runtime->intake(tenant)->find(s2)->drop_at(0);
  f->runtime->intake(tenant)->find(s2)->detach();
  f->write(1);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  auto dropped = [&] {
    auto rows = f->committed().streams;
    REQUIRE(find_row(rows, s2));
    return find_row(rows, s2)->dropped;
  };
  REQUIRE(dropped());
  f->open(2, std::nullopt);
  REQUIRE(f->noarchivelog().ok());
  CHECK_FALSE(dropped()); // nobody knows what it has written since
}

TEST_CASE(
    "round claims: a beginning said behind what the archive has is waited for, though the catalog does not "
    "know the stream") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  first->open(2, std::nullopt);
  first->write(2);
  REQUIRE(first->flush());
  auto older = first->catalog->copy();
  first->open(1, std::nullopt);
  first->write(1, 10);
  REQUIRE(first->flush());
  REQUIRE(first->noarchivelog().ok());
  auto next = after_a_kill(first);
  next.catalog = older;
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, 500);
  second.open(2, std::nullopt);
  second.write(2);
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  second.write(2); // what it took before was of the round that had ended
  REQUIRE(second.flush());
  second.run_for(one_minute);
  CHECK(second.row().round.status == round_status::beginning);
  auto begins = second.now();
  append_one(*stream, begins);
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return is_doing(second); }));
  CHECK(second.row().round.start_scn == begins);
}

TEST_CASE(
    "round claims: a stream that wrote and was dropped before the round began holds its start up all the "
    "same") {
  auto f = second_round();
  auto ended = f->runtime->intake(tenant)->find(s1);
  auto at = f->now() + one_minute;
  append_one(*ended, at);
  ended->detach();
  ended->drop_at(ended->expected_lsn());
  ended.reset();
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return !f->runtime->intake(tenant)->find(s1); }));
  append_one(*f->runtime->intake(tenant)->find(s2), at - one_second);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  CHECK(f->row().round.start_scn >= at); // what it skipped before that is not here
}
