#include "tests/sim/sim_world.hpp"

#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/committed_state.hpp"
#include "tests/sim/sim_engine.hpp"

#include <algorithm>
#include <iostream>

namespace varve::test {
namespace {

constexpr scn first_scn = 1'700'000'000 * one_second;
constexpr std::size_t story_lines_max = 120;
constexpr std::uint64_t steps_max = 3'000'000; // the longest worlds make a tenth of it

} // namespace

sim_world::sim_world(std::uint64_t seed, handle_maker handles, std::optional<sim_options> options)
    : world_(seed), options_(options ? *options : sim_options::drawn_from(world_)),
      handles_(std::move(handles)), medium_(std::make_shared<fault_medium>(world_.random())),
      log_(world_, first_scn), model_(log_) {
  archive_ = draw_id();
  medium_->put(to_path(format_name{}), encode(archive_identity{archive_, first_scn}));
  medium_->on_call([this](const fault_medium::call_info& call) {
    world_.mix(call.path);
    note(call.writer + " " + fault_medium::name_of(call.kind) + " " + call.path);
  });
  world_.set_latency([this](std::string_view actor) -> duration_ns {
    auto most = faults_on_ ? options_.io_latency : std::min(options_.io_latency, 100 * one_ms);
    return actor == "io_worker" && most > 0 ? world_.draw(most) : 0;
  });
  world_.set_early_timers(options_.early_timers);
  for (auto tenant : tenants())
    for (unsigned i = 1; i <= options_.streams; ++i)
      log_.add_stream(tenant, stream_id{i});
  set_rates(true);
  start_engine(std::make_shared<crash_catalog>());
}

sim_world::~sim_world() {
  medium_->on_call({});
}

std::vector<tenant_id> sim_world::tenants() const {
  std::vector<tenant_id> all;
  for (unsigned i = 0; i < options_.tenants; ++i)
    all.emplace_back(1001 + i);
  return all;
}

random_id sim_world::draw_id() {
  random_id drawn;
  for (auto& each : drawn)
    each = static_cast<std::byte>(world_.draw(256));
  return drawn;
}

void sim_world::note(const std::string& what) {
  auto line = format_duration(world_.now() / one_ms * one_ms) + " " + what;
  if (printing_)
    std::cerr << line << '\n';
  story_.push_back(std::move(line));
  if (story_.size() > story_lines_max)
    story_.pop_front();
}

void sim_world::broken(const std::string& what) {
  note(what);
  if (broken_.empty())
    broken_ = what;
}

bool sim_world::step() {
  bool more = world_.step();
  if (!broken_.empty())
    throw broken_claim(broken_);
  if (world_.steps() > steps_max)
    throw broken_claim("the world makes no end of steps");
  return more;
}

std::string sim_world::story() const {
  std::string text;
  for (auto& line : story_)
    text += line + '\n';
  return text;
}

std::shared_ptr<fault_destination> sim_world::open_handle(const std::string& writer) {
  return handles_ ? handles_(medium_, writer) : std::make_shared<fault_destination>(medium_, writer);
}

/// What `rebuild-catalog` makes where the data directory was lost.
std::shared_ptr<crash_catalog> sim_world::rebuilt_catalog() {
  auto made = std::make_shared<crash_catalog>();
  fault_destination where{medium_->copy(world_.random()), "rebuild"};
  change_set all;
  for (auto tenant : tenants()) {
    auto state = read_committed_state(where, tenant, &archive_);
    if (!state.ok()) {
      broken("the catalog cannot be rebuilt: " + state.error().to_string());
      continue;
    }
    if (!*state)
      continue;
    auto& commit = (*state)->commit.record;
    round_status_record row;
    row.tenant = tenant;
    row.round = commit.round;
    row.counts = commit.round_counts;
    row.seq = commit.seq;
    row.destination = sim_engine::uri;
    all.put(row);
    for (auto& stream : (*state)->streams)
      all.put(stream_record{tenant, stream.stream, stream.start_lsn, stream.position, stream.dropped});
  }
  static_cast<void>(made->apply(all, durability::synced));
  return made;
}

sim_engine& sim_world::start_engine(std::shared_ptr<crash_catalog> catalog) {
  auto name = "engine" + std::to_string(next_engine_++);
  note(name + " starts");
  ++counts_.engines;
  engines_.push_back(std::make_unique<sim_engine>(*this, name, std::move(catalog)));
  return *engines_.back();
}

/// The first acknowledgement of an engine proves that it owns the tenant: whoever owned it before is frozen.
void sim_world::acknowledged(sim_engine& by, tenant_id tenant, stream_id stream,
                             const stream_position& position) {
  note(by.name() + " acknowledges tenant " + to_string(tenant) + " stream " + to_string(stream) + " LSN " +
       std::to_string(position.next_lsn));
  try {
    model_.acknowledged(tenant, stream, position);
  } catch (const broken_claim& claim) {
    broken(claim.what());
  }
  if (by.has_acknowledged(tenant))
    return;
  for (auto& other : engines_)
    if (other.get() != &by && other->has_acknowledged(tenant))
      other->freeze(tenant);
}

void sim_world::set_rates(bool on) {
  medium_->set_rates(on ? fault_medium::fault_rates{options_.fails_before, options_.fails_after}
                        : fault_medium::fault_rates{});
}

void sim_world::check() {
  for (auto& engine : engines_)
    engine->publish();
  auto now = medium_->copy(world_.random());
  model_.check(std::make_shared<fault_destination>(now, "reader"));
  auto left = medium_->copy(world_.random());
  left->crash();
  model_.check(std::make_shared<fault_destination>(left, "reader"));
}

void sim_world::kill(std::size_t which) {
  auto& dying = *engines_[which];
  note(dying.name() + " is killed");
  ++counts_.kills;
  dying.publish();
  dying.kill();
  left_ = world_.chance(500) ? dying.catalog()->copy() : dying.catalog()->after_crash(world_.random());
  engines_.erase(engines_.begin() + static_cast<std::ptrdiff_t>(which));
}

void sim_world::power_failure(bool lose_all) {
  note("power failure");
  ++counts_.power_failures;
  while (!engines_.empty()) {
    auto& dying = *engines_.back();
    dying.publish();
    dying.kill();
    left_ = lose_all ? dying.catalog()->synced() : dying.catalog()->after_crash(world_.random());
    engines_.pop_back();
  }
  medium_->crash();
}

void sim_world::restart() {
  start_engine(left_);
}

void sim_world::start_second_engine() {
  ++counts_.takeovers;
  start_engine(engines_.back()->catalog()->after_crash(world_.random()));
}

void sim_world::kill_newest() {
  kill(engines_.size() - 1);
}

void sim_world::run_for(duration_ns time) {
  for (auto end = world_.now() + time; world_.now() < end && step();) {
  }
}

void sim_world::run_until_fenced() {
  for (auto bound = world_.now() + one_hour; counts_.fenced == 0;)
    if (!step() || world_.now() > bound)
      throw broken_claim("nobody is fenced");
}

void sim_world::restart_later() {
  world_.after(world_.draw(20) * one_second, [this] {
    if (!engines_.empty())
      return;
    // Now and then the data directory is lost as well.
    if (world_.chance(150))
      left_ = rebuilt_catalog();
    restart();
  });
}

/// The destination is full or does not answer for a while.
void sim_world::outage() {
  ++counts_.outages;
  if (world_.chance(500)) {
    note("the medium is full");
    medium_->set_quota(medium_->used_bytes() + world_.draw(20'000));
  } else {
    note("the medium does not answer");
    medium_->set_dead(true);
  }
  world_.after(world_.draw(1, 60) * one_second, [this] {
    note("the medium is well again");
    medium_->set_quota(std::nullopt);
    medium_->set_dead(false);
  });
}

void sim_world::incident() {
  if (!faults_on_)
    return;
  check();
  switch (world_.draw(6)) {
  case 0:
  case 1:
    if (engines_.empty())
      return;
    kill(world_.draw(engines_.size()));
    if (engines_.empty())
      restart_later();
    return;
  case 2:
  case 3:
    power_failure();
    return restart_later();
  case 4:
    if (options_.second_engines && !engines_.empty() && engines_.size() < 3)
      return start_second_engine();
    [[fallthrough]];
  default:
    outage();
  }
}

void sim_world::run_with_faults() {
  for (unsigned i = 0; i < options_.incidents; ++i)
    world_.after(world_.draw(options_.duration), [this] { incident(); });
  run_for(options_.duration);
}

bool sim_world::all_is_committed() {
  for (auto tenant : tenants()) {
    scn upto = 0;
    for (auto& [id, of] : log_.streams(tenant))
      upto = std::max(upto, of.last_scn);
    if (!engines_.front()->caught_up(tenant, upto))
      return false;
  }
  return engines_.front()->open_waits() == 0;
}

void sim_world::run_until_all_is_committed() {
  faults_on_ = false;
  medium_->clear_faults();
  note("faults stop");
  check();
  while (engines_.size() > 1)
    kill(0);
  if (engines_.empty())
    start_engine(left_);
  auto& engine = *engines_.front();
  engine.stop_writing();
  auto bound = world_.now() + 10 * options_.option.checkpoint_interval + 5 * one_minute;
  auto next_look = world_.now();
  while (true) {
    if (world_.now() >= next_look) {
      for (auto tenant : tenants())
        if (engine.fenced(tenant))
          engine.take_back(tenant);
      if (all_is_committed())
        break;
      if (world_.now() > bound) {
        std::string why = "the archive does not catch up:";
        for (auto tenant : tenants())
          why += "\n  " + engine.standing(tenant);
        throw broken_claim(why + "\n  open waits: " + std::to_string(engine.open_waits()));
      }
      next_look = world_.now() + one_second;
    }
    if (!step())
      throw broken_claim("nothing happens any more");
  }
  engine.publish();
  scn last = scn_max;
  for (auto tenant : tenants())
    for (auto& [id, of] : log_.streams(tenant))
      last = std::min(last, of.last_scn);
  model_.check_complete(std::make_shared<fault_destination>(medium_->copy(world_.random()), "reader"), last);
}

} // namespace varve::test
