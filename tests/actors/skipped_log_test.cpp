// Log that a stream skips before a round begins: where the round may begin then, and what is a break.
#include "engine/reader/round_join.hpp"
#include "tests/actors/intake_fixture.hpp"
#include "tests/actors/round_stories.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE("skipped log: what was said before log was skipped does not tell where the round begins") {
  intake_fixture f;
  auto stream = f.open(1);
  f.intake->begin_round();
  CHECK(stream->advance(50).ok());
  CHECK(f.intake->advance(60).ok());
  REQUIRE_FALSE(stream->support(nullptr).waits_for_start);
  stream->recycled(500);
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(stream->advance(61).ok());
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
  SECTION("by its host again") {
    stream->recycled(510);
    CHECK(stream->support(nullptr).waits_for_start);
    CHECK(f.intake->advance(70).ok());
    CHECK(stream->support(nullptr).start_scn == 70);
  }
  SECTION("by its host, but the archive has it") {
    stream->recycled(510);
    stream->reconcile(stream_row{stream_id{1}, 510, {510, 40}, false}, true);
    CHECK(stream->support(nullptr).start_scn == 61);
  }
}

TEST_CASE("skipped log: what was said before a source begins behind skipped log does not tell where") {
  intake_fixture f;
  auto stream = f.intake->open(stream_id{1}, std::nullopt, true).value();
  CHECK(f.intake->advance(60).ok());
  stream->reconcile(stream_row{stream_id{1}, 0, {10, 40}, false}, true);
  SECTION("it goes on where the archive ends") {
    stream->start_at(10);
    CHECK_FALSE(stream->support(nullptr).waits_for_start);
  }
  SECTION("it does not") {
    stream->start_at(11);
    CHECK(stream->support(nullptr).waits_for_start);
    CHECK(stream->advance(61).ok());
    CHECK(stream->support(nullptr).start_scn == 61);
  }
}

TEST_CASE("skipped log: in a round that a takeover begins, a source says where, and is asked once") {
  intake_fixture f;
  f.intake->remember({stream_id{1}, 0, {10, 40}, false});
  auto stream = f.intake->open(stream_id{1}, std::nullopt, true).value();
  REQUIRE(stream->started());
  stream_row archived{stream_id{1}, 20, {20, 45}, false};
  stream->reconcile(archived, true);
  CHECK_FALSE(stream->started());
  stream->start_at(500);
  stream->reconcile(archived, true);
  CHECK(stream->started());
  CHECK(stream->expected_lsn() == 500);
}

TEST_CASE("skipped log: an advance from before a stream was opened behind it tells no beginning") {
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s1)->detach();
  REQUIRE(f->archivelog().ok());
  auto pulled = intake.open(s3, std::nullopt, true).value(); // holds the round in BEGINNING
  auto early = f->now();
  REQUIRE(intake.advance(early).ok()); // true: nothing at or below will follow
  f->run_for(one_minute);
  auto skipped = f->now(); // the host writes stream 1 up to LSN 500 meanwhile, and lets it go
  f->open(1, 500);
  pulled->start_at(0);
  f->run_for(one_minute);
  CHECK_FALSE(is_doing(*f));
  REQUIRE(intake.advance(skipped).ok());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  CHECK(f->row().round.start_scn == skipped);
}

TEST_CASE("skipped log: a round that begins does not begin a stream behind what was let go after it was "
          "looked at") {
  auto f = second_round();
  auto& intake = *f->runtime->intake(tenant);
  auto stream = intake.find(s1);
  REQUIRE(intake.advance(f->now()).ok());
  auto before = stream->support(nullptr); // decide_checkpoint()
  REQUIRE_FALSE(before.waits_for_start);
  stream->recycled(500); // the host, in between
  stream->go_on();
  auto after = stream->support(nullptr);
  CHECK_FALSE((after.started &&
               after.row.start_lsn == 500)); // log_recycled() finds no break, and the round has no word
}

