#pragma once

#include "engine/base/time.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace varve::test {

class sim_process;

/// Actor systems on one thread, under one seed and one virtual clock. Each step runs one message of one
/// actor, or one action of the test, chosen by the seed among all that could run now. Time stands still while
/// anything can run (but for early timers, which the seed also chooses), then jumps to the next timer. Equal
/// seeds and equal programs give equal runs, which trace() proves. Not thread-safe.
class simulation {
public:
  explicit simulation(std::uint64_t seed);
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  /// A number in [0, below), from the seed; below > 0.
  std::uint64_t draw(std::uint64_t below);
  std::uint64_t draw(std::uint64_t low, std::uint64_t high) { return low + draw(high - low + 1); }
  bool chance(unsigned permille) { return draw(1000) < permille; }
  std::mt19937_64& random() { return random_; }

  /// Virtual time since the start, nanoseconds.
  duration_ns now() const { return now_; }
  /// Runs `what` as a step of its own, not before `delay` has passed.
  void after(duration_ns delay, std::function<void()> what);

  /// How long a job of an actor of this name (its state's `name`) waits before it runs: storage that answers
  /// late and out of order. Drawn anew for each message.
  void set_latency(std::function<duration_ns(std::string_view actor)> latency) {
    latency_ = std::move(latency);
  }
  /// How often, in steps per thousand, time goes on to the next timer although something could run.
  void set_early_timers(unsigned permille) { early_timers_ = permille; }

  /// One step; false: nothing will ever happen again.
  bool step();
  std::uint64_t steps() const { return steps_; }

  /// A hash of everything that happened, in order: steps, times, and what the test mixes in itself.
  std::uint64_t trace() const { return trace_; }
  void mix(std::uint64_t what) { trace_ = (trace_ ^ (what + 0x9e3779b97f4a7c15U)) * 0x100000001b3U; }
  void mix(std::string_view what);

private:
  friend class sim_process;
  bool advance_time();
  void wake();

  std::mt19937_64 random_;
  std::uint64_t trace_ = 14695981039346656037U, steps_ = 0;
  duration_ns now_ = 0;
  unsigned early_timers_ = 0;
  std::uint64_t next_process_ = 1;
  std::function<duration_ns(std::string_view)> latency_;
  std::vector<sim_process*> processes_; // alive
  std::multimap<duration_ns, std::function<void()>> later_;
  std::deque<std::function<void()>> ready_;
};

/// One simulated process: an actor system whose actors the simulation runs. The simulation outlives it. All
/// actors must be cooperative, and nobody may wait for an answer in place.
class sim_process {
public:
  explicit sim_process(simulation& world);
  sim_process(const sim_process&) = delete;
  sim_process& operator=(const sim_process&) = delete;
  ~sim_process();

  caf::actor_system& system() { return *system_; }

  /// The process stands still for so long, as SIGSTOP or a paused machine makes it: none of its messages and
  /// timers runs, what was due comes when it is over. Also from within a call of one of its actors, whose
  /// rest then waits for whoever called this.
  void stand_still(duration_ns time);
  bool stands_still() const;

  /// The process dies: no further message runs, and every actor's state is destroyed at once. What the
  /// actors' destructors still try must be made harmless before (cut off its destination).
  void kill();

private:
  friend class simulation;
  class coordinator;

  simulation& world_;
  const std::uint64_t number_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  coordinator* jobs_ = nullptr; // the system's
  bool dead_ = false;
};

} // namespace varve::test
