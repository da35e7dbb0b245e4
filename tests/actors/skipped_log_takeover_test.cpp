// Log that a stream skips: what a takeover, a restart or another engine makes of where it begins.
#include "engine/reader/round_join.hpp"
#include "tests/actors/intake_fixture.hpp"
#include "tests/actors/round_stories.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE("skipped log: what was given up and is in no round is told, though the archive is further on") {
  intake_fixture f;
  auto stream = f.open(1);
  for (lsn at = 0; at < 40; at += 10)
    REQUIRE(stream->append({at, at + 10, 10 + at, as_bytes("x")}).outcome == append_outcome::accepted);
  stream->on_committed({30, 30});
  REQUIRE(stream->give_up() == 30);
  REQUIRE(stream->accepted_upto() == 40);
  // Another engine's round began behind [30, 45).
  auto from = stream->reconcile(stream_row{stream_id{1}, 45, {60, 90}, false}, true);
  CHECK(f.intake->left_out() == 1);
  CHECK(from == lsn{60});
}

TEST_CASE("skipped log: what was given up and is in no round is not answered as durable") {
  bool begun = GENERATE(false, true);
  CAPTURE(begun); // false: the other's round is BEGINNING yet; true: it was ended
  auto first = fenced_with_log_in_no_round(!begun);
  auto& intake = *first->runtime->intake(tenant);
  auto stream = intake.find(s1);
  REQUIRE(intake.gate() == intake_gate::fenced);
  REQUIRE(stream->accepted_upto() == 40);
  REQUIRE(first->archivelog().ok());
  auto what = std::make_shared<durable_wait>(); // engine_stream::flush()
  what->stream = s1;
  what->upto = stream->accepted_upto();
  REQUIRE(what->upto == 40);
  auto answer = first->ask(what);
  REQUIRE(first->run_until([&] { return answer->has_value(); }));
  CHECK_FALSE((*answer)->outcome.ok()); // [30, 40) is archived nowhere
}

// The checkpoint passed what lies between, and then that was refused for ever.
TEST_CASE("skipped log: a promise from behind where the archive's log ends counts once that has come") {
  auto before = doing_round();
  auto f = std::make_unique<runtime_fixture>(after_a_kill(before));
  auto facts = f->facts_of();
  facts.status.round.status = round_status::beginning; // the power went before the catalog had more
  facts.status.round.start_scn = facts.status.round.checkpoint_scn = 0;
  facts.streams.clear();
  f->runtime->add_tenant(facts);
  auto there = f->committed().commit.record.round.checkpoint_scn;
  auto s = f->open(1, 500);
  f->open(2, std::nullopt);
  REQUIRE(f->runtime->intake(tenant)->advance(f->now()).ok());
  f->run_for(one_minute);
  CHECK(s->expected_lsn() == 30);
  CHECK(f->committed().commit.record.round.checkpoint_scn == there);
  for (lsn at = 30; at < 500; at += 10)
    append_one(*s, f->now());
  REQUIRE(f->runtime->intake(tenant)->advance(f->now()).ok());
  REQUIRE(f->flush_as_told()->outcome.ok());
  f->run_for(one_minute);
  CHECK(f->committed().commit.record.round.checkpoint_scn > there);
}

TEST_CASE("skipped log: where a stream begins stays said, though it was closed before the takeover") {
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s1)->detach();
  REQUIRE(f->archivelog().ok());
  auto early = f->now();
  REQUIRE(intake.advance(early).ok());
  auto stream = f->open(1, 500);
  REQUIRE(stream->expected_lsn() == 500);
  stream->detach();
  f->run_for(one_minute); // the takeover
  f->write(2);
  f->run_for(10 * one_minute);
  CHECK_FALSE(is_doing(*f)); // no word of what it skipped
  REQUIRE(intake.advance(f->now()).ok());
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  stream = f->open(1, 500);
  CHECK(stream->expected_lsn() == 500);
}

