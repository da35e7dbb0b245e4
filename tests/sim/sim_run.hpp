#pragma once

#include "tests/sim/sim_world.hpp"

#include <optional>
#include <string>

namespace varve::test {

/// What came of one simulated world.
struct outcome {
  std::optional<std::string> broken; // the claim, and how it came to that
  std::uint64_t trace = 0, steps = 0, faults = 0, checks = 0, acknowledgements = 0, entries = 0;
  duration_ns time = 0;
  sim_world::counters counts;
};

/// The world of this seed, from its first entry until everything is committed. `print`: what happens, line by
/// line.
outcome run_seed(std::uint64_t seed, bool print = false, const handle_maker& handles = {});

} // namespace varve::test
