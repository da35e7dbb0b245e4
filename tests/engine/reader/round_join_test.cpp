#include "engine/reader/round_join.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

namespace {

constexpr stream_id s1{1}, s2{2};

catalogued_round round_of(std::uint64_t id, std::vector<stream_row> rows) {
  catalogued_round x;
  x.round.id = round_id{id};
  x.streams = std::move(rows);
  return x;
}

} // namespace

TEST_CASE("log begins in a round where its row says, or where the round before ended it") {
  stream_row before{s1, 100, {500, 77}, false};
  CHECK(log_begin({s1, 500, {900, 99}, false}, nullptr) == stream_position{500, 0});
  CHECK(log_begin({s1, 500, {900, 99}, false}, &before) == stream_position{500, 77});
  CHECK(log_begin({s1, 700, {900, 99}, false}, &before) == stream_position{700, 77});
  CHECK(log_begin(before, &before) == stream_position{500, 77});
}

TEST_CASE("rounds join where every stream goes on or was dropped") {
  auto first = round_of(1, {{s1, 0, {100, 5}, false}, {s2, 0, {50, 5}, false}});
  stream_row on{s1, 100, {200, 9}, false}, gap{s1, 110, {200, 9}, false}, too{s2, 50, {60, 8}, false};
  CHECK(rounds_join(first, round_of(2, {on, too})));
  CHECK_FALSE(rounds_join(first, round_of(2, {gap, too})));
  CHECK(rounds_join(first, round_of(2, {gap, too}), s2));  // of the one stream
  CHECK_FALSE(rounds_join(first, round_of(3, {on, too}))); // a round between is missing
  CHECK_FALSE(rounds_join(first, round_of(2, {on})));      // nobody knows where stream 2 went
  CHECK_FALSE(rounds_join(first, round_of(2, {})));
  CHECK_FALSE(rounds_join(round_of(1, {}), round_of(2, {on})));
  CHECK_FALSE(rounds_join(round_of(1, {first.streams[1]}), round_of(2, {on, too}))); // stream 1 was not there
  first.streams[1].dropped = true;
  CHECK(rounds_join(first, round_of(2, {on})));
}

TEST_CASE("a round whose log goes on behind its break joins no later one") {
  auto first = round_of(1, {{s1, 0, {100, 5}, false}, {s2, 40, {50, 5}, false}});
  auto second = round_of(2, {{s1, 100, {200, 9}, false}, {s2, 50, {60, 8}, false}});
  first.interruption = break_record{s2, 0, 40, 1, "recycled"};
  CHECK_FALSE(rounds_join(first, second));
  CHECK_FALSE(rounds_join(first, second, s2));
  CHECK(rounds_join(first, second, s1));
  first.interruption->first_missing = 50; // where its log ends: the next round has to go on there
  CHECK(rounds_join(first, second));
}

TEST_CASE("a stream without log in the later round keeps it apart unless it was dropped in the earlier one") {
  auto first = round_of(1, {{s1, 0, {100, 5}, false}, {s2, 0, {50, 5}, false}});
  stream_row on{s1, 100, {200, 9}, false};
  auto join = [&](std::optional<stream_row> more) {
    auto second = round_of(2, {on});
    if (more)
      second.streams.push_back(*more);
    return rounds_join(first, second);
  };
  for (lsn start : {lsn{0}, lsn{50}}) { // the row as it was, or that of the new round
    first.streams[1].dropped = false;
    CHECK_FALSE(join(stream_row{s2, start, {50, 5}, false}));
    CHECK_FALSE(join(stream_row{s2, start, {50, 5}, true})); // it may have written between the rounds
    first.streams[1].dropped = true;
    CHECK_FALSE(join(stream_row{s2, start, {50, 5}, false})); // it came again, and may have skipped log
    CHECK(join(stream_row{s2, start, {50, 5}, true}));
  }
  CHECK_FALSE(join(stream_row{s2, 60, {60, 5}, true})); // dropped again behind a gap
  first.streams.pop_back();
  CHECK(join(std::nullopt));
  stream_row fresh{stream_id{3}, 0, {0, 0}, false};
  CHECK_FALSE(join(fresh));
  fresh.dropped = true;
  CHECK_FALSE(join(fresh));
  fresh.position = {10, 9};
  CHECK_FALSE(join(fresh));
}

TEST_CASE("a join that is kept while rows move is what all rows say at once") {
  std::mt19937 random{7};
  auto below = [&](unsigned n) { return random() % n; };
  int joined = 0, apart = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    CAPTURE(trial);
    std::vector<stream_row> before;
    for (std::uint64_t i = 1, n = below(4); i <= n; ++i)
      before.push_back({stream_id{i}, 0, {below(3), 1}, below(3) == 0});
    auto now = before;
    for (auto& row : now)
      row.start_lsn = row.position.next_lsn;
    round_join kept{before, now};
    for (int step = 0; step < 12; ++step) {
      CHECK(kept.joined() == rounds_join(round_of(1, before), round_of(2, now)));
      (kept.joined() ? joined : apart)++;
      auto id = stream_id{1 + below(5)};
      auto at = std::ranges::lower_bound(now, id, {}, &stream_row::stream);
      if (at == now.end() || at->stream != id)
        at = now.insert(at, {id, 0, {0, 1}, false});
      else if (at->position.next_lsn == at->start_lsn && below(2) == 0)
        at->start_lsn = at->position.next_lsn =
            at->start_lsn + below(2); // its log begins, perhaps after a gap
      else if (below(3) == 0)
        at->dropped = true;
      else
        at->position.next_lsn += below(3);
      kept.look(*at);
    }
  }
  CHECK(joined > 100);
  CHECK(apart > 100);
  CHECK_FALSE(round_join{}.joined());
  CHECK_FALSE(round_join({{s1, 0, {100, 5}, false}}, {}).joined()); // nothing to restore
}
