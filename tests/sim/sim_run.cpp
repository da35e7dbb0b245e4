#include "tests/sim/sim_run.hpp"

#include <algorithm>
#include <iostream>
#include <vector>

namespace varve::test {

void outcome::add(const outcome& more) {
  if (!broken)
    broken = more.broken;
  seeds += more.seeds;
  steps += more.steps;
  faults += more.faults;
  lost_replies += more.lost_replies;
  times_full += more.times_full;
  entries += more.entries;
  time += more.time;
  counts.add(more.counts);
  model.acknowledgements += more.model.acknowledgements;
  model.checks += more.model.checks;
  model.compared_entries += more.model.compared_entries;
}

outcome run_seed(std::uint64_t seed, bool print, const handle_maker& handles) {
  outcome came;
  came.seeds = 1;
  std::optional<sim_world> world;
  try {
    world.emplace(seed, handles);
    world->set_printing(print);
    if (print)
      std::cerr << "seed " << seed << ": " << world->options().to_string() << '\n';
    world->run_with_faults();
    world->run_until_all_is_committed();
  } catch (const broken_claim& claim) {
    came.broken = "seed " + std::to_string(seed) + ": " + claim.what();
    if (world)
      *came.broken += "\n" + world->options().to_string() +
                      "\nlast of the story (all of it: tests/simulate --seed " + std::to_string(seed) +
                      "):\n" + world->story();
  }
  if (!world)
    return came;
  came.trace = world->world().trace();
  came.steps = world->world().steps();
  came.time = world->world().now();
  came.faults = world->faults();
  came.lost_replies = world->lost_replies();
  came.times_full = world->times_full();
  came.entries = world->log().entries_written();
  came.counts = world->counts();
  came.model = world->model().counts();
  return came;
}

std::string describe(const outcome& sum) {
  auto& c = sum.counts;
  std::string text;
  auto say = [&](std::uint64_t count, const char* what) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(count)).append(" ").append(what);
  };
  say(sum.seeds, "worlds");
  say(sum.time / one_hour, "hours of their time");
  say(sum.entries, "entries");
  say(c.statements, "statements");
  say(c.given_up, "given up before their answer");
  say(sum.model.acknowledgements, "acknowledgements");
  say(c.engines, "engines");
  say(c.drops, "tenants dropped");
  say(c.kills, "kills");
  say(c.power_failures, "power failures");
  say(c.closes, "closed");
  say(c.takeovers, "second engines");
  say(c.fenced, "fenced");
  say(c.sleeps, "stood still");
  say(c.stalls, "stood still in a create");
  say(c.outages, "outages");
  say(sum.faults, "failed calls");
  say(sum.lost_replies, "lost replies");
  say(sum.times_full, "times no space");
  say(c.catalog_failures, "catalog failures");
  say(c.lost_directories, "lost data directories");
  say(c.breaks, "breaks");
  say(c.mistakes, "mistakes of hosts");
  say(c.rounds, "ended rounds");
  say(c.pieces, "pieces");
  say(c.refused_full, "times full");
  say(c.rooms, "times room");
  say(c.resends, "resends");
  say(c.waits, "waits");
  say(c.mended, "mended by the DBA");
  say(sum.model.checks, "checks");
  say(sum.model.compared_entries, "entries compared");
  say(sum.steps, "steps");
  return text;
}

namespace {

struct least {
  const char* what;
  std::uint64_t happened, in_thousand;
};

std::vector<least> all_least(const outcome& sum) {
  auto& c = sum.counts;
  return {
      {"entries", sum.entries, 200'000},
      {"crashes", c.kills + c.power_failures, 1000},
      {"failed calls", sum.faults, 1000},
      {"lost replies", sum.lost_replies, 1000},
      {"calls without space", sum.times_full, 300},
      {"second engines", c.takeovers, 200},
      {"fenced engines", c.fenced, 200},
      {"closed engines", c.closes, 50},
      {"breaks", c.breaks, 20},
      {"pieces", c.pieces, 3000},
      {"ended rounds", c.rounds, 300},
      {"statements", c.statements, 3000},
      {"given up before their answer", c.given_up, 200},
      {"tenants dropped", c.drops, 50},
      {"resends", c.resends, 200},
      {"times room", c.rooms, 1000},
      {"engines that stood still", c.sleeps, 50},
      {"that did so in a create", c.stalls, 20},
      {"catalog failures", c.catalog_failures, 50},
      {"lost data directories", c.lost_directories, 20},
      {"mistakes", c.mistakes, 300},
  };
}

} // namespace

std::string describe_least(const outcome& sum) {
  std::string text;
  for (auto& each : all_least(sum))
    text += std::string(text.empty() ? "" : ", ") +
            std::to_string(each.happened * 1000 / std::max<std::uint64_t>(sum.seeds, 1)) + " " + each.what +
            " (" + std::to_string(each.in_thousand) + ")";
  return "of 1000 worlds (at least): " + text;
}

std::string too_quiet(const outcome& sum) {
  std::string quiet;
  for (auto& each : all_least(sum))
    if (each.happened * 1000 < each.in_thousand * sum.seeds)
      quiet += std::string(quiet.empty() ? "" : "; ") + std::to_string(each.happened) + " " + each.what +
               " in " + std::to_string(sum.seeds) + " worlds, wanted are " +
               std::to_string(each.in_thousand) + " in a thousand";
  return quiet;
}

} // namespace varve::test