namespace {

/// Round 1 ends with stream 1 dropped; in round 2, which stream 3 holds in BEGINNING, it came again behind
/// log that nobody has, and was dropped with that noted.
std::unique_ptr<runtime_fixture> came_again_and_was_dropped(scn& skipped, bool dropped_before, bool let_go) {
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  auto held = f->open(3, 0);
  f->write(3);
  REQUIRE(f->flush());
  held->detach();
  held.reset();
  intake.find(s1)->detach();
  if (dropped_before) {
    intake.find(s1)->drop_at(30);
    f->run_for(10 * one_minute);
    REQUIRE(f->flush());
    REQUIRE(find_row(f->committed().streams, s1)->dropped);
  }
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->noarchivelog().ok());
  f->run_for(one_minute);
  std::shared_ptr<stream_buffer> stream;
  if (let_go) {
    stream = f->open(1, std::nullopt);
    stream->recycled(500);
  }
  REQUIRE(f->archivelog().ok());
  auto pulled = intake.open(s3, std::nullopt, true).value(); // holds the round in BEGINNING
  if (!let_go)
    stream = f->open(1, 500);
  skipped = f->now();
  REQUIRE(intake.advance(skipped).ok());
  f->run_for(one_minute);
  stream->detach();
  stream->drop_at(500);
  stream.reset();
  f->run_for(10 * one_minute);
  REQUIRE(f->committed().commit.record.round.status == round_status::beginning);
  return f;
}

} // namespace

TEST_CASE(
    "skipped log: rounds do not join where a dropped stream came again behind it and was dropped again") {
  scn skipped = 0;
  auto f = came_again_and_was_dropped(skipped, true, GENERATE(false, true));
  auto& intake = *f->runtime->intake(tenant);
  intake.find(s3)->start_at(30);
  f->write(3);
  f->write(2);
  REQUIRE(f->flush());
  REQUIRE(f->run_until([&] { return is_doing(*f); }));
  CHECK(f->row().round.start_scn >= skipped);
  f->write(2);
  REQUIRE(f->flush());
  f->run_for(one_minute);
  CHECK(f->catalog->snapshot()->round_joins().value().empty());
}

TEST_CASE("skipped log: while a round waits for word of it nothing is committed") {
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  bool pull = GENERATE(false, true);
  if (pull) {
    intake.find(s1)->detach();
    REQUIRE(intake.open(s1, std::nullopt, true).ok());
  } else {
    intake.find(s1)->recycled(500);
  }
  REQUIRE(f->archivelog().ok());
  if (pull)
    intake.find(s1)->start_at(500);
  f->run_for(one_minute);
  intake.find(s1)->detach();
  intake.find(s1)->drop_at(500);
  f->write(2);
  f->run_for(20 * one_minute);
  auto seq = f->committed().commit.record.seq;
  f->run_for(60 * one_minute);
  CHECK(f->committed().commit.record.seq == seq);
}

TEST_CASE("skipped log: an idle stream that never had log here does not freeze the checkpoint behind it") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto stream = f.open(1, std::nullopt);
  auto& intake = *f.runtime->intake(tenant);
  stream->recycled(500);
  REQUIRE(f.give_order(tenant, log_recycled(500)).ok());
  bool dropped = GENERATE(false, true);
  CAPTURE(dropped);
  if (dropped) {
    stream->detach();
    stream->drop_at(500);
  }
  f.open(2, std::nullopt);
  f.write(2);
  REQUIRE(intake.advance(f.now()).ok());
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return is_doing(f); }));
  for (int i = 0; i < 5; ++i) {
    f.run_for(one_minute);
    REQUIRE(intake.advance(f.now()).ok());
  }
  REQUIRE(f.flush());
  CHECK(f.row().round.status == round_status::doing);
  CHECK(f.row().round.checkpoint_scn + 2 * one_minute > f.now());
}

TEST_CASE("skipped log: an advance to the same SCN counts once it is said behind it") {
  auto f = doing_round();
  auto& intake = *f->runtime->intake(tenant);
  REQUIRE(f->noarchivelog().ok());
  intake.find(s1)->detach();
  auto pulled = intake.open(s1, std::nullopt, true).value();
  f->run_for(one_minute);
  auto idle_since = f->now(); // stream 1 is at 500, the database writes nothing from here on
  REQUIRE(f->archivelog().ok());
  REQUIRE(intake.advance(idle_since).ok());
  pulled->start_at(500); // the source's replay point
  for (int i = 0; i < 10; ++i) {
    f->run_for(one_minute);
    REQUIRE(intake.advance(idle_since).ok());
  }
  CHECK(is_doing(*f));
}

