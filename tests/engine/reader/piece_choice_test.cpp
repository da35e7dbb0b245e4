#include "engine/reader/piece_choice.hpp"
#include "engine/reader/restore_plan.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

using keys = std::vector<std::string>;

/// "round/piece" of what a restore needs.
keys needed(reader_fixture& fixture, restore_options options) {
  options.tenant = tenant;
  auto catalogue = catalogue_of(fixture);
  auto plan = plan_restore(catalogue, options);
  INFO((plan.ok() ? std::string() : plan.error().to_string()));
  REQUIRE(plan.ok());
  keys all;
  for (auto* x : pieces_for(catalogue, plan->filter))
    all.push_back(to_string(x->piece.round) + "/" + to_string(x->piece.piece));
  return all;
}

/// Round 1 of pieces 1 to 3, each 1000 of log time from 1000 on; s2 ends it at 1510, s1 at 3500.
struct split_round : reader_fixture {
  explicit split_round(bool drops_s2 = false) : made(builder()) {
    made.begin_round(1000, 1000);
    made.open_stream(s1, 0);
    made.open_stream(s2, 0);
    append_round_robin(made, {s1, s2}, 26, 1000);
    append_round_robin(made, {s1}, 100, 1520, 20);
    if (drops_s2)
      made.drop_stream(s2);
    made.end_round(3499);
  }
  void second_round(lsn gap = 0) {
    made.begin_round(4000, 1000);
    made.open_stream(s1, made.rows().at(s1).position.next_lsn + gap);
    made.open_stream(s2, made.rows().at(s2).position.next_lsn);
  }
  void finish(scn checkpoint) {
    made.cut_all();
    made.commit(checkpoint);
  }
  archive_builder made;
};

} // namespace

TEST_CASE("a restore needs the pieces from the start of its window to the one that holds UNTIL") {
  split_round x;
  CHECK(needed(x, {.until = 1000}) == keys{"1/1"});
  CHECK(needed(x, {.until = 1999}) == keys{"1/1"});
  CHECK(needed(x, {.until = 2000}) == keys{"1/1", "1/2"});
  CHECK(needed(x, {.until = 3499}) == keys{"1/1", "1/2", "1/3"});
  CHECK(needed(x, {}) == keys{"1/1", "1/2", "1/3"});
  CHECK(needed(x, {.from_scn = 2000, .until = 2999}) == keys{"1/2"});
}

TEST_CASE("a round that joins is needed from where one of its streams may have gone on") {
  split_round x(true);
  x.made.begin_round(4000, 1000);
  x.made.open_stream(s1, x.made.rows().at(s1).position.next_lsn);
  append_round_robin(x.made, {s1}, 60, 4000, 20);
  x.finish(5100);
  CHECK(needed(x, {.until = 3499}) == keys{"1/1", "1/2", "1/3"});
  CHECK(needed(x, {.until = 3500}) == keys{"1/1", "1/2", "1/3", "2/4"}); // s1 may have begun before 4000
  CHECK(needed(x, {.until = 5000}) == keys{"1/1", "1/2", "1/3", "2/4", "2/5"});
}

TEST_CASE("a stream that stood still at the end of a round may have gone on right there in the next") {
  split_round x;
  x.second_round();
  append_round_robin(x.made, {s1, s2}, 10, 4000);
  x.finish(4100);
  CHECK(needed(x, {.until = 1509}) == keys{"1/1"});
  CHECK(needed(x, {.until = 1510}) == keys{"1/1", "2/4"});
  CHECK(needed(x, {.stream = s1, .until = 1510}) == keys{"1/1"});
}

TEST_CASE("a round behind a gap is not needed for what lies before it, nor the other way round") {
  split_round x;
  x.second_round(1);
  append_round_robin(x.made, {s1, s2}, 10, 4000);
  x.finish(4100);
  CHECK(needed(x, {.until = 3499}) == keys{"1/1", "1/2", "1/3"});
  CHECK(needed(x, {.until = 4050}) == keys{"2/4"});
}

TEST_CASE("where the end of a round cannot be read, the one after it is not left out") {
  split_round x;
  x.second_round();
  append_round_robin(x.made, {s1}, 10, 4000);
  x.finish(4100);
  auto catalogue = catalogue_of(x);
  block_filter filter{round_id{1}, round_id{2}, {}, 0, lsn_max, 0, 1500};
  CHECK(pieces_for(catalogue, filter).size() == 1);
  catalogue.rounds[0].streams_proved = false;
  CHECK(pieces_for(catalogue, filter).size() == 2);
}

TEST_CASE("a choice says where pieces of its round were left out") {
  split_round x;
  auto catalogue = catalogue_of(x);
  auto of = [&](scn from, scn until) {
    auto all = choose_pieces(catalogue, {round_id{1}, round_id{1}, {}, 0, lsn_max, from, until});
    REQUIRE(all.size() == 1);
    return std::tuple(all[0].pieces.size(), all[0].whole_start, all[0].whole_end);
  };
  CHECK(of(0, scn_max) == std::tuple(3u, true, true));
  CHECK(of(0, 2500) == std::tuple(2u, true, false));
  CHECK(of(2500, scn_max) == std::tuple(2u, false, true));
}

TEST_CASE("a piece without end is never over, and a round whose streams nobody knows is never left out") {
  reader_fixture open;
  auto made = open.builder();
  made.begin_round(1000, 0);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 3, 1000);
  made.cut_all();
  made.commit(1020);
  block_filter latest{round_id{1}, round_id{1}, {}, 0, lsn_max, scn_max, scn_max};
  CHECK(pieces_for(catalogue_of(open), latest).size() == 1);

  split_round x;
  x.second_round();
  append_round_robin(x.made, {s1}, 10, 4000);
  x.finish(4100);
  auto catalogue = catalogue_of(x);
  block_filter early{round_id{2}, round_id{2}, {}, 0, lsn_max, 0, 1500};
  CHECK(pieces_for(catalogue, early).empty());
  catalogue.rounds.back().streams.clear();
  CHECK(pieces_for(catalogue, early).size() == 1);
}

} // namespace varve::test
