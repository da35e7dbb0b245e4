// Where a stream begins in a round, by what its host says and what earlier rounds have of it.
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// A stream that was opened with its beginning and has an archived entry of ten LSNs.
std::shared_ptr<stream_buffer> archived_from(intake_fixture& f, lsn start) {
  auto stream = f.open(1, start);
  hand_over(*stream, {start, start + 10, 10, "x"});
  stream->cut();
  f.queued();
  stream->on_committed({start + 10, 10});
  return stream;
}

/// One way or the other, to a stream that waits for its start at LSN 900: the round begins there.
void let_an_scn_come(stream_buffer& stream) {
  SECTION("an advance") {
    CHECK(stream.advance(70).ok());
    CHECK(stream.support(nullptr).start_scn == 70);
  }
  SECTION("an entry") {
    hand_over(stream, {900, 910, 80, "x"});
    CHECK(stream.support(nullptr).start_scn == 80);
  }
}

stream_row row_of(lsn start, lsn next, scn last) {
  return {stream_id{1}, start, {next, last}, false};
}

} // namespace

TEST_CASE(
    "stream recovery: a new round forgets where the last one began, and nothing below its archived log") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(3, 100, 10);
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->cut();
  f.queued();
  stream->on_committed(position_after(all[2]));
  stream->give_up();
  f.intake->begin_round();
  CHECK_FALSE(stream->started());
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(stream->expected_lsn() == 130);
  CHECK(stream->committed() == stream_position{130, 12});
  SECTION("it goes on") {
    hand_over(*stream, {130, 140, 12, "x"});
    CHECK(stream->support(nullptr).row.start_lsn == 130);
  }
  SECTION("it goes on later: the log between was never archived") {
    hand_over(*stream, {900, 910, 12, "x"});
    CHECK(stream->support(nullptr).row.start_lsn == 900);
  }
  SECTION("what was archived before is a repeat") {
    hand_over(*stream, all[2], append_outcome::full);
  }
  SECTION("its SCNs do not fall") {
    CHECK(hand_over(*stream, {130, 140, 11, "x"}, append_outcome::error).failed.code == errc::scn_goes_back);
  }
}

TEST_CASE("stream recovery: a stream opened with a start does not hold the next round back either") {
  intake_fixture f;
  auto stream = archived_from(f, 100);
  stream->give_up();
  f.intake->begin_round();
  CHECK(stream->started());
  CHECK(stream->expected_lsn() == 110);
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
  SECTION("it goes on") {
    hand_over(*stream, {110, 120, 12, "x"});
    CHECK(stream->support(nullptr).row.start_lsn == 110);
    CHECK(hand_over(*stream, {900, 910, 13, "x"}, append_outcome::error).failed.code == errc::lsn_gap);
  }
  SECTION("log that is missing is missing there, too") {
    CHECK(hand_over(*stream, {900, 910, 12, "x"}, append_outcome::error).failed.code == errc::lsn_gap);
  }
}

TEST_CASE("stream recovery: a round begins behind the log that its host has recycled before") {
  intake_fixture f;
  auto stream = archived_from(f, 100);
  stream->recycled(900);
  CHECK(stream->expected_lsn() == 110); // a break, and nothing for this round
  stream->give_up();
  f.intake->begin_round();
  CHECK(stream->expected_lsn() == 900);
  CHECK(stream->support(nullptr).row.start_lsn == 900);
  SECTION("and the next one, where nothing was archived of it, no earlier") {
    f.intake->begin_round();
    CHECK(stream->expected_lsn() == 900);
  }
  hand_over(*stream, {900, 910, 12, "x"});
  CHECK(hand_over(*stream, {950, 960, 13, "x"}, append_outcome::error).failed.code == errc::lsn_gap);
}

TEST_CASE("stream recovery: what a host recycled between two rounds is missing in neither") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {100, 110, 10, "x"});
  stream->cut();
  f.queued();
  stream->on_committed({110, 10});
  stream->give_up();
  stream->recycled(900);
  f.intake->begin_round();
  CHECK(stream->expected_lsn() == 900);
  // The SCNs of what is gone nobody knows, so the round begins where something comes that has one.
  CHECK(stream->support(nullptr).waits_for_start);
  let_an_scn_come(*stream);
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
}

TEST_CASE("stream recovery: a round that has not begun waits for a stream of it, wherever its log begins") {
  intake_fixture f;
  stream_row row{stream_id{1}, 110, {110, 10}, false}; // what rounds before have
  auto stream = f.stream(1);                           // nobody has it open in this process
  CHECK_FALSE(stream->reconcile(row, false, false));
  CHECK(stream->opened());
  CHECK_FALSE(stream->started());
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(stream->expected_lsn() == 110);
  hand_over(*stream, {900, 910, 80, "x"});
  CHECK(stream->support(nullptr).start_scn == 80);
}

