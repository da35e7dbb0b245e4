#include "engine/format/object_name.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
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

  auto catalogue = catalogue_of(fixture);
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
  auto whole = catalogue_of(fixture);
  auto lists = fixture.paths("/lists/");
  REQUIRE(lists.size() >= 2);
  CHECK(whole.list_objects == std::vector<object_path>(lists.rbegin(), lists.rend()));
  fixture.flip(lists.front(), 80);
  auto catalogue = catalogue_of(fixture);
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
  auto whole = catalogue_of(fixture);
  auto end = fixture.path("/rounds/");
  fixture.drop(end);
  auto catalogue = catalogue_of(fixture);
  REQUIRE(catalogue.rounds.size() == 1);
  CHECK(catalogue.rounds[0].streams_proved); // it is still the commit's
  CHECK(catalogue.rounds[0].streams == whole.rounds[0].streams);

  builder.begin_round(20'000, 0);
  builder.open_stream(s1, 1'000'000);
  builder.commit(0);
  catalogue = catalogue_of(fixture);
  REQUIRE(catalogue.rounds.size() == 2);
  CHECK_FALSE(catalogue.rounds[0].streams_proved);
  CHECK(catalogue.rounds[0].streams == whole.rounds[0].streams);
  CHECK(catalogue.rounds[0].round.checkpoint_scn == whole.rounds[0].round.checkpoint_scn);
  REQUIRE(catalogue.damages.size() == 1);
  CHECK(catalogue.damages[0].path == end);
  CHECK_FALSE(costs_log(catalogue.damages[0]));
}

TEST_CASE("the chain of round ends is read down to what may have ended after a commit, and the one before") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  std::vector<commit_seq> ends;
  for (std::uint64_t round = 0; round < 5; ++round) {
    if (round != 3)
      builder.take_over(); // rounds 3 and 4 end in one epoch
    builder.begin_round(1000 + 1000 * round, 0);
    builder.open_stream(s1, 100 * round);
    append_round_robin(builder, {s1}, 1, 1000 + 1000 * round);
    builder.end_round(1000 + 1000 * round);
    ends.push_back(builder.newest().seq);
  }
  std::vector<damage> damages;
  auto since = [&](commit_seq known) {
    std::string said;
    auto ended = read_round_ends(*fixture.where, tenant, builder.newest(), known, nullptr, damages);
    for (auto& each : ended)
      said += to_string(each.round.id) + (may_have_ended_after(each, ended, known) ? "! " : " ");
    return said;
  };
  CHECK(since(commit_seq{0}) == "5! 4! 3! 2! 1! ");
  CHECK(since(ends[0]) == "5! 4! 3! 2! 1! ");
  CHECK(since(ends[1]) == "5! 4! 3! 2! 1 ");
  CHECK(since(ends[2]) == "5! 4! 3! 2 ");
  CHECK(since(ends[3]) == "5! 4! 3! 2 ");
  CHECK(since(ends[4]) == "5! 4 ");
  CHECK(damages.empty());
}

TEST_CASE("a round without end object is told by its open pieces, and a tenant without round has none") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  CHECK(catalogue_of(fixture).rounds.empty());
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 10, 1000);
  builder.cut_all();
  builder.commit(1090);
  builder.begin_round(2000, 0); // the round before is still open
  append_round_robin(builder, {s1}, 2, 2000);
  builder.cut_all();
  builder.commit(2010);
  auto catalogue = catalogue_of(fixture);
  REQUIRE(catalogue.rounds.size() == 2);
  CHECK(catalogue.rounds[0].round.id == round_id{1});
  CHECK(catalogue.rounds[0].round.start_scn == 1000);
  CHECK(catalogue.rounds[0].streams.empty());
  CHECK_FALSE(catalogue.rounds[0].streams_proved);
}

TEST_CASE("rows of streams are gathered from the segments when the table is lost") {
  indexed_piece x;
  auto whole = catalogue_of(x);
  x.drop(x.paths("/index-").at(1)); // the newest index has the table
  auto catalogue = catalogue_of(x);
  CHECK(catalogue.state.streams == whole.state.streams);
  CHECK_FALSE(catalogue.rounds.back().streams_proved);
}

} // namespace varve::test