TEST_CASE("skipped log: a stream that begins behind it and was dropped before the takeover goes") {
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s1)->detach();
  REQUIRE(f->archivelog().ok());
  auto stream = f->open(1, 500);
  stream->detach();
  stream->drop_at(500);
  stream.reset();
  f->run_for(one_minute);                 // the takeover
  REQUIRE(intake.advance(f->now()).ok()); // word of what it skipped
  f->run_for(1);
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  for (int i = 0; i < 5; ++i) {
    f->run_for(one_minute);
    f->write(2);
  }
  REQUIRE(f->flush());
  CHECK(f->row().round.checkpoint_scn + 2 * one_minute > f->now());
}

TEST_CASE("skipped log: what only another destination has is not claimed, though the stream came and went "
          "between") {
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
  quiet->detach();
  quiet.reset();
  REQUIRE(f.archivelog(tenant, "memory://other").ok());
  append_one(*busy, early + 1);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  REQUIRE(f.row().round.start_scn >= late);
  auto again = f.open(2, 500);
  again->detach();
  again->drop_at(500);
  again.reset();
  f.run_for(10 * one_minute);
  append_one(*busy, early + 2);
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  f.run_for(one_minute);
  REQUIRE(f.archivelog(tenant, "memory://other").ok());
  append_one(*busy, early + 3);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  CHECK(f.row().round.start_scn >= late); // [10, ...) of stream 2 up to `late` is not at this destination
}

namespace {

/// Stream 1 was dropped in round 1, round 2 is DOING.
std::unique_ptr<runtime_fixture> round_after_a_drop() {
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s1)->detach();
  intake.find(s1)->drop_at(30);
  f->run_for(10 * one_minute);
  REQUIRE(f->flush());
  REQUIRE(find_row(f->committed().streams, s1)->dropped);
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  REQUIRE(f->archivelog().ok());
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  return f;
}

} // namespace

TEST_CASE("skipped log: rounds do not join where a dropped stream came again late behind it") {
  bool dropped = GENERATE(true, false);
  CAPTURE(dropped);
  auto f = round_after_a_drop();
  auto stream = f->open(1, 500); // [30, 500) is nowhere
  f->run_for(10 * one_minute);
  if (dropped) {
    stream->detach();
    stream->drop_at(500);
  }
  stream.reset();
  f->run_for(10 * one_minute);
  f->write(2);
  REQUIRE(f->flush());
  f->run_for(one_minute);
  CHECK(f->catalog->snapshot()->round_joins().value().empty());
  if (!dropped)
    return;
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  CHECK(f->catalog->snapshot()->round_joins().value().empty());
}

TEST_CASE("skipped log: rounds do not join over it, also after a restart") {
  auto first = round_after_a_drop();
  first->open(1, 500); // [30, 500) is nowhere
  first->run_for(10 * one_minute);
  first->write(2);
  REQUIRE(first->flush());
  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(2, std::nullopt);
  second.write(2);
  REQUIRE(second.flush());
  REQUIRE(second.noarchivelog().ok());
  second.run_for(one_minute);
  CHECK(second.catalog->snapshot()->round_joins().value().empty());
}

