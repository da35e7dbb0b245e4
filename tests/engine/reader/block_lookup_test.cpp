#include "engine/reader/block_lookup.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

TEST_CASE("every committed LSN is found in the block that holds it, with its bytes") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto catalogue = read_piece_catalogue(*fixture.where, tenant, {});
  REQUIRE(catalogue.ok());
  auto model = builder.merged();
  for (std::size_t i = 0; i < model.size(); i += 7) {
    auto& wanted = model[i];
    auto block = read_block_covering(*fixture.where, **catalogue, wanted.stream, wanted.lsn + 50, nullptr);
    REQUIRE(block.ok());
    REQUIRE(*block);
    bool found = false;
    for (entry_cursor at((*block)->header, (*block)->raw); at.next();)
      found = found || (at.entry().lsn == wanted.lsn && as_text(at.entry().payload) == wanted.payload);
    CHECK(found);
  }
}

TEST_CASE("an LSN that is not archived, or of another stream or tenant, is nothing") {
  reader_fixture fixture;
  auto none = read_block_covering(*fixture.where, tenant, s1, 0, nullptr);
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto end = builder.rows().at(s1).position.next_lsn;
  CHECK(read_block_covering(*fixture.where, tenant, s1, end - 1, nullptr).value());
  CHECK_FALSE(*read_block_covering(*fixture.where, tenant, s1, end, nullptr));
  CHECK_FALSE(*read_block_covering(*fixture.where, tenant, s2, 4999, nullptr));
  CHECK_FALSE(*read_block_covering(*fixture.where, tenant, s3, 0, nullptr));
}

TEST_CASE("a damaged block is an error that names it, never an older one or nothing") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.commit(1000);
  auto segment = fixture.path("/seg-");
  fixture.flip(segment, 300);
  auto damaged = read_block_covering(*fixture.where, tenant, s1, 0, nullptr);
  REQUIRE(damaged.code() == errc::checksum_error);
  CHECK_THAT(damaged.error().message, Catch::Contains(segment));
  fixture.drop(segment);
  CHECK(read_block_covering(*fixture.where, tenant, s1, 0, nullptr).code() == errc::bytes_missing);
}

TEST_CASE("an LSN behind a block header that cannot be read is an error that names its segment") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 1000);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.seal_oldest();
  builder.commit(1000);
  auto segment = fixture.path("/seg-");
  auto& content = fixture.content(segment);
  auto first = parse_block_header(bytes_view(content).subspan(128), segment).value();
  fixture.flip(segment, content.size() - 40); // the footer: its blocks are walked
  CHECK(read_block_covering(*fixture.where, tenant, s1, first.next_lsn, nullptr).value());
  fixture.flip(segment, 128 + 128 + first.stored_bytes + 40);
  auto block = read_block_covering(*fixture.where, tenant, s1, first.first_lsn, nullptr);
  REQUIRE(block.ok());
  CHECK(*block);
  auto damaged = read_block_covering(*fixture.where, tenant, s1, first.next_lsn, nullptr);
  REQUIRE(damaged.code() == errc::checksum_error);
  CHECK_THAT(damaged.error().message, Catch::Contains(segment));
}

TEST_CASE("damage that costs no log makes no error of an LSN that is not archived") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  builder.end_round(14'000);
  builder.begin_round(20'000, 0);
  builder.open_stream(s1, builder.rows().at(s1).position.next_lsn);
  append_round_robin(builder, {s1}, 10, 20'000);
  builder.cut_all();
  builder.commit(20'000);
  fixture.drop(fixture.paths("/start-").back());
  fixture.drop(fixture.path("/rounds/"));
  auto none = read_block_covering(*fixture.where, tenant, s3, 0, nullptr);
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  fixture.drop(fixture.paths("/lists/").at(0));
  auto hidden = read_block_covering(*fixture.where, tenant, s3, 0, nullptr);
  REQUIRE(hidden.code() == errc::bytes_missing);
  CHECK_THAT(hidden.error().message, Catch::Contains("/lists/"));
}

} // namespace varve::test
