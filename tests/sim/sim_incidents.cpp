// What befalls a simulated world: crashes, takeovers, outages, machines that stand still.
#include "engine/catalog_rebuild.hpp"
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_world.hpp"

#include <algorithm>

namespace varve::test {

/// What `varve rebuild-catalog` makes where the data directory was lost.
std::shared_ptr<crash_catalog> sim_world::rebuilt_catalog() {
  ++counts_.lost_directories;
  auto made = std::make_shared<crash_catalog>();
  fault_destination where{storages_[0].medium->copy(world_.random()), "rebuild"};
  varve::rebuilt_catalog said;
  auto outcome = rebuild_catalog(*made, "simulated", where, storages_[0].uri, said);
  if (!outcome.ok())
    broken("the catalog cannot be rebuilt: " + outcome.error().to_string());
  if (said.damaged)
    broken("the catalog is rebuilt with damages: " + said.notes.front());
  return made;
}

void sim_world::kill(std::size_t which) {
  auto& dying = *engines_[which];
  note(dying.name() + " is killed");
  ++counts_.kills;
  dying.publish();
  dying.kill();
  left_ = world_.chance(500) ? dying.catalog()->copy() : dying.catalog()->after_crash(world_.random());
  graveyard_.push_back(std::move(engines_[which]));
  engines_.erase(engines_.begin() + static_cast<std::ptrdiff_t>(which));
}

void sim_world::kill_newest() {
  kill(engines_.size() - 1);
}

/// The newest engine, and another is opened on its catalog.
void sim_world::close_gracefully() {
  auto& closing = *engines_.back();
  if (closing.stands_still() || closing.in_call() || !may_nest())
    return;
  note(closing.name() + " is closed");
  ++counts_.closes;
  closing.close();
  auto found = std::ranges::find(engines_, &closing, &std::unique_ptr<sim_engine>::get);
  if (found == engines_.end())
    return; // it was killed meanwhile
  left_ = closing.catalog()->copy();
  graveyard_.push_back(std::move(*found));
  engines_.erase(found);
  if (engines_.empty())
    restart_later();
}

void sim_world::power_failure(bool lose_all) {
  note("power failure");
  ++counts_.power_failures;
  while (!engines_.empty()) {
    auto& dying = *engines_.back();
    dying.publish();
    dying.kill();
    left_ = lose_all ? dying.catalog()->synced() : dying.catalog()->after_crash(world_.random());
    graveyard_.push_back(std::move(engines_.back()));
    engines_.pop_back();
  }
  for (auto& each : storages_)
    each.medium->crash();
  model_.forget_what_came_back();
  committed_.clear();
}

void sim_world::restart() {
  start_engine(left_);
}

void sim_world::lose_catalog() {
  left_ = rebuilt_catalog();
}

void sim_world::start_second_engine() {
  ++counts_.takeovers;
  start_engine(engines_.back()->catalog()->after_crash(world_.random()));
}

void sim_world::restart_later() {
  world_.after(world_.draw(20) * one_second, [this] {
    if (!engines_.empty())
      return;
    // Now and then the data directory is lost as well; it is made again from one destination.
    bool lost = options_.destinations == 1 && world_.chance(150);
    if (lost) {
      // With its machine: what the machine had not given to a disk a reader might see, but not make durable.
      power_failure();
      left_ = rebuilt_catalog();
    }
    restart();
  });
}

/// A destination is full or does not answer for a while.
void sim_world::outage() {
  ++counts_.outages;
  auto medium = storages_[world_.draw(storages_.size())].medium;
  if (world_.chance(500)) {
    note(medium->name() + " is full");
    medium->set_quota(medium->used_bytes() + world_.draw(20'000));
  } else {
    note(medium->name() + " does not answer");
    medium->set_dead(true);
  }
  world_.after(world_.draw(1, 60) * one_second, [this, medium] {
    note(medium->name() + " is well again");
    medium->set_quota(std::nullopt);
    medium->set_dead(false);
  });
}

/// An engine stands still between two messages, or in the middle of its next create.
void sim_world::stand_still_and_stall() {
  if (engines_.empty())
    return;
  auto& which = *engines_[world_.draw(engines_.size())];
  if (world_.chance(400)) {
    stalling_ = which.name();
    stalls_in_commit_ = world_.chance(500);
    return;
  }
  auto time = world_.draw(1, 5 * options_.option.checkpoint_interval / one_second) * one_second;
  note(which.name() + " stands still for " + format_duration(time));
  ++counts_.sleeps;
  which.stand_still(time);
  if (options_.second_engines && engines_.size() < 3 && world_.chance(700))
    start_second_engine();
}

void sim_world::at_call(const fault_medium::call_info& call) {
  if (!faults_on_ || anybody_stalls())
    return;
  if (crash_in_calls_ && (*crash_in_calls_)-- == 0) {
    crash_in_calls_.reset();
    return crash_in(call);
  }
  bool stalls = call.kind == fault_medium::call::create && call.writer == stalling_ &&
                (!stalls_in_commit_ || call.path.find("/commits/") != std::string::npos);
  if (stalls && may_nest())
    stall(call);
}

/// Nobody can end a process in the middle of a call that it makes: its storage is cut off and it stands still
/// at once, and it ends before it does anything else.
void sim_world::crash_in(const fault_medium::call_info& call) {
  auto found = std::ranges::find(engines_, call.writer, [](auto& each) { return each->name(); });
  if (found == engines_.end())
    return;
  bool power = world_.chance(500);
  note(power ? "power fails in this call" : "killed in this call");
  for (auto& each : engines_)
    if (power || each == *found)
      each->freeze();
  somebody_dies_ = true;
  world_.after(0, [this, power, name = call.writer] {
    somebody_dies_ = false;
    if (power)
      power_failure();
    else
      for (std::size_t i = 0; i < engines_.size(); ++i)
        if (engines_[i]->name() == name) {
          kill(i);
          break;
        }
    if (engines_.empty())
      restart_later();
  });
}

/// The call has been made and has no effect yet; the world goes on without the one who made it.
void sim_world::stall(const fault_medium::call_info& call) {
  auto found = std::ranges::find(engines_, call.writer, [](auto& each) { return each->name(); });
  stalling_.clear();
  if (found == engines_.end() || (*found)->stands_still())
    return;
  auto time = world_.draw(1, 10 * options_.option.checkpoint_interval / one_second) * one_second;
  note(call.writer + " stands still for " + format_duration(time) + " in this create");
  ++counts_.stalls;
  (*found)->stand_still(time);
  if (options_.second_engines && engines_.size() < 3)
    world_.after(0, [this] {
      if (!engines_.empty() && engines_.size() < 3)
        start_second_engine();
    });
  // Nobody may end a process in the middle of one of its calls.
  ++stalled_;
  ++depth_;
  try {
    run_for(time);
  } catch (...) {
    --depth_;
    --stalled_;
    throw;
  }
  --depth_;
  --stalled_;
}

namespace {

/// What the door may answer where storage fails.
bool may_answer(const status& answer, const sim_engine& of) {
  return answer.ok() || answer.code() == errc::try_again || answer.code() == errc::closed ||
         (answer.code() == errc::catalog_error && of.catalog()->failed());
}

} // namespace

/// The database drops a tenant, and makes one of that number again.
void sim_world::drop_a_tenant() {
  auto& engine = *engines_.back();
  auto all = tenants();
  auto tenant = all[world_.draw(all.size())];
  if (engine.stands_still() || engine.in_call() || !may_nest() || is_gone(tenant) || !engine.knows(tenant))
    return outage();
  set_gone(tenant, true);
  ++counts_.drops;
  befell_[tenant].stopped = true;
  auto life = engine.life();
  auto dropped = engine.drop(tenant);
  if (*life && !may_answer(dropped, engine))
    broken(engine.name() + ": drop_tenant answers " + dropped.error().to_string());
  world_.after(world_.draw(30 * one_second), [this, tenant] { bring_back(tenant); });
}

void sim_world::bring_back(tenant_id tenant) {
  if (!is_gone(tenant))
    return;
  auto untold = std::ranges::find_if(engines_, [&](auto& each) { return !each->knows(tenant); });
  if (untold == engines_.end())
    return set_gone(tenant, false); // who starts later is told then
  auto& engine = **untold;
  auto life = engine.life();
  if (!engine.stands_still() && !engine.in_call() && may_nest()) {
    auto known = engine.register_again(tenant);
    if (*life && !may_answer(known, engine))
      broken(engine.name() + ": register_tenant answers " + known.error().to_string());
  }
  world_.after(one_second, [this, tenant] { bring_back(tenant); });
}

void sim_world::late_and_dropped_streams() {
  auto all = tenants();
  auto tenant = all[world_.draw(all.size())];
  auto& streams = log_.streams(tenant);
  if (world_.chance(600)) {
    auto number = stream_id{streams.rbegin()->first.value + 1};
    note("tenant " + to_string(tenant) + " has a stream " + to_string(number) + " now");
    log_.add_stream(tenant, number, world_.chance(options_.pulled), true);
    return;
  }
  auto which = streams.begin();
  if (streams.size() > 1 && !which->second.dropped) {
    note("tenant " + to_string(tenant) + " drops its stream " + to_string(which->first));
    log_.drop_stream(tenant, which->first);
  }
}

void sim_world::incident(bool must_crash) {
  if (!faults_on_)
    return;
  check();
  if (anybody_stalls())
    return must_crash ? world_.after(one_second, [this] { incident(true); }) : outage();
  if (engines_.empty()) {
    if (must_crash)
      world_.after(one_second, [this] { incident(true); });
    return;
  }
  auto what = must_crash ? world_.draw(4) : world_.draw(11);
  if (what < 4 && world_.chance(500)) {
    crash_in_calls_ = world_.draw(30);
    return;
  }
  switch (what) {
  case 0:
  case 1:
    kill(world_.draw(engines_.size()));
    if (engines_.empty())
      restart_later();
    return;
  case 2:
  case 3:
    power_failure();
    return restart_later();
  case 4:
  case 5:
    if (options_.second_engines && engines_.size() < 3)
      return start_second_engine();
    return outage();
  case 6:
    return stand_still_and_stall();
  case 7:
    return close_gracefully();
  case 9:
    return drop_a_tenant();
  case 8:
    note("the catalog of " + engines_.back()->name() + " is about to fail");
    ++counts_.catalog_failures;
    engines_.back()->catalog()->fail_after(world_.draw(5));
    // Its host ends it some time later, and opens another on what is left.
    world_.after(world_.draw(1, 60) * one_second, [this, failed = engines_.back()->catalog()] {
      for (std::size_t i = 0; i < engines_.size() && faults_on_ && !anybody_stalls(); ++i)
        if (engines_[i]->catalog() == failed) {
          kill(i);
          if (engines_.empty())
            restart_later();
          return;
        }
    });
    return;
  default:
    return outage();
  }
}

} // namespace varve::test
