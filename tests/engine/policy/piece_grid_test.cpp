#include "engine/policy/piece_grid.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

TEST_CASE("a cell holds its start and not its end") {
  piece_grid grid{1000, 100};
  CHECK(grid.cell_of(1000) == piece_bounds{1000, 1100});
  CHECK(grid.cell_of(1099) == piece_bounds{1000, 1100});
  CHECK(grid.cell_of(1100) == piece_bounds{1100, 1200});
  CHECK(grid.boundary_after(1250) == 1300);
}

TEST_CASE("entries below the anchor belong to the first cell") {
  piece_grid grid{1000, 100};
  for (scn at : {scn{0}, scn{1}, scn{950}, scn{999}})
    CHECK(grid.cell_of(at) == piece_bounds{1000, 1100});
}

TEST_CASE("without split all of log time is one cell") {
  piece_grid grid{1000, 0};
  for (scn at : {scn{0}, scn{1000}, scn{1'000'000}, scn_max})
    CHECK(grid.boundary_after(at) == scn_max);
  CHECK(grid.next_piece(1000, 5000) == piece_bounds{1000, scn_max});
}

TEST_CASE("the last cell of log time ends with it and nothing overflows") {
  CHECK(piece_grid{0, one_day}.boundary_after(scn_max) == scn_max);
  CHECK(piece_grid{scn_max, one_day}.cell_of(scn_max) == piece_bounds{scn_max, scn_max});
  CHECK(piece_grid{scn_max - 10, 100}.boundary_after(scn_max - 5) == scn_max);
  CHECK(piece_grid{1, scn_max}.boundary_after(2) == scn_max);
  CHECK(piece_grid{0, scn_max}.boundary_after(scn_max - 1) == scn_max);
  CHECK(piece_grid{0, 1}.cell_of(7) == piece_bounds{7, 8});
}

TEST_CASE("a piece begins where the one before ended and ends with the cell of its first entry") {
  piece_grid grid{1000, 100};
  CHECK(grid.next_piece(1000, 1042) == piece_bounds{1000, 1100});
  CHECK(grid.next_piece(1100, 1142) == piece_bounds{1100, 1200});
  CHECK(grid.next_piece(1100, 1100) == piece_bounds{1100, 1200});
  CHECK(grid.next_piece(1000, 1) == piece_bounds{1000, 1100});
}

TEST_CASE("a year without entries makes one piece, not three hundred") {
  constexpr scn spring = 1'619'000'000 * one_second;
  piece_grid grid{spring, one_day};
  auto before = grid.next_piece(spring, spring + one_hour);
  auto after = grid.next_piece(before.end_scn, spring + 365 * one_day + one_hour);
  CHECK(after == piece_bounds{spring + one_day, spring + 366 * one_day});
  CHECK(grid.next_piece(after.end_scn, after.end_scn + 1).end_scn == spring + 367 * one_day);
}

TEST_CASE("a new interval is a new grid from the end of the last piece") {
  piece_grid days{1000, one_day};
  auto last = days.next_piece(1000, 2000);
  piece_grid two_days{last.end_scn, 2 * one_day};
  CHECK(two_days.next_piece(last.end_scn, last.end_scn) ==
        piece_bounds{last.end_scn, last.end_scn + 2 * one_day});
}

/// Claim: pieces made for any growing SCNs touch without gap or overlap, each holds the entry that made it,
/// and each ends on the grid. Method: seeded grids, anchors and steps, some of them enormous.
TEST_CASE("pieces of any log tile log time") {
  std::mt19937_64 random(7);
  std::size_t jumps = 0;
  for (int round = 0; round < 500; ++round) {
    piece_grid grid{random() >> (random() % 64), 1 + (random() >> (random() % 64))};
    if (grid.interval_ns == 0)
      grid.interval_ns = 1;
    piece_bounds piece{grid.anchor_scn, grid.anchor_scn};
    scn at = grid.anchor_scn;
    for (int i = 0; i < 50; ++i) {
      scn step = random() >> (random() % 64);
      at = step < scn_max - at ? at + step : scn_max;
      if (at < piece.end_scn || piece.end_scn == scn_max)
        continue;
      auto next = grid.next_piece(piece.end_scn, at);
      REQUIRE(next.start_scn == piece.end_scn);
      REQUIRE(next.end_scn > next.start_scn);
      REQUIRE((at < next.end_scn || next.end_scn == scn_max));
      REQUIRE((next.end_scn == scn_max || (next.end_scn - grid.anchor_scn) % grid.interval_ns == 0));
      REQUIRE(grid.boundary_after(at) == next.end_scn);
      if (next.end_scn - next.start_scn > grid.interval_ns)
        ++jumps;
      piece = next;
    }
  }
  CHECK(jumps > 100);
}
