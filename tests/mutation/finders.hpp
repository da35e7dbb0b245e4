#pragma once

#include "tests/mutation/planted_table.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace varve::test {

/// How a planted bug was found.
struct finding {
  std::uint64_t seed = 0; ///< by the simulation
  std::string how;        ///< the claim that broke, or the crash it came to
};

/// The worlds of seeds 1 … seeds_max with this bug on, up to the first in which a claim breaks. In a process
/// of its own: a planted bug may also crash.
std::optional<finding> find_by_simulation(planted_bug bug, std::uint64_t seeds_max);

/// One test case of the program planted_`program` with this bug on; nullopt: it holds.
std::optional<finding> find_by_test(planted_bug bug, const std::string& program, const std::string& test);

} // namespace varve::test
