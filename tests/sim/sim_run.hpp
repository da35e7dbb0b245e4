#pragma once

#include "tests/sim/sim_world.hpp"

#include <iosfwd>
#include <optional>
#include <string>

namespace varve::test {

/// What came of one seed, or the sum over some.
struct outcome {
  std::optional<std::string> broken; ///< the claim, and how it came to that
  std::uint64_t seeds = 0, trace = 0, steps = 0, faults = 0, lost_replies = 0, times_full = 0, entries = 0;
  duration_ns time = 0; ///< virtual
  sim_world::counters counts;
  archive_model::counters model;

  /// Sums; the first broken claim stays.
  void add(const outcome& more);
};

/// One world from beginning to end. `print`: everything that happens goes to stderr.
outcome run_seed(std::uint64_t seed, bool print = false, const handle_maker& handles = {});

/// For people: how much happened.
std::string describe(const outcome& sum);

/// The same, of what must happen: how often, and how often at least.
std::string describe_least(const outcome& sum);

/// What must have happened in so many seeds, or they prove nothing: "" or what was too rare.
std::string too_quiet(const outcome& sum);

} // namespace varve::test
