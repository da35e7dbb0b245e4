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

} // namespace varve::test
