#pragma once

#include "tests/sweep/sweep_run.hpp"

namespace varve::test {

/// One story, and what must have happened in it without failures, or it proves nothing.
struct sweep_scenario {
  std::string name;
  sim_options options;
  std::function<void(sweep_run&)> script;
  std::uint64_t calls_min = 0, writes_min = 0;
  std::function<bool(const sweep_run&)> happened; ///< empty: that it ran
};

const std::vector<sweep_scenario>& sweep_scenarios();
const sweep_scenario& sweep_scenario_of(const std::string& name);

struct sweep_outcome {
  std::optional<std::string> broken; ///< the claim, and how it came to that
  std::uint64_t calls = 0, writes = 0, reads = 0;
  bool failed = false;   ///< the failure was reached
  bool happened = false; ///< what the story is about
};
sweep_outcome tell(const sweep_scenario& scenario, std::optional<failure_at> failure, bool print = false);

/// "piece_switch:killed:17:0", to tell it again; nullopt: not of this form.
std::string to_string(const sweep_scenario& scenario, const failure_at& failure);
struct sweep_replay {
  std::string scenario;
  failure_at failure;
};
std::optional<sweep_replay> parse_replay(const std::string& text);

} // namespace varve::test
