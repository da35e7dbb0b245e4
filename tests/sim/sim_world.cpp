#include "tests/sim/sim_world.hpp"

#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/archive_scan.hpp"
#include "engine/reader/committed_state.hpp"
#include "tests/sim/sim_engine.hpp"

#include <algorithm>
#include <iostream>

namespace varve::test {
namespace {

constexpr scn first_scn = 1'700'000'000 * one_second;
constexpr std::size_t story_lines_max = 120;

} // namespace

void sim_world::counters::add(const counters& more) {
  static_assert(sizeof(counters) % sizeof(std::uint64_t) == 0); // all of them are sums
  auto* to = reinterpret_cast<std::uint64_t*>(this);
  auto* from = reinterpret_cast<const std::uint64_t*>(&more);
  for (std::size_t i = 0; i < sizeof(counters) / sizeof(std::uint64_t); ++i)
    to[i] += from[i];
}

sim_world::sim_world(std::uint64_t seed, handle_maker handles, std::optional<sim_options> options)
    : world_(seed), options_(options ? *options : sim_options::drawn_from(world_)),
      handles_(std::move(handles)), log_(world_, first_scn, options_.round_scns), model_(log_) {
  for (unsigned i = 0; i < options_.destinations; ++i) {
    auto name = "destination" + std::to_string(i + 1);
    auto medium = std::make_shared<fault_medium>(world_.random(), name);
    medium->on_call([this, name](const fault_medium::call_info& call) {
      world_.mix(call.path);
      note(call.writer + " " + fault_medium::name_of(call.kind) + " " + name + "/" + call.path);
      at_call(call);
    });
    storages_.push_back({"memory://" + name, medium});
  }
  world_.set_latency([this](std::string_view actor) -> duration_ns {
    auto most = slowest_call();
    return actor == "io_worker" && most > 0 ? world_.draw(most) : 0;
  });
  world_.set_early_timers(options_.early_timers);
  for (auto tenant : tenants())
    for (unsigned i = 1; i <= options_.streams; ++i)
      log_.add_stream(tenant, stream_id{i}, world_.chance(options_.pulled), false);
  auto& first = start_engine(std::make_shared<crash_catalog>());
  if (options_.set_up)
    first.dba().set_up();
  faults_on_ = true;
  set_rates(true);
}

duration_ns sim_world::slowest_call() const {
  return faults_on_ ? options_.io_latency : std::min(options_.io_latency, 100 * one_ms);
}

/// Block by block: each is appended and synced, and some open a segment.
duration_ns sim_world::time_to_archive(std::uint64_t bytes) const {
  return 4 * (bytes / options_.block_bytes) * slowest_call();
}

sim_world::~sim_world() {
  for (auto& each : storages_)
    each.medium->on_call({});
}

std::vector<tenant_id> sim_world::tenants() const {
  std::vector<tenant_id> all;
  for (unsigned i = 0; i < options_.tenants; ++i)
    all.emplace_back(1001 + i);
  return all;
}

void sim_world::set_gone(tenant_id tenant, bool gone) {
  note("tenant " + to_string(tenant) + (gone ? " is dropped" : " is there again"));
  if (gone)
    gone_.insert(tenant);
  else
    gone_.erase(tenant);
}

/// Changes every half minute.
std::optional<stream_id> sim_world::resting(tenant_id tenant) const {
  auto& streams = log_.streams(tenant);
  if (!options_.one_rests || streams.size() < 2)
    return std::nullopt;
  auto which = (world_.now() / (30 * one_second) + tenant.value) % streams.size();
  return std::next(streams.begin(), static_cast<std::ptrdiff_t>(which))->first;
}

std::string sim_world::uri(std::size_t destination) const {
  return storages_.at(destination).uri;
}

std::string sim_world::home_of(tenant_id tenant) const {
  return uri(tenant.value % options_.destinations);
}

std::shared_ptr<fault_medium> sim_world::medium_of(const std::string& uri) const {
  for (auto& each : storages_)
    if (each.uri == uri)
      return each.medium;
  return nullptr;
}

std::shared_ptr<fault_destination> sim_world::open_handle(const std::shared_ptr<fault_medium>& medium,
                                                          const std::string& writer) {
  return handles_ ? handles_(medium, writer) : std::make_shared<fault_destination>(medium, writer);
}

random_id sim_world::draw_id() {
  random_id drawn;
  for (auto& each : drawn)
    each = static_cast<std::byte>(world_.draw(256));
  return drawn;
}

std::uint64_t sim_world::faults() const {
  std::uint64_t sum = 0;
  for (auto& each : storages_)
    sum += each.medium->faults();
  return sum;
}

std::uint64_t sim_world::lost_replies() const {
  std::uint64_t sum = 0;
  for (auto& each : storages_)
    sum += each.medium->lost_replies();
  return sum;
}

std::uint64_t sim_world::times_full() const {
  std::uint64_t sum = 0;
  for (auto& each : storages_)
    sum += each.medium->times_full();
  return sum;
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

std::string sim_world::story() const {
  std::string text;
  for (auto& line : story_)
    text += line + '\n';
  return text;
}

bool sim_world::step() {
  constexpr std::uint64_t steps_max = 5'000'000;
  bool more = world_.step();
  if (depth_ == 0)
    graveyard_.clear();
  if (!broken_.empty())
    throw broken_claim(broken_);
  for (auto& engine : engines_)
    engine->check_memory();
  if (world_.steps() > steps_max)
    throw broken_claim("the world does not come to an end");
  return more;
}

bool sim_world::wait(const bool& alive, std::unique_lock<std::mutex>& lock, duration_ns limit,
                     const std::function<bool()>& ready) {
  constexpr duration_ns for_ever = one_day;
  bool bounded = limit < for_ever;
  auto until = world_.now() + limit;
  if (bounded && !ready())
    world_.after(limit, [] {});
  ++depth_;
  lock.unlock();
  try {
    while (alive && (!bounded || world_.now() < until)) {
      lock.lock();
      bool enough = ready();
      lock.unlock();
      if (enough)
        break;
      if (!step())
        throw broken_claim("somebody waits, and nothing happens any more");
    }
  } catch (...) {
    --depth_;
    lock.lock();
    throw;
  }
  --depth_;
  lock.lock();
  return ready();
}

sim_engine& sim_world::start_engine(std::shared_ptr<crash_catalog> catalog) {
  auto name = "engine" + std::to_string(next_engine_++);
  note(name + " starts");
  engines_.push_back(std::make_unique<sim_engine>(*this, name, std::move(catalog)));
  ++counts_.engines;
  auto& made = *engines_.back();
  if (engines_.size() > 1)
    for (auto& each : engines_)
      company_.insert(each->name());
  made.boot();
  return made;
}

/// What was acknowledged is by now in a commit that a power failure leaves.
void sim_world::acknowledged(sim_engine& by, tenant_id tenant, stream_id stream, std::size_t first,
                             lsn upto) {
  auto who = "tenant " + to_string(tenant) + " stream " + to_string(stream);
  note(by.name() + " acknowledges " + who + " LSN " + std::to_string(upto));
  auto& committed = committed_[{tenant, stream}];
  bool anything = first < host_log::find(log_.at(tenant, stream), upto);
  for (auto& each : storages_) {
    if (!anything || upto <= committed)
      break;
    auto left = each.medium->copy(world_.random());
    left->crash();
    fault_destination look{left, "model"};
    auto state = read_committed_state(look, tenant, nullptr);
    if (!state.ok())
      return broken(who + " is acknowledged, and cannot be read: " + state.error().to_string());
    if (*state)
      for (auto& row : (*state)->streams)
        committed_[{tenant, row.stream}] = std::max(committed_[{tenant, row.stream}], row.position.next_lsn);
  }
  if (anything && upto > committed)
    broken(by.name() + " acknowledges " + who + " up to LSN " + std::to_string(upto) +
           ", but no commit reaches farther than LSN " + std::to_string(committed));
  try {
    model_.acknowledged(tenant, stream, first, upto);
  } catch (const broken_claim& claim) {
    broken(claim.what());
  }
}

/// A checkpoint that is shown is by now in a commit that a power failure leaves.
void sim_world::shown(sim_engine& by, const std::string& uri, tenant_id tenant, const archive_round& round) {
  auto medium = medium_of(uri);
  if (!medium || round.checkpoint_scn == 0)
    return;
  auto left = medium->copy(judge_);
  left->crash();
  fault_destination look{left, "model"};
  auto who = by.name() + " shows checkpoint " + std::to_string(round.checkpoint_scn) + " of tenant " +
             to_string(tenant) + " round " + to_string(round.id) + " at " + uri;
  auto found = read_newest_commit(look, tenant, {});
  if (!found.ok())
    return broken(who + ", and no commit can be read there: " + found.error().to_string());
  if (!*found || (*found)->record.round.id < round.id)
    return broken(who + ", and no commit there speaks of that round");
  auto& committed = (*found)->record.round;
  if (committed.id == round.id && committed.checkpoint_scn < round.checkpoint_scn)
    broken(who + ", and the newest commit there says " + std::to_string(committed.checkpoint_scn));
}

void sim_world::set_rates(bool on) {
  for (auto& each : storages_)
    each.medium->set_rates(on ? fault_medium::fault_rates{options_.fails_before, options_.fails_after}
                              : fault_medium::fault_rates{});
}

std::vector<archive_model::place> sim_world::places(bool crashed) {
  std::vector<archive_model::place> all;
  for (auto& each : storages_) {
    auto copy = each.medium->copy(world_.random());
    if (crashed)
      copy->crash();
    all.push_back({each.uri, std::make_shared<fault_destination>(copy, "reader")});
  }
  return all;
}

void sim_world::check() {
  for (auto& engine : engines_)
    engine->publish();
  model_.check(places(false));
  model_.check(places(true), true);
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

void sim_world::run_with_faults() {
  constexpr std::uint64_t entries_min = 200;
  // Something is forced to happen: a crash, and a call of each destination that fails.
  world_.after(world_.draw(options_.duration), [this] { incident(true); });
  for (auto& each : storages_)
    each.medium->plan(
        {.let_through = world_.draw(300),
         .when = world_.chance(500) ? fault_medium::moment::before : fault_medium::moment::after});
  for (unsigned i = 0; i < options_.incidents; ++i)
    world_.after(world_.draw(options_.duration), [this] { incident(false); });
  for (unsigned i = 0; i < options_.late_streams + options_.dropped_streams; ++i)
    world_.after(world_.draw(options_.duration), [this] { late_and_dropped_streams(); });
  run_for(options_.duration);
  auto enough = [&] {
    return log_.entries_written() >= entries_min && faults() > 0 &&
           counts_.kills + counts_.power_failures > 0;
  };
  for (auto bound = world_.now() + one_hour; !enough(); run_for(10 * one_second)) {
    if (engines_.size() > 1 && !anybody_stalls())
      kill(0); // beside others nobody may write
    if (!engines_.empty() && !anybody_stalls())
      engines_.back()->dba().mend(); // with the catalog the order to archive may be lost
    if (world_.now() > bound)
      throw broken_claim("too little happens in this world");
  }
}

} // namespace varve::test
