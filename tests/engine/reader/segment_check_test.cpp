#include "engine/reader/segment_check.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// The first segment of an indexed piece and what it must agree with.
struct one_segment : indexed_piece {
  one_segment() {
    auto& segment = whole.segments.at(0);
    expected = {{tenant, whole.piece.piece, segment.segment.epoch, segment.segment.number},
                segment,
                true,
                whole.piece.bounds,
                true};
    path = to_path(expected.name);
  }
  checked_segment check() {
    done = 0;
    return check_segment(*where, expected, &made.settings().archive, done);
  }
  std::string only_problem() {
    auto checked = check();
    REQUIRE(checked.problems.size() == 1);
    CHECK(checked.problems[0].path == path);
    return describe(checked.problems[0]);
  }
  segment_expectation expected;
  object_path path;
  std::atomic<std::uint64_t> done{0};
};

} // namespace

TEST_CASE("a whole segment is read from end to end and has no problem") {
  one_segment x;
  auto checked = x.check();
  CHECK(checked.problems.empty());
  CHECK(checked.counts == x.expected.indexed.counts);
  CHECK(checked.blocks.size() > 2);
  CHECK(x.done == x.content(x.path).size());
}

TEST_CASE("ranges and counts that the index has otherwise are told") {
  one_segment x;
  x.expected.indexed.ranges.at(0).last_scn += 1;
  CHECK_THAT(x.only_problem(), Catch::Contains("other streams or positions"));
  x.expected.indexed.ranges.at(0).last_scn -= 1;
  x.expected.indexed.counts.entries += 1;
  CHECK_THAT(x.only_problem(), Catch::Contains("other entries or bytes"));
  x.expected.ranges_proved = false;
  CHECK(x.check().problems.empty());
}

TEST_CASE("entries outside the time of the piece are told, but for the early ones of a round's first piece") {
  one_segment x;
  x.expected.bounds.start_scn = 1001;
  CHECK(x.check().problems.empty());
  x.expected.first_of_round = false;
  CHECK_THAT(x.only_problem(), Catch::Contains("another piece's time"));
  x.expected.bounds = {1000, 1190};
  CHECK_THAT(x.only_problem(), Catch::Contains("another piece's time"));
}

TEST_CASE("a damaged block is told with its log, the blocks around it are proved") {
  one_segment x;
  auto whole = x.check();
  auto& second = whole.blocks.at(1).ref;
  x.flip(x.path, second.offset + 130);
  auto checked = x.check();
  CHECK(checked.blocks.size() + 1 == whole.blocks.size());
  REQUIRE(checked.problems.size() == 1);
  CHECK(checked.problems[0].offset == second.offset);
  CHECK(checked.problems[0].lost ==
        std::vector<stream_range>{
            {second.stream, second.first_lsn, second.next_lsn, second.first_scn, second.last_scn}});
}

TEST_CASE("a segment that is not there costs all that the index lists of it") {
  one_segment x;
  x.drop(x.path);
  auto checked = x.check();
  REQUIRE(checked.problems.size() == 1);
  CHECK(checked.problems[0].lost == x.expected.indexed.ranges);
  CHECK_FALSE(checked.problems[0].lost_unknown);
}

} // namespace varve::test
