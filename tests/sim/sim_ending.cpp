// How a simulated world ends: faults stop, everything is archived again, and all accounts are compared.
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_world.hpp"

#include <algorithm>

namespace varve::test {

bool sim_world::all_is_committed() {
  auto& engine = *engines_.front();
  return std::ranges::all_of(tenants(), [&](auto tenant) { return engine.caught_up(tenant); }) &&
         engine.open_waits() == 0 && !engine.in_call();
}

void sim_world::run_until_all_is_committed() {
  faults_on_ = false;
  for (auto& each : storages_)
    each.medium->clear_faults();
  note("faults stop");
  while (somebody_dies_ && step()) {
  }
  check();
  while (engines_.size() > 1)
    kill(0);
  if (!engines_.empty() && engines_.front()->catalog()->may_fail())
    kill(0);
  if (engines_.empty())
    restart();
  auto& engine = *engines_.front();
  for (auto tenant : tenants())
    for (auto bound = world_.now() + one_hour; is_gone(tenant); run_for(one_second)) // it comes back
      if (world_.now() > bound)
        throw broken_claim("tenant " + to_string(tenant) + " cannot be registered again");
  // A tenant without news is not taken over, and its catalog need not know what others committed last.
  for (auto tenant : tenants())
    for (auto& [id, of] : log_.streams(tenant))
      if (!of.dropped) {
        log_.write(tenant, id, options_.entry_bytes);
        break;
      }
  engine.dba().settle();
  run_until_caught_up();
  if (options_.watched_to_the_end) {
    watch_the_age();
    run_until_caught_up();
  }
  engine.fall_silent();
  run_for(2 * options_.option.checkpoint_interval);
  engine.publish();
  model_.check_complete(places(false));
  compare_catalog();
  compare_views();
}

void sim_world::run_until_caught_up() {
  auto& engine = *engines_.front();
  engine.stop_writing();
  auto bound = world_.now() + 10 * options_.option.checkpoint_interval + 2 * one_minute +
               time_to_archive(engine.owed_bytes());
  for (auto next_look = world_.now(); !all_is_committed(); next_look += 5 * one_second) {
    while (world_.now() < next_look)
      if (!step())
        throw broken_claim("nothing happens any more");
    engine.dba().mend();
    if (world_.now() > bound) {
      std::string why = "the archive does not catch up:";
      for (auto tenant : tenants())
        why += "\n  " + engine.standing(tenant);
      throw broken_claim(why + "\n  open waits: " + std::to_string(engine.open_waits()));
    }
  }
}

/// Once nothing fails and storage carries what hosts write, a checkpoint is never older than the interval,
/// but for the time that a host and a commit take.
void sim_world::watch_the_age() {
  auto& engine = *engines_.front();
  engine.go_on_writing();
  auto interval = options_.option.checkpoint_interval;
  auto slack = 3 * options_.host_pause + 10 * one_second;
  run_for(interval + slack);
  for (int i = 0; i < 20; ++i) {
    run_for(interval / 10);
    for (auto tenant : tenants()) {
      auto row = engine.row(tenant);
      auto checkpoint = row ? row->round.checkpoint_scn : 0;
      if (checkpoint + interval + slack < log_.now())
        throw broken_claim("the checkpoint of tenant " + to_string(tenant) + " is " +
                           format_duration(log_.now() - checkpoint) + " old, promised is " +
                           format_duration(interval) + ":\n  " + engine.standing(tenant));
    }
  }
}

} // namespace varve::test