TEST_CASE("skipped log: a stream closed before the takeover stays in the checkpoint of a DOING round") {
  auto first = second_round_without_s1();
  auto begin = lsn{500};
  CAPTURE(begin);
  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  auto stream = second.open(1, begin);
  second.run_for(1'000);
  auto when = second.now(); // of what it writes next
  stream->detach();
  second.open(2, std::nullopt);
  for (int i = 0; i < 3; ++i) {
    second.run_for(one_minute);
    second.write(2);
    REQUIRE(second.flush());
  }
  stream = second.open(1, begin);
  auto answer = stream->append({begin, begin + 10, when, as_bytes("x")});
  INFO(answer.failed.to_string());
  CHECK(answer.outcome == append_outcome::accepted);
}

TEST_CASE(
    "skipped log: a stream dropped behind it while its appender is there makes no commit after commit") {
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s1)->detach();
  bool doing = GENERATE(true, false);
  bool word = GENERATE(true, false);
  CAPTURE(doing, word);
  REQUIRE(f->archivelog().ok());
  if (!doing)
    f->open(3, std::nullopt);
  f->write(2);
  REQUIRE(f->flush());
  f->run_for(one_minute);
  REQUIRE(is_doing(*f) == doing);
  auto stream = f->open(1, 500);
  f->run_for(one_minute);
  if (word)
    REQUIRE(stream->advance(f->now()).ok());
  stream->drop_at(500);
  f->run_for(20 * one_minute);
  auto seq = f->committed().commit.record.seq;
  f->run_for(60 * one_minute);
  CHECK(f->committed().commit.record.seq == seq);
  stream->detach();
  stream.reset();
  f->run_for(20 * one_minute);
  seq = f->committed().commit.record.seq;
  f->run_for(60 * one_minute);
  CHECK(f->committed().commit.record.seq == seq);
  if (doing || word)
    CHECK_FALSE(intake.find(s1));
}

TEST_CASE("skipped log: a fresh stream opened with its start after an advance does not hold the round") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto& intake = *f.runtime->intake(tenant);
  REQUIRE(intake.advance(f.now()).ok());
  f.open(1, 500);
  f.run_for(20 * one_minute);
  CHECK(is_doing(f));
}

TEST_CASE("skipped log: where a source said that a stream begins stays said, though it was closed") {
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
  pulled->detach();
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
  REQUIRE(first->archivelog().ok());
  first->run_for(one_minute);
  CHECK(pulled->expected_lsn() == 500);
}

TEST_CASE("skipped log: where to hand over from is one LSN, where log is gone before a round begins") {
  auto f = stopped_round();
  auto stream = f->runtime->intake(tenant)->find(s1);
  stream->recycled(500);
  REQUIRE(f->archivelog().ok());
  f->run_for(one_minute);
  CHECK(stream->expected_lsn() == 500);
  CHECK(stream->resume().next_lsn == 500);
}

TEST_CASE("skipped log: gone behind where a stream was said to begin, it breaks a DOING round, whenever it "
          "was said") {
  bool before = GENERATE(true, false);
  CAPTURE(before);
  auto first = second_round_without_s1();
  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(2, std::nullopt);
  auto stream = second.open(1, 100);
  REQUIRE(stream->expected_lsn() == 100);
  if (!before) {
    second.write(2);
    REQUIRE(second.flush());
  }
  second.run_for(one_minute);
  auto lost = second.now(); // the host writes [100, 500) until now
  auto missing = stream->expected_lsn();
  stream->recycled(500);
  auto order = log_recycled(500);
  order.broken.first_missing = missing;
  REQUIRE(second.give_order(tenant, order).ok());
  REQUIRE(second.flush());
  REQUIRE(second.runtime->intake(tenant)->advance(lost).ok());
  second.flush();
  second.run_for(10 * one_minute);
  CHECK(second.row().round.status == round_status::interrupted);
  CHECK(second.row().round.checkpoint_scn < lost); // which would claim it
}

TEST_CASE("skipped log: of a stream that takes no part it does not freeze the checkpoint after a restart") {
  auto first = second_round_without_s1();
  bool set_back = GENERATE(false, true);
  CAPTURE(set_back);
  runtime_fixture second{after_a_kill(first)};
  second.add_tenant();
  second.open(2, std::nullopt);
  auto stream = second.open(1, std::nullopt);
  stream->recycled(500);
  REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(second.flush());
  auto& intake = *second.runtime->intake(tenant);
  for (int i = 0; i < 5; ++i) {
    second.run_for(one_minute);
    REQUIRE(intake.advance(second.now()).ok());
  }
  REQUIRE(second.flush());
  CHECK(second.row().round.status == round_status::doing);
  CHECK(second.row().round.checkpoint_scn + 2 * one_minute > second.now());
}
