#include "actors/round_records.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;
using strings = std::vector<std::string>;

namespace {

constexpr tenant_id shop{1001};

catalogued_round round_of(std::uint64_t id, lsn from, lsn to) {
  catalogued_round x;
  x.round = {round_id{id}, round_status::stop, 100 * id, 100 * id + 50, piece_id{1}, 0};
  x.counts = {10, 5, 1};
  x.last_piece = piece_id{id};
  x.ended_at = 1000 * id;
  x.streams = {{stream_id{1}, from, {to, 100 * id + 40}, false}};
  return x;
}

} // namespace

TEST_CASE("rounds as a destination tells them: history of those that ended, breaks, and which go on") {
  test::view_world world;
  world.put(round_join_record{shop, round_id{4}}); // what was thought before
  std::vector<catalogued_round> rounds{round_of(2, 0, 5), round_of(3, 5, 9), round_of(4, 20, 30)};
  rounds[1].interruption = break_record{stream_id{1}, 9, 20, 7, "recycled"};
  rounds[2].round.status = round_status::doing;
  rounds[2].ended_at = 0;
  change_set changes;
  put_rounds(shop, rounds, round_id{0}, "file:///b", changes);
  REQUIRE(world.catalog->apply(changes, durability::buffered).ok());

  auto at = world.catalog->snapshot();
  auto history = at->round_history().value();
  REQUIRE(history.size() == 2);
  CHECK(history[0] ==
        round_history_record{shop, rounds[0].round, {10, 5, 1}, piece_id{2}, 2000, "file:///b", ""});
  CHECK(history[1] ==
        round_history_record{shop, rounds[1].round, {10, 5, 1}, piece_id{3}, 3000, "file:///b", "recycled"});
  CHECK(at->round_joins().value() == std::vector{round_join_record{shop, round_id{3}}});
  CHECK(at->breaks().value() ==
        std::vector{break_history_record{shop, round_id{3}, stream_id{1}, 9, 20, 7, "recycled"}});
}

TEST_CASE("rounds below the first one wanted are only looked at") {
  test::view_world world;
  change_set changes;
  put_rounds(shop, {round_of(2, 0, 5), round_of(3, 5, 9)}, round_id{3}, "file:///b", changes);
  REQUIRE(world.catalog->apply(changes, durability::buffered).ok());
  CHECK(world.catalog->snapshot()->round_history().value().size() == 1);
  CHECK(world.catalog->snapshot()->round_joins().value().size() == 1);
}
