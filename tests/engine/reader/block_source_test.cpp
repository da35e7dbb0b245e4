#include "engine/reader/block_source.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

constexpr block_filter everything{round_id{1}, round_id{9}, {}, 0, lsn_max, 0, scn_max};

struct demands {
  std::vector<block_demand> all;
  std::vector<damage> hidden;
};

demands drain(reader_fixture& fixture, const piece_catalogue& catalogue, block_filter filter) {
  block_source source(*fixture.where, catalogue, filter, nullptr);
  demands x;
  while (true) {
    auto next = source.next();
    REQUIRE(next.ok());
    if (!*next)
      break;
    x.all.push_back(**next);
  }
  x.hidden = source.hidden();
  return x;
}

} // namespace

TEST_CASE("blocks are demanded in merged order of their first entries, each once") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto catalogue = catalogue_of(fixture);
  auto found = drain(fixture, catalogue, everything);
  CHECK(found.hidden.empty());
  std::uint64_t entries = 0;
  for (std::size_t i = 0; i < found.all.size(); ++i) {
    auto& x = found.all[i];
    REQUIRE_FALSE(x.broken);
    CHECK(x.key == merge_key{x.block.first_scn, x.block.stream, x.block.first_lsn});
    if (i > 0)
      CHECK(found.all[i - 1].key < x.key);
    entries += x.block.entries;
  }
  CHECK(entries == builder.committed().size());
}

TEST_CASE("only blocks that touch what is wanted are demanded") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto catalogue = catalogue_of(fixture);
  auto filter = everything;
  filter.stream = s2;
  filter.from_lsn = 9000;
  filter.to_lsn = 12'000;
  auto found = drain(fixture, catalogue, filter);
  REQUIRE(found.all.size() > 2);
  for (auto& x : found.all)
    CHECK((x.block.stream == s2 && x.block.next_lsn > 9000 && x.block.first_lsn < 12'000));
  CHECK(found.all.front().block.first_lsn <= 9000);
  CHECK(found.all.back().block.next_lsn >= 12'000);

  filter = everything;
  filter.from_scn = 5000;
  filter.until_scn = 5000;
  for (auto& x : drain(fixture, catalogue, filter).all)
    CHECK((x.block.first_scn <= 5000 && x.block.last_scn >= 5000));
}

TEST_CASE("a segment that is gone is demanded as broken, once for each stream, where its log begins") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto catalogue = catalogue_of(fixture);
  auto segment = fixture.paths("t1001/r1_p2/seg-").at(0);
  fixture.drop(segment);
  std::vector<stream_id> broken;
  for (auto& x : drain(fixture, catalogue, everything).all) {
    if (!x.broken)
      continue;
    broken.push_back(x.key.stream);
    CHECK(x.broken->path == segment);
    CHECK(x.key.lsn == x.broken->lost.at(0).first_lsn);
    CHECK(x.key.scn >= 3000);
  }
  CHECK(broken == std::vector<stream_id>{s1, s2});
}

TEST_CASE(
    "log before the first block of a round is missed only where it is known how the round before ended") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  for (std::uint64_t round = 0; round < 3; ++round) {
    builder.begin_round(1000 + 1000 * round, 0);
    builder.open_stream(s1, 100 * round);
    append_round_robin(builder, {s1}, 1, 1000 + 1000 * round);
    builder.end_round(1000 + 1000 * round);
  }
  auto catalogue = catalogue_of(fixture);
  catalogue.rounds.at(2).streams.at(0).start_lsn -= 50; // the row says that there is more
  auto last = everything;
  last.first_round = round_id{3};
  auto broken = [&] {
    auto found = drain(fixture, catalogue, last).all;
    REQUIRE_FALSE(found.empty());
    return found.front().broken.has_value();
  };
  CHECK(broken());
  auto unknown = catalogue;
  catalogue.rounds.at(1).streams.clear();
  CHECK_FALSE(broken());
  catalogue = unknown;
  catalogue.rounds.erase(catalogue.rounds.begin() + 1);
  CHECK_FALSE(broken());
}

TEST_CASE(
    "the end of a stream that no piece has is missed, but where nothing tells how far it was read before") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 1000);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 0);
  append_round_robin(builder, {s1, s2}, 20, 1000);
  append_round_robin(builder, {s1}, 100, 1500, 20);
  builder.end_round(3480);
  auto catalogue = catalogue_of(fixture);
  auto later = everything;
  later.from_scn = 2000; // leaves out the first piece, which has all of stream 2
  auto broken_streams = [&] {
    std::vector<stream_id> broken;
    for (auto& x : drain(fixture, catalogue, later).all)
      if (x.broken)
        broken.push_back(x.key.stream);
    return broken;
  };
  CHECK(broken_streams().empty());
  catalogue.rounds.at(0).streams.at(1).position = {9000,
                                                   2500}; // the round's end says that it has log later on
  CHECK(broken_streams() == std::vector<stream_id>{s2});
  catalogue.rounds.insert(catalogue.rounds.begin(),
                          catalogued_round{}); // a round before of which nothing is known
  CHECK(broken_streams().empty());
}

} // namespace varve::test
