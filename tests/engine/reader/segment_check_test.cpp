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

TEST_CASE("an index that counts other payload bytes is told, though the entries are as many") {
  one_segment x;
  x.expected.indexed.counts.input_bytes += 1;
  CHECK_THAT(x.only_problem(), Catch::Contains("other entries or bytes"));
}

TEST_CASE("blocks of more than is read at once are all proved") {
  reader_fixture x;
  archive_builder::options options;
  options.codec = codec::none;
  options.block_bytes = 1;
  options.segment_bytes = 64 << 20;
  auto made = x.builder(options);
  made.begin_round(1000, 0);
  made.open_stream(s1, 0);
  for (scn at = 1000; at < 1003; ++at)
    made.append(s1, 1, at, std::string(3 << 20, 'x'));
  made.end_segments();
  made.write_indexes();
  made.commit(1000);
  auto files = files_of(x, catalogue_of(x), 0);
  auto& segment = files.segments.at(0);
  segment_expectation expected{{tenant, files.piece.piece, segment.segment.epoch, segment.segment.number},
                               segment,
                               true,
                               files.piece.bounds,
                               true};
  std::atomic<std::uint64_t> done{0};
  auto checked = check_segment(*x.where, expected, nullptr, done);
  CHECK(checked.problems.empty());
  CHECK(checked.blocks.size() == 3);
  CHECK(done == x.content(x.path("/seg-")).size());
}

TEST_CASE("what is missing of a segment that nothing but itself lists is told, and that more may be") {
  one_segment x;
  x.expected.ranges_proved = false;
  auto second = x.check().blocks.at(1).ref;
  auto size = x.content(x.path).size();
  x.zero(x.path, size - 32, 32);
  x.flip(x.path, second.offset + 20);
  auto checked = x.check();
  auto costs = std::find_if(checked.problems.begin(), checked.problems.end(), costs_log);
  REQUIRE(costs != checked.problems.end());
  CHECK(costs->offset == second.offset);
  REQUIRE(costs->lost.size() == 1);
  CHECK(costs->lost[0].first_lsn == second.first_lsn);
  CHECK(costs->lost_unknown);
}

TEST_CASE(
    "a block whose header counts other entries or bytes than it has is told, though its checksums hold") {
  for (bool of_entries : {true, false}) {
    reader_fixture x;
    auto made = x.builder();
    made.begin_round(1000, 0);
    made.open_stream(s1, 0);
    append_round_robin(made, {s1}, 5, 1000);
    made.cut_all();
    made.commit(1000); // without a footer: nothing else lists the block
    auto path = x.path("/seg-");
    auto header = parse_block_header(bytes_view(x.content(path)).subspan(128), path).value();
    of_entries ? void(--header.entries) : void(--header.input_bytes);
    store_block_header(header, x.content(path).data() + 128);
    auto files = files_of(x, catalogue_of(x), 0);
    auto& segment = files.segments.at(0);
    segment_expectation expected{{tenant, files.piece.piece, segment.segment.epoch, segment.segment.number},
                                 segment,
                                 false,
                                 files.piece.bounds,
                                 true};
    std::atomic<std::uint64_t> done{0};
    auto checked = check_segment(*x.where, expected, nullptr, done);
    REQUIRE(checked.problems.size() == 1);
    CHECK(checked.problems[0].why.code == errc::checksum_error);
    CHECK(checked.problems[0].offset == 128);
    CHECK(costs_log(checked.problems[0]) ==
          of_entries); // the entries are all there where only bytes are miscounted
    CHECK_THAT(
        checked.problems[0].why.message,
        Catch::Contains(of_entries ? "the entries of the block contradict" : "counts other payload bytes"));
  }
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
