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
}

TEST_CASE("the last cell of log time ends with it and nothing overflows") {
  CHECK(piece_grid{0, one_day}.boundary_after(scn_max) == scn_max);
  CHECK(piece_grid{scn_max, one_day}.cell_of(scn_max) == piece_bounds{scn_max, scn_max});
  CHECK(piece_grid{scn_max - 10, 100}.boundary_after(scn_max - 5) == scn_max);
  CHECK(piece_grid{1, scn_max}.boundary_after(2) == scn_max);
  CHECK(piece_grid{0, scn_max}.boundary_after(scn_max - 1) == scn_max);
  CHECK(piece_grid{0, 1}.cell_of(7) == piece_bounds{7, 8});
}

TEST_CASE("a new interval is a new grid from the end of the last piece") {
  piece_grid days{1000, one_day};
  piece_grid two_days{days.boundary_after(2000), 2 * one_day};
  CHECK(two_days.cell_of(1000 + one_day) == piece_bounds{1000 + one_day, 1000 + 3 * one_day});
}

/// Claim: pieces that each begin where the one before ended and end with the cell of their first entry touch
/// without gap or overlap, each holds the entry that made it, and each ends on the grid. Method: seeded
/// grids, anchors and steps, some of them enormous.
TEST_CASE("pieces of any log tile log time") {
  std::mt19937_64 random(7);
  std::size_t jumps = 0;
  for (int round = 0; round < 500; ++round) {
    piece_grid grid{random() >> (random() % 64), 1 + (random() >> (random() % 64))};
    if (grid.interval_ns == 0)
      grid.interval_ns = 1;
    auto previous_end = grid.anchor_scn;
    scn at = grid.anchor_scn;
    for (int i = 0; i < 50; ++i) {
      scn step = random() >> (random() % 64);
      at = step < scn_max - at ? at + step : scn_max;
      if (at < previous_end || previous_end == scn_max)
        continue;
      auto cell = grid.cell_of(at);
      REQUIRE(cell.start_scn >= previous_end);
      REQUIRE(cell.start_scn <= at);
      REQUIRE((at < cell.end_scn || cell.end_scn == scn_max));
      REQUIRE((cell.start_scn - grid.anchor_scn) % grid.interval_ns == 0);
      REQUIRE((cell.end_scn == scn_max || cell.end_scn - cell.start_scn == grid.interval_ns));
      REQUIRE(grid.boundary_after(at) == cell.end_scn);
      if (cell.start_scn > previous_end)
        ++jumps;
      previous_end = cell.end_scn;
    }
  }
  CHECK(jumps > 100);
}
