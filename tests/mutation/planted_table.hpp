#pragma once

#include "tests/mutation/planted_bugs.hpp"

#include <string>
#include <vector>

namespace varve::test {

/// One planted bug and what finds it: the simulation, where it says within how many seeds, else one test case
/// of the program planted_`program`.
struct planted_row {
  planted_bug bug;
  std::string name;
  std::string what;            ///< it does
  std::uint64_t seeds_max = 0; ///< from 1 on; with room, since a seed means another world after each change
  std::string program = {};
  std::string test = {};

  bool by_simulation() const { return seeds_max != 0; }
};

/// Of every planted bug one row, in the order of planted_bug.
const std::vector<planted_row>& planted_table();

} // namespace varve::test
