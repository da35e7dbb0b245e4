#include "engine/format/object_name.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

TEST_CASE(
    "segments of a lost index are found again by their footers when they add up to what the piece counts") {
  for (std::size_t which = 0; which < 2; ++which) {
    indexed_piece x;
    auto index = x.paths("/index-").at(which);
    x.flip(index, 100);
    auto files = files_of(x, catalogue_of(x), 0);
    CHECK(files.segments == x.whole.segments);
    REQUIRE(files.damages.size() == 1);
    CHECK(files.damages[0].path == index);
    CHECK_FALSE(costs_log(files.damages[0]));
    CHECK_THAT(files.damages[0].why.message, Catch::Contains("rebuilt from the footers"));
  }
}

TEST_CASE("a segment that a fenced writer left is not taken for one that a lost index named") {
  indexed_piece x;
  auto piece = x.made.newest().open_pieces.at(0).piece;
  // The same LSNs with other content, whole and with a footer, of the epoch of the index: only the counts
  // tell.
  segment_name left{tenant, piece, epoch{1}, 9};
  auto copied = x.content(x.paths("/seg-").at(0));
  REQUIRE(x.where->create(to_path(left), copied).ok());
  CHECK(files_of(x, catalogue_of(x), 0).segments == x.whole.segments); // not reached, not read
  x.drop(x.paths("/seg-").at(2));
  x.drop(x.paths("/index-").at(1));
  auto files = files_of(x, catalogue_of(x), 0);
  REQUIRE(files.damages.size() == 1);
  CHECK(files.damages[0].lost_unknown);
  CHECK(files.segments.size() == 1);
}

TEST_CASE("segments of a lost seal are found again if one writer made all that is there") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 1000);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 150, 1000);
  builder.cut_all();
  builder.seal_oldest();
  builder.commit(2000);
  auto whole = files_of(fixture, catalogue_of(fixture), 0);
  auto seal = fixture.path("/seal-");
  fixture.flip(seal, 70);
  auto files = files_of(fixture, catalogue_of(fixture), 0);
  CHECK(files.segments == whole.segments);
  CHECK_FALSE(costs_log(files.damages.at(0)));

  segment_name left{tenant, {round_id{1}, piece_id{1}}, epoch{1}, 7};
  fixture.copy_segment(fixture.paths("/seg-").at(0), left);
  CHECK(files_of(fixture, catalogue_of(fixture), 0).damages.at(0).lost_unknown);
}

TEST_CASE("what is no ended segment does not count when segments are found again") {
  indexed_piece x;
  auto folder = piece_folder(tenant, x.whole.piece.piece);
  REQUIRE(x.where->create(folder + "/note.txt", as_bytes("hello")).ok());
  auto torn = to_path(segment_name{tenant, x.whole.piece.piece, epoch{1}, 9});
  x.drop(x.paths("/index-").at(1));
  racing_destination where(x.store);
  // It is there all the time, or given up after so many looks at it: at its size, or at its bytes.
  for (unsigned gone_at : {0u, 1u, 2u}) {
    INFO(gone_at);
    REQUIRE(x.where->create(torn, bytes_view(x.content(x.paths("/seg-").at(0))).first(600)).ok());
    unsigned looks = 0;
    where.meanwhile = [&](auto& path) {
      if (path == torn && ++looks == gone_at)
        x.drop(path);
    };
    auto catalogue = catalogue_of(x);
    auto files = read_piece_files(where, catalogue, catalogue.pieces.at(0), nullptr);
    REQUIRE(files.ok());
    CHECK(looks >= gone_at);
    CHECK(files->segments == x.whole.segments);
    CHECK_FALSE(costs_log(files->damages.at(0)));
    if (gone_at == 0)
      x.drop(torn);
  }
}

TEST_CASE("a damaged start object costs nothing: the commit has the bounds, too") {
  indexed_piece x;
  x.zero(x.path("/start-"), 0, 64);
  auto files = files_of(x, catalogue_of(x), 0);
  CHECK(files.segments == x.whole.segments);
  CHECK(files.created_at == 0);
  CHECK_FALSE(costs_log(files.damages.at(0)));
}

} // namespace varve::test
