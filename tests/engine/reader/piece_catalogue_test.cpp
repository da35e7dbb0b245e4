#include "engine/format/object_name.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

piece_catalogue read(reader_fixture& fixture) {
  auto catalogue = read_piece_catalogue(*fixture.where, tenant, {});
  INFO((catalogue.ok() ? std::string() : catalogue.error().to_string()));
  REQUIRE(catalogue.ok());
  REQUIRE(*catalogue);
  return **catalogue;
}

piece_files files_of(reader_fixture& fixture, const piece_catalogue& catalogue, std::size_t piece) {
  auto files = read_piece_files(*fixture.where, catalogue, catalogue.pieces.at(piece), nullptr);
  REQUIRE(files.ok());
  return *files;
}

/// One open piece: two segments in each of two indexes, one after them.
struct indexed_piece : reader_fixture {
  indexed_piece() : made(builder()) {
    made.begin_round(1000, 0);
    made.open_stream(s1, 0);
    scn scn = 1000;
    for (int i = 0; i < 5; ++i) {
      scn = append_round_robin(made, {s1}, 20, scn);
      made.cut_all();
      made.end_segments();
      if (i % 2)
        made.write_indexes();
    }
    made.commit(scn - 10);
    whole = files_of(*this, read(*this), 0);
  }
  archive_builder made;
  piece_files whole;
};

} // namespace

TEST_CASE("pieces and rounds are those that the newest commit reaches, through piece lists and round ends") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  builder.end_round(12'000);
  builder.begin_round(20'000, 0);
  builder.open_stream(s1, builder.rows().at(s1).position.next_lsn);
  append_round_robin(builder, {s1}, 10, 20'000);
  builder.cut_all();
  builder.commit(20'080);

  auto catalogue = read(fixture);
  CHECK(catalogue.damages.empty());
  CHECK(catalogue.list_objects.size() == fixture.paths("/lists/").size());
  REQUIRE(catalogue.rounds.size() == 2);
  CHECK(catalogue.rounds[0].round.status == round_status::stop);
  CHECK(catalogue.rounds[0].round.checkpoint_scn >= 12'000);
  CHECK(catalogue.rounds[0].streams.size() == 2);
  CHECK(catalogue.rounds[1].round == builder.newest().round);
  REQUIRE(catalogue.pieces.size() == fixture.paths("/start-").size());
  for (std::size_t i = 0; i + 2 < catalogue.pieces.size(); ++i) {
    CHECK(catalogue.pieces[i].status == piece_status::frozen);
    CHECK(catalogue.pieces[i].bounds.end_scn == catalogue.pieces[i + 1].bounds.start_scn);
  }
  CHECK(catalogue.pieces.back().piece == piece_key{round_id{2}, piece_id{0}});
  CHECK(catalogue.pieces.back().status == piece_status::active);

  byte_counts counts;
  std::size_t segments = 0;
  for (std::size_t i = 0; i < catalogue.pieces.size(); ++i) {
    auto files = files_of(fixture, catalogue, i);
    CHECK(files.damages.empty());
    CHECK(files.created_at != 0);
    byte_counts of_segments;
    for (auto& x : files.segments)
      of_segments += x.counts;
    CHECK(files.counts == of_segments);
    counts += files.counts;
    segments += files.segments.size();
  }
  CHECK(counts.entries == builder.committed().size());
  CHECK(segments > catalogue.pieces.size());
}

TEST_CASE("a damaged piece list hides the pieces before it and says so") {
  reader_fixture fixture;
  archive_builder::options options;
  options.frozen_in_commit = 1;
  auto builder = fixture.builder(options);
  build_rich_archive(builder);
  auto whole = read(fixture);
  auto lists = fixture.paths("/lists/");
  REQUIRE(lists.size() >= 2);
  CHECK(whole.list_objects == std::vector<object_path>(lists.rbegin(), lists.rend()));
  fixture.flip(lists.front(), 80);
  auto catalogue = read(fixture);
  CHECK(catalogue.pieces.size() < whole.pieces.size());
  CHECK(catalogue.list_objects.size() + 1 == lists.size());
  REQUIRE(catalogue.damages.size() == 1);
  CHECK(catalogue.damages[0].path == lists.front());
  CHECK(catalogue.damages[0].lost_unknown);
}

TEST_CASE("a lost round end is replaced by what the commit or the round's last seal tells") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  builder.end_round(12'000);
  auto whole = read(fixture);
  auto end = fixture.path("/rounds/");
  fixture.drop(end);
  auto catalogue = read(fixture);
  REQUIRE(catalogue.rounds.size() == 1);
  CHECK(catalogue.rounds[0].streams_proved); // it is still the commit's
  CHECK(catalogue.rounds[0].streams == whole.rounds[0].streams);

  builder.begin_round(20'000, 0);
  builder.open_stream(s1, 1'000'000);
  builder.commit(0);
  catalogue = read(fixture);
  REQUIRE(catalogue.rounds.size() == 2);
  CHECK_FALSE(catalogue.rounds[0].streams_proved);
  CHECK(catalogue.rounds[0].streams == whole.rounds[0].streams);
  CHECK(catalogue.rounds[0].round.checkpoint_scn == whole.rounds[0].round.checkpoint_scn);
  REQUIRE(catalogue.damages.size() == 1);
  CHECK(catalogue.damages[0].path == end);
  CHECK_FALSE(costs_log(catalogue.damages[0]));
}

TEST_CASE(
    "segments of a lost index are found again by their footers when they add up to what the piece counts") {
  for (std::size_t which = 0; which < 2; ++which) {
    indexed_piece x;
    auto index = x.paths("/index-").at(which);
    x.flip(index, 100);
    auto files = files_of(x, read(x), 0);
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
  CHECK(files_of(x, read(x), 0).segments == x.whole.segments); // not reached, not read
  x.drop(x.paths("/seg-").at(2));
  x.drop(x.paths("/index-").at(1));
  auto files = files_of(x, read(x), 0);
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
  auto whole = files_of(fixture, read(fixture), 0);
  auto seal = fixture.path("/seal-");
  fixture.flip(seal, 70);
  auto files = files_of(fixture, read(fixture), 0);
  CHECK(files.segments == whole.segments);
  CHECK_FALSE(costs_log(files.damages.at(0)));

  segment_name left{tenant, {round_id{1}, piece_id{1}}, epoch{1}, 7};
  REQUIRE(fixture.where->create(to_path(left), fixture.content(fixture.paths("/seg-").at(0))).ok());
  CHECK(files_of(fixture, read(fixture), 0).damages.at(0).lost_unknown);
}

TEST_CASE("a damaged start object costs nothing: the commit has the bounds, too") {
  indexed_piece x;
  x.zero(x.path("/start-"), 0, 64);
  auto files = files_of(x, read(x), 0);
  CHECK(files.segments == x.whole.segments);
  CHECK(files.created_at == 0);
  CHECK_FALSE(costs_log(files.damages.at(0)));
}

TEST_CASE("rows of streams are gathered from the segments when the table is lost") {
  indexed_piece x;
  auto whole = read(x);
  x.drop(x.paths("/index-").at(1)); // the newest index has the table
  auto catalogue = read(x);
  CHECK(catalogue.state.streams == whole.state.streams);
  CHECK_FALSE(catalogue.rounds.back().streams_proved);
}

} // namespace varve::test
