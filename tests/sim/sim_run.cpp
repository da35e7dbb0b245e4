#include "tests/sim/sim_run.hpp"

#include <iostream>

namespace varve::test {

outcome run_seed(std::uint64_t seed, bool print, const handle_maker& handles) {
  sim_world world{seed, handles};
  world.set_printing(print);
  if (print)
    std::cerr << "seed " << seed << ": " << world.options().to_string() << '\n';
  outcome came;
  try {
    world.run_with_faults();
    world.run_until_all_is_committed();
  } catch (const broken_claim& claim) {
    came.broken = "seed " + std::to_string(seed) + ": " + claim.what() + "\n" + world.options().to_string() +
                  "\nlast of the story (replay with SIM_SEED=" + std::to_string(seed) + "):\n" +
                  world.story();
  }
  came.trace = world.world().trace();
  came.steps = world.world().steps();
  came.time = world.world().now();
  came.faults = world.medium().faults();
  came.checks = world.model().checks();
  came.acknowledgements = world.model().acknowledgements();
  came.entries = world.log().entries_written();
  came.counts = world.counts();
  return came;
}

} // namespace varve::test
