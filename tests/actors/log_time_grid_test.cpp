#include "actors/log_time_grid.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("log time grid: without an interval all of log time is one cell") {
  log_time_grid grid;
  CHECK(grid.end_of_cell(1) == scn_max);
  grid.restart(0, 0);
  CHECK(grid.end_of_cell(1'000'000) == scn_max);
}

TEST_CASE("log time grid: the first entry of a round anchors it, and earlier ones belong to its cell") {
  log_time_grid grid;
  grid.restart(0, 100);
  CHECK(grid.end_of_cell(1'050) == 1'150);
  CHECK(grid.end_of_cell(1'149) == 1'150);
  CHECK(grid.end_of_cell(1'150) == 1'250);
  CHECK(grid.end_of_cell(7) == 1'150);
  CHECK(grid.end_of_cell(5'000) == 5'050);
}

TEST_CASE("log time grid: a new interval holds from the end of the last cell anybody asked for") {
  log_time_grid grid;
  grid.restart(0, 100);
  REQUIRE(grid.end_of_cell(1'000) == 1'100);
  REQUIRE(grid.end_of_cell(1'350) == 1'400);
  grid.set_interval(1'000);
  // Borders handed out before stay borders, and so do those between them.
  CHECK(grid.end_of_cell(1'050) == 1'100);
  CHECK(grid.end_of_cell(1'250) == 1'300);
  CHECK(grid.end_of_cell(1'399) == 1'400);
  CHECK(grid.end_of_cell(1'400) == 2'400);
  CHECK(grid.end_of_cell(2'400) == 3'400);
}

TEST_CASE("log time grid: of several changes in a row only the last one counts, later ones follow it") {
  log_time_grid grid;
  grid.restart(0, 100);
  REQUIRE(grid.end_of_cell(1'000) == 1'100);
  grid.set_interval(1'000);
  grid.set_interval(10);
  CHECK(grid.end_of_cell(1'100) == 1'110);
  CHECK(grid.end_of_cell(1'115) == 1'120);
  grid.set_interval(500);
  CHECK(grid.end_of_cell(1'120) == 1'620);
  CHECK(grid.end_of_cell(1'105) == 1'110);
  CHECK(grid.end_of_cell(1'000) == 1'100);
}

TEST_CASE("log time grid: an interval set before the first entry holds from the start") {
  log_time_grid grid;
  grid.restart(0, 100);
  grid.set_interval(1'000);
  CHECK(grid.end_of_cell(70) == 1'070);
}

TEST_CASE("log time grid: neither is a round without split cut, nor does a split one become whole") {
  log_time_grid grid;
  grid.restart(0, 0);
  grid.set_interval(100);
  CHECK(grid.end_of_cell(5) == scn_max);
  grid.restart(0, 100);
  grid.set_interval(0);
  CHECK(grid.end_of_cell(5) == 105);
}

TEST_CASE("log time grid: after a restart the pieces there are stay as they are") {
  log_time_grid grid;
  grid.restart(0, 100);
  REQUIRE(grid.end_of_cell(1) == 101); // of a round before
  grid.restart(3'000, 1'000, {1'500, 3'000});
  CHECK(grid.end_of_cell(10) == 1'500);
  CHECK(grid.end_of_cell(1'499) == 1'500);
  CHECK(grid.end_of_cell(1'500) == 3'000);
  CHECK(grid.end_of_cell(2'999) == 3'000);
  CHECK(grid.end_of_cell(3'000) == 4'000);
  CHECK(grid.end_of_cell(7'777) == 8'000);
}

TEST_CASE("log time grid: an interval changed right after a restart holds from the last piece's end") {
  log_time_grid grid;
  grid.restart(3'000, 1'000, {3'000});
  grid.set_interval(10);
  CHECK(grid.end_of_cell(2'000) == 3'000);
  CHECK(grid.end_of_cell(3'005) == 3'010);
}

TEST_CASE("log time grid: the last cell of log time has no end that overflows") {
  log_time_grid grid;
  grid.restart(scn_max - 50, 100);
  CHECK(grid.end_of_cell(scn_max - 1) == scn_max);
  grid.set_interval(10);
  CHECK(grid.end_of_cell(scn_max - 1) == scn_max);
}
