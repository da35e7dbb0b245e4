// A short story of the whole engine is told once to count the calls of its destinations and its catalog, and
// then once more for each of them and each way in which it can fail or be the last.
//
// VARVE_SWEEP=piece_switch:killed:17:0 tells that one alone, with all that happens; without a number behind
// the scenario's name the story without a failure.
#include "tests/harness/sanitized.hpp"
#include "tests/sweep/sweep_scenarios.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>

namespace varve::test {
namespace {

constexpr std::uint64_t step = thread_sanitized ? 25 : sanitized ? 5 : 1; // calls

/// What is done or not, torn or whole, is drawn; writes of the catalog are few.
constexpr unsigned lucks_of_a_write = 2;

/// True: it was about this story, or about another one.
bool replayed(const sweep_scenario& scenario) {
  auto* wanted = std::getenv("VARVE_SWEEP");
  if (wanted == nullptr)
    return false;
  std::optional<failure_at> failure;
  if (auto parsed = parse_replay(wanted)) {
    if (parsed->scenario != scenario.name)
      return true;
    failure = parsed->failure;
  } else if (wanted != scenario.name) {
    return true;
  }
  auto came = tell(scenario, failure, true);
  CHECK(came.broken.value_or("") == "");
  return true;
}

void sweep(const std::string& name) {
  auto& scenario = sweep_scenario_of(name);
  if (replayed(scenario))
    return;
  auto well = tell(scenario, std::nullopt);
  if (well.broken)
    FAIL(name << " breaks without any failure: " << *well.broken);
  CAPTURE(well.calls, well.writes);
  CHECK(well.happened);
  REQUIRE(well.calls >= scenario.calls_min);
  REQUIRE(well.writes >= scenario.writes_min);

  std::uint64_t runs = 0, broken = 0;
  for (auto what : all_failures) {
    auto count = what == failure::read_fails ? well.reads : is_of_catalog(what) ? well.writes : well.calls;
    for (std::uint64_t number = 0; number < count; number += step)
      for (unsigned luck = 0; luck < (is_of_catalog(what) ? lucks_of_a_write : 1); ++luck) {
        failure_at failure{what, number, luck};
        auto came = tell(scenario, failure);
        ++runs;
        INFO("VARVE_SWEEP=" << to_string(scenario, failure) << " tells it again");
        if (came.broken && ++broken <= 3)
          FAIL_CHECK(*came.broken);
        CHECK(came.failed);
      }
  }
  CHECK(broken == 0);
  std::cerr << "sweep " << name << ": " << well.calls << " calls, " << well.writes << " writes, "
            << well.reads << " reads, " << runs << " runs\n";
}

} // namespace

TEST_CASE("sweep: a failure or crash at any call of a first round loses nothing", "[sweep]") {
  sweep("first_round");
}

TEST_CASE("sweep: a failure or crash at any call of the first statements loses nothing", "[sweep]") {
  sweep("first_orders");
}

TEST_CASE("sweep: a failure or crash at any call loses nothing while hosts wait for room", "[sweep]") {
  sweep("held_host");
}

TEST_CASE("sweep: a failure or crash at any call of a piece switch loses nothing", "[sweep]") {
  sweep("piece_switch");
}

TEST_CASE("sweep: a failure or crash at any call of a NOARCHIVELOG with log under way loses nothing",
          "[sweep]") {
  sweep("noarchivelog");
}

TEST_CASE("sweep: a failure or crash at any call loses nothing of a tenant that is dropped and comes back",
          "[sweep]") {
  sweep("dropped_tenant");
}

TEST_CASE("sweep: a failure or crash at any call of a clean close and the next open loses nothing",
          "[sweep]") {
  sweep("clean_reopen");
}

TEST_CASE("sweep: a failure or crash at any call before or after a kill loses nothing", "[sweep]") {
  sweep("kill_and_reopen");
}

TEST_CASE("sweep: a failure or crash at any call of a second round loses nothing", "[sweep]") {
  sweep("second_round");
}

TEST_CASE("sweep: a failure or crash at any call of a break and the round after it loses nothing more",
          "[sweep]") {
  sweep("broken_round");
}

TEST_CASE("sweep: a failure or crash at any call of a move to another destination loses nothing", "[sweep]") {
  sweep("another_destination");
}

TEST_CASE("sweep: a failure or crash at any call of a takeover from a living engine loses nothing",
          "[sweep]") {
  sweep("takeover");
}

TEST_CASE("sweep: a failure or crash at any call around a rebuild of the catalog loses nothing", "[sweep]") {
  sweep("rebuilt_catalog");
}

TEST_CASE("sweep: a failure or crash at any call loses nothing while streams come and go", "[sweep]") {
  sweep("streams_come_and_go");
}

TEST_CASE("sweep: a failure or crash at any call loses nothing of pulled log", "[sweep]") {
  sweep("pulled_source");
}

} // namespace varve::test
