// Stories that random worlds found, told by hand over a few schedules each, since a seed means something else
// after every change of the actors.
#include "tests/sim/sim_world.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// A small quiet world without faults: two streams, one of which often has nothing to say.
sim_options quiet_world() {
  sim_options made;
  made.streams = 2;
  made.host_pause = 800 * one_ms;
  made.entries_a_turn = 1;
  made.entry_bytes = 300;
  made.option.checkpoint_interval = 5 * one_second;
  made.block_bytes = 4096;
  made.budget_bytes = 1 << 20;
  made.segment_bytes = 64 << 10;
  made.sync_bytes = 32 << 10;
  return made;
}

void for_some_schedules(const sim_options& options, const std::function<void(sim_world&)>& story) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    sim_world world{seed, {}, options};
    try {
      story(world);
    } catch (const broken_claim& claim) {
      FAIL("schedule " << seed << ": " << claim.what() << '\n' << world.story());
    }
  }
}

} // namespace

/// The catalog lost its last writes, the next engine published a newer checkpoint beside the old rows of
/// streams that had nothing new, and the one after that refused their log as too old.
TEST_CASE("a catalog that lost its last writes does not make the next engines refuse what the archive has",
          "[sim]") {
  auto options = quiet_world();
  options.one_rests = true;
  for_some_schedules(options, [](sim_world& world) {
    for (int life = 0; life < 6; ++life) {
      world.run_for(world.world().draw(4, 12) * one_second);
      world.power_failure(life % 2 == 0);
      world.restart();
    }
    world.run_until_all_is_committed();
  });
}

/// While a takeover read what the archive holds, the checkpoint it found was in force already, and repeats
/// that the host handed over by an older catalog were refused.
TEST_CASE("repeats that come during a takeover are taken as repeats", "[sim]") {
  auto options = quiet_world();
  options.host_pause = 100 * one_ms;
  options.io_latency = 20 * one_ms;
  options.early_timers = 200;
  for_some_schedules(options, [](sim_world& world) {
    for (int life = 0; life < 4; ++life) {
      world.run_for(world.world().draw(6, 9) * one_second);
      world.power_failure(true);
      world.restart();
    }
    world.run_until_all_is_committed();
  });
}

/// A fenced engine gave up log of which its host had promised that nothing follows, and refused it for good
/// when it was handed over again.
TEST_CASE("a fenced engine that is told to archive again takes the log that it gave up", "[sim]") {
  auto options = quiet_world();
  options.host_pause = 100 * one_ms;
  options.io_latency = 60 * one_ms;
  for_some_schedules(options, [](sim_world& world) {
    world.run_for(12 * one_second);
    world.start_second_engine();
    world.run_until_fenced();
    world.kill_newest();
    world.run_until_all_is_committed();
    CHECK(world.counts().engines == 2);
  });
}

TEST_CASE("a second engine fences the first, which acknowledges nothing afterwards", "[sim]") {
  std::uint64_t fenced = 0;
  for_some_schedules(quiet_world(), [&](sim_world& world) {
    world.run_for(12 * one_second);
    world.start_second_engine();
    world.run_for(30 * one_second);
    fenced += world.counts().fenced;
    world.run_until_all_is_committed();
  });
  CHECK(fenced >= 30);
}

} // namespace varve::test