TEST_CASE("skipped log: let go twice before a round begins, it is no break of it, whenever it was said") {
  auto when = GENERATE("in STOP", "before the takeover", "after it");
  CAPTURE(when);
  auto f = stopped_round();
  auto& intake = *f->runtime->intake(tenant);
  if (when == std::string("in STOP"))
    intake.find(s1)->recycled(500);
  REQUIRE(f->archivelog().ok());
  if (when == std::string("after it")) {
    REQUIRE(f->run_until([&] { return f->committed().commit.record.round.id == round_id{2}; }));
    f->run_for(one_minute);
  }
  if (intake.find(s1)->expected_lsn() < 500) {
    intake.find(s1)->recycled(500);
    REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
  }
  f->run_for(one_minute);
  intake.find(s1)->recycled(600);
  if (intake.find(s1)->expected_lsn() < 600)
    REQUIRE(f->give_order(tenant, log_recycled(600)).ok());
  f->run_for(one_minute);
  CHECK(f->row().round.status == round_status::beginning);
}

TEST_CASE("skipped log: let go while another engine had the tenant and ended its round, it is no break of "
          "the next") {
  bool pull = GENERATE(false, true);
  CAPTURE(pull);
  auto first = doing_round();
  runtime_fixture second{first->on_the_same()};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.open(2, std::nullopt);
  second.write(1);
  REQUIRE(second.flush()->outcome.ok());
  REQUIRE(second.noarchivelog().ok());
  second.run_for(one_minute);
  REQUIRE(second.row().round.status == round_status::stop);
  auto& intake = *first->runtime->intake(tenant);
  first->run_for(one_minute);
  REQUIRE(intake.advance(first->now()).ok());
  first->flush(); // it has all that is waited for, and is fenced
  REQUIRE(intake.gate() == intake_gate::fenced);
  auto stream = intake.find(s1);
  if (pull) {
    stream->detach();
    stream = intake.open(s1, std::nullopt, true).value();
  }
  stream->recycled(500); // log_recycled: no round takes log here
  REQUIRE(first->archivelog().ok());
  REQUIRE(first->run_until([&] { return first->row().round.id == round_id{2}; }));
  first->run_for(one_minute);
  if (pull)
    CHECK_FALSE(stream->started()); // else the source is not asked, and read() finds a gap
  else {
    CHECK(stream->expected_lsn() == 500);
    if (stream->expected_lsn() < 500)
      REQUIRE(first->give_order(tenant, log_recycled(500)).ok()); // what the host says to a gap
  }
  first->run_for(one_minute);
  CHECK(first->row().round.status == round_status::beginning);
}

TEST_CASE(
    "skipped log: a stream that only a catalog set back takes for a part of the round begins behind it") {
  bool begun = GENERATE(false, true);
  CAPTURE(begun);
  auto first = doing_round();
  auto older = first->catalog->copy();
  REQUIRE(first->noarchivelog().ok());
  first->runtime->intake(tenant)->find(s1)->detach();
  REQUIRE(first->archivelog().ok());
  if (!begun) // holds it in BEGINNING
    first->open(3, std::nullopt);
  first->write(2);
  REQUIRE(first->flush());
  first->run_for(one_minute);
  REQUIRE(is_doing(*first) == begun);
  auto next = after_a_kill(first);
  bool set_back = GENERATE(true, false);
  CAPTURE(set_back);
  if (set_back)
    next.catalog = older;
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  stream->recycled(500);
  if (!begun)
    REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  else
    REQUIRE(second.runtime->intake(tenant)->advance(second.now()).ok());
  second.open(2, std::nullopt);
  REQUIRE(second.flush());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  second.run_for(one_minute);
  CHECK(second.row().round.status == (begun ? round_status::doing : round_status::beginning));
  auto answer = stream->append({500, 510, second.now() + 1, as_bytes("x")});
  INFO(answer.failed.to_string());
  CHECK(answer.outcome == append_outcome::accepted);
}

TEST_CASE(
    "skipped log: in a round that only the takeover begins, also of a stream that the catalog did not know") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  first->open(2, std::nullopt);
  first->write(2);
  REQUIRE(first->flush());
  auto older = first->catalog->copy();
  first->open(1, 0);
  first->write(1);
  REQUIRE(first->flush());
  REQUIRE(first->noarchivelog().ok());
  auto next = after_a_kill(first);
  next.catalog = older;
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, 0);
  second.open(2, std::nullopt);
  stream->recycled(500);
  REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(second.run_until([&] { return second.row().round.id == round_id{2}; }));
  second.run_for(one_minute);
  CHECK(second.row().round.status == round_status::beginning);
}