TEST_CASE("stream recovery: what the catalog knew of a round that is over says nothing of the one that has "
          "not begun") {
  intake_fixture f;
  auto stream = f.stream(1);
  stream->estimate({stream_id{1}, 0, {110, 10}, false});
  CHECK_FALSE(stream->reconcile(stream_row{stream_id{1}, 110, {110, 10}, false}, false, false));
  CHECK_FALSE(stream->started());
  f.open(1, 900);
  CHECK(stream->support(nullptr).waits_for_start); // what it has skipped is not known
  CHECK(stream->support(nullptr).start_scn == 0);
}

TEST_CASE("stream recovery: where its host has no log below the round begins it, also for the engine that "
          "takes over") {
  intake_fixture f;
  auto stream = f.open(1);
  stream->recycled(500);
  stream->estimate({stream_id{1}, 0, {110, 10}, false});
  CHECK_FALSE(stream->reconcile(stream_row{stream_id{1}, 110, {110, 10}, false}, false, false));
  CHECK(stream->expected_lsn() == 500);
  CHECK(stream->support(nullptr).waits_for_start);
}

TEST_CASE("stream recovery: what is opened with a beginning behind what is archived has skipped log") {
  intake_fixture f;
  auto stream = f.open(1, 900);
  stream->know({stream_id{1}, 110, {110, 10}, true});
  CHECK(stream->support(nullptr).waits_for_start);
  let_an_scn_come(*stream);
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
}

// The catalog has one row of a stream, of whichever round and destination it last had log in.
TEST_CASE(
    "stream recovery: log that only the catalog knows of is not claimed where the destination has none") {
  intake_fixture f;
  auto stream = f.open(1);
  stream->estimate(row_of(100, 150, 9));
  CHECK(stream->expected_lsn() == 150);
  hand_over(*stream, {150, 160, 10, "x"});
  auto [there, new_round] = GENERATE(table<std::optional<stream_row>, bool>({{std::nullopt, false},
                                                                             {std::nullopt, true},
                                                                             {row_of(100, 100, 3), false},
                                                                             {row_of(20, 100, 3), true}}));
  CAPTURE(there.has_value(), new_round);
  CHECK_FALSE(stream->reconcile(there, new_round));
  CHECK(stream->expected_lsn() == 160);
  CHECK(stream->committed().next_lsn == 150);
  CHECK(stream->support(nullptr).row == row_of(150, 150, 9));
  CHECK(f.entries(f.queued()) == std::vector<log_record>{{150, 160, 10, "x"}});
}

TEST_CASE("stream recovery: a beginning that nothing followed is not taken for archived log") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {900, 910, 12, "x"});
  stream->give_up(); // the round ended before anything of it was durable
  f.intake->begin_round();
  hand_over(*stream, {100, 110, 13, "x"});
  CHECK(stream->support(nullptr).row.start_lsn == 100);
}

TEST_CASE("stream recovery: where its host said that a stream begins it begins, in the first round") {
  intake_fixture f;
  auto stream = f.open(1, 100);
  f.intake->begin_round();
  CHECK(hand_over(*stream, {110, 120, 10, "x"}, append_outcome::error).failed.code == errc::lsn_gap);
  stream->recycled(110);
  CHECK(stream->expected_lsn() == 100);
  hand_over(*stream, {100, 110, 10, "x"});
}

// The read that was to tell was the affair of an actor that ended when the destination was changed: the host
// was told `full` for ever.
TEST_CASE(
    "stream recovery: a repeat that waited for a block in the last round asks for it anew in the next") {
  intake_fixture f;
  auto stream = archived_from(f, 0);
  const log_record archived{0, 10, 10, "x"};
  hand_over(*stream, archived, append_outcome::full);
  REQUIRE(f.repeats.size() == 1);
  f.intake->set_gate(intake_gate::closed);
  f.intake->begin_round();
  f.intake->set_gate(intake_gate::open);
  CHECK(f.intake->compare_blocks.load() == 0);
  hand_over(*stream, archived, append_outcome::full);
  CHECK(f.repeats.size() == 2);
  stream->on_compare_block(std::nullopt);
  hand_over(*stream, archived, append_outcome::repeated);
  stream->on_compare_block(std::nullopt); // the first one answers after all
  CHECK(f.intake->compare_blocks.load() == 0);
}
