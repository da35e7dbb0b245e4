#include "engine/reader/stream_check.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// Blocks of stream 1 in round 1, which begins at LSN 0 and ends at 300.
struct followed {
  followed() {
    round.round.id = round_id{1};
    round.streams = {{s1, 0, {300, 30}, false}};
  }
  void block(lsn first, lsn next, scn first_scn, scn last_scn, std::uint64_t number,
             epoch epoch = varve::epoch{1}) {
    block_ref ref;
    ref.stream = s1;
    ref.first_lsn = first;
    ref.next_lsn = next;
    ref.first_scn = first_scn;
    ref.last_scn = last_scn;
    ref.number = number;
    ref.offset = 128 * number;
    blocks.push_back({0, ref, epoch});
  }
  std::vector<damage> problems_of(const catalogued_round* before = nullptr) {
    stream_check check(tenant, round, before);
    auto problems = known;
    check.follow(blocks, {"segment"}, problems);
    check.finish(problems);
    return {problems.begin() + static_cast<std::ptrdiff_t>(known.size()), problems.end()};
  }
  std::string only_problem() {
    auto problems = problems_of();
    REQUIRE(problems.size() == 1);
    return describe(problems[0]);
  }
  catalogued_round round;
  std::vector<proved_block> blocks;
  std::vector<damage> known;
};

} // namespace

TEST_CASE(
    "blocks that follow each other from the start to the end of the round are no problem, in any order") {
  followed x;
  x.block(200, 300, 20, 30, 1, epoch{5});
  x.block(0, 100, 1, 10, 1);
  x.block(100, 200, 10, 20, 2);
  CHECK(x.problems_of().empty());
}

TEST_CASE("a gap is told with what is missing, unless a known damage explains it") {
  followed x;
  x.block(0, 100, 1, 10, 1);
  x.block(200, 300, 20, 30, 3);
  CHECK_THAT(x.only_problem(),
             Catch::Contains("segment at offset 384") && Catch::Contains("LSN [100, 200), SCN 10..20"));
  x.known.push_back({"other", 0, fail(errc::bytes_missing, "gone"), tenant, {{s1, 100, 200, 10, 20}}, false});
  CHECK(x.problems_of().empty());
}

TEST_CASE("a start or an end that is missing is told") {
  followed x;
  x.block(100, 300, 5, 30, 1);
  CHECK_THAT(x.only_problem(), Catch::Contains("LSN [0, 100)"));
  x.blocks.clear();
  x.block(0, 100, 1, 10, 1);
  CHECK_THAT(x.only_problem(), Catch::Contains("LSN [100, 300)"));
}

TEST_CASE("where nobody knows how the round before ended, log begins with its first block") {
  followed x;
  x.block(100, 300, 5, 30, 1);
  catalogued_round before;
  before.round.id = round_id{1};
  x.round.round.id = round_id{2};
  CHECK(x.problems_of(&before).empty()); // its streams are not known
  before.streams = {{s1, 0, {0, 0}, false}};
  CHECK(x.problems_of(&before).size() == 1);
  x.round.round.id = round_id{3};
  CHECK(x.problems_of(&before).empty()); // round 2 is not known
  CHECK(x.problems_of().empty());
}

TEST_CASE("a stream of which nothing was seen is no problem where its beginning is not known") {
  followed x;
  x.round.round.id = round_id{2};
  CHECK(x.problems_of().empty());
  x.round.round.id = round_id{1};
  CHECK_THAT(x.only_problem(), Catch::Contains("LSN [0, 300)"));
}

TEST_CASE("a block inside the log of the one before it repeats it and takes nothing back") {
  followed x;
  x.block(0, 300, 1, 30, 1);
  x.block(50, 60, 30, 30, 2);
  CHECK_THAT(x.only_problem(), Catch::Contains("repeats log"));
}

TEST_CASE("a repeat, an SCN that goes back and a hole in the numbers of blocks are told and cost nothing") {
  for (int kind = 0; kind < 3; ++kind) {
    followed x;
    x.block(0, 100, 1, 10, 1);
    x.block(kind == 0 ? 50 : 100, 300, kind == 1 ? 9 : 10, 30, kind == 2 ? 3 : 2);
    auto problem = x.only_problem();
    CHECK_THAT(problem, Catch::Contains(kind == 0   ? "repeats log"
                                        : kind == 1 ? "is below the one before"
                                                    : "has number 3 after 1"));
    CHECK_THAT(problem, Catch::Contains("no log is lost"));
  }
}

} // namespace varve::test
