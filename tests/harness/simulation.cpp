#include "tests/harness/simulation.hpp"

#include <caf/all.hpp>
#include <caf/detail/test_actor_clock.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace varve::test {

using caf_time = caf::actor_clock::time_point;

/// The scheduler of one process: keeps what could run, and leaves the choice to the simulation.
class sim_process::coordinator final : public caf::scheduler::abstract_coordinator {
public:
  explicit coordinator(caf::actor_system& system) : abstract_coordinator(system), unit_(*this) {}

  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new coordinator(system);
  }

  caf::detail::test_actor_clock& clock() noexcept override { return clock_; }
  bool detaches_utility_actors() const override { return false; }

  void join(simulation& world) {
    world_ = &world;
    set_time(world.now());
  }

  std::size_t runnable() const { return stands_still() ? 0 : jobs_.size(); }
  bool stands_still() const { return now_ < still_until_; }
  void stand_still_until(duration_ns when) { still_until_ = std::max(still_until_, when); }

  /// When the next timer or sleeping job is due.
  std::optional<duration_ns> next_time() const {
    std::optional<duration_ns> next;
    if (stands_still())
      return still_until_;
    if (!sleeping_.empty())
      next = sleeping_.begin()->first;
    if (auto& timers = clock_.schedule(); !timers.empty()) {
      auto due = timers.begin()->first.time_since_epoch() - epoch;
      auto at = due.count() < 0 ? duration_ns{0} : static_cast<duration_ns>(due.count());
      next = next ? std::min(*next, at) : at;
    }
    return next;
  }

  void set_time(duration_ns now) {
    now_ = now;
    if (stands_still())
      return;
    clock_.current_time = caf_time{epoch + std::chrono::nanoseconds(now)};
    for (; !sleeping_.empty() && sleeping_.begin()->first <= now; sleeping_.erase(sleeping_.begin()))
      jobs_.push_back(sleeping_.begin()->second);
    clock_.trigger_expired_timeouts();
  }

  /// One message of one actor; says which.
  caf::actor_id run(std::size_t which) {
    auto* job = jobs_[which];
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(which));
    caf::actor_id id = 0;
    if (auto* actor = dynamic_cast<caf::abstract_actor*>(job))
      id = actor->id();
    switch (job->resume(&unit_, 1)) {
    case caf::resumable::resume_later:
      push(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    }
    return id;
  }

  /// Actors whose state holds promises hold themselves alive, so every actor is ended by hand.
  void kill() {
    dead_ = true;
    clock_.cancel_all();
    dropping_ = true;
    for (auto& [id, weak] : std::exchange(seen_, {}))
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(weak))
        if (auto* actor = dynamic_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(strong)))
          end(*actor);
    dropping_ = false;
    drop_all();
    clock_.cancel_all();
  }

protected:
  void enqueue(caf::resumable* job) override { push(job); }

  void start() override {
    // Nobody prints; CAF wants an address for it all the same.
    struct silent_printer final : caf::monitorable_actor {
      explicit silent_printer(caf::actor_config& config) : caf::monitorable_actor(config) {}
      void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
    };
    caf::actor_config config{&unit_};
    auto& all = system();
    utility_actors_[printer_id] =
        caf::make_actor<silent_printer, caf::actor>(all.next_actor_id(), all.node(), &all, config);
  }

  void stop() override {
    dead_ = true;
    drop_all();
  }

private:
  static constexpr std::chrono::nanoseconds epoch = std::chrono::hours(1);

  struct unit final : caf::execution_unit {
    explicit unit(coordinator& owner) : caf::execution_unit(&owner.system()), of(owner) {}
    void exec_later(caf::resumable* job) override { of.push(job); }
    coordinator& of;
  };

  void push(caf::resumable* job) {
    auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
    if (actor != nullptr)
      seen_.emplace(actor->id(), caf::actor_cast<caf::weak_actor_ptr>(actor));
    if (dead_) {
      jobs_.push_back(job);
      return drop_all();
    }
    duration_ns wait = 0;
    if (actor != nullptr && world_ != nullptr && world_->latency_)
      wait = world_->latency_(actor->name());
    if (wait > 0)
      sleeping_.emplace(now_ + wait, job);
    else
      jobs_.push_back(job);
  }

  /// In a loop, not in itself: an actor that ends wakes others, and may be woken while it ends.
  void drop_all() {
    if (std::exchange(dropping_, true))
      return;
    for (auto& [when, job] : std::exchange(sleeping_, {}))
      jobs_.push_back(job);
    while (!jobs_.empty())
      for (auto* job : std::exchange(jobs_, {})) {
        if (auto* actor = dynamic_cast<caf::scheduled_actor*>(job))
          end(*actor);
        caf::intrusive_ptr_release(job);
      }
    dropping_ = false;
  }

  /// CAF's own cleanup_and_release() leaves the state of an actor whose turn never came as it is.
  void end(caf::scheduled_actor& actor) {
    actor.context(&unit_);
    actor.quit(caf::exit_reason::kill);
    actor.finalize();
  }

  unit unit_;
  caf::detail::test_actor_clock clock_;
  simulation* world_ = nullptr;
  duration_ns now_ = 0, still_until_ = 0;
  std::vector<caf::resumable*> jobs_;
  std::multimap<duration_ns, caf::resumable*> sleeping_;
  std::map<caf::actor_id, caf::weak_actor_ptr> seen_; // holds no actor alive
  bool dead_ = false;
  bool dropping_ = false;
};

sim_process::sim_process(simulation& world) : world_(world), number_(world.next_process_++) {
  config_.load<coordinator>();
  config_.set("logger.console", caf::atom("none"));
  system_ = std::make_unique<caf::actor_system>(config_);
  system_->await_actors_before_shutdown(false);
  jobs_ = static_cast<coordinator*>(&system_->scheduler());
  jobs_->join(world);
  world.processes_.push_back(this);
}

sim_process::~sim_process() {
  kill();
}

void sim_process::stand_still(duration_ns time) {
  jobs_->stand_still_until(world_.now() + time);
}

bool sim_process::stands_still() const {
  return jobs_->stands_still();
}

void sim_process::kill() {
  if (std::exchange(dead_, true))
    return;
  std::erase(world_.processes_, this);
  jobs_->kill();
}

simulation::simulation(std::uint64_t seed) : random_(seed) {
  mix(seed);
}

simulation::~simulation() = default;

std::uint64_t simulation::draw(std::uint64_t below) {
  return random_() % below;
}

void simulation::mix(std::string_view what) {
  for (auto c : what)
    trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
}

void simulation::after(duration_ns delay, std::function<void()> what) {
  later_.emplace(now_ + delay, std::move(what));
}

void simulation::wake() {
  for (auto* process : processes_)
    process->jobs_->set_time(now_);
  for (; !later_.empty() && later_.begin()->first <= now_; later_.erase(later_.begin()))
    ready_.push_back(std::move(later_.begin()->second));
}

/// To the next moment at which something happens.
bool simulation::advance_time() {
  std::optional<duration_ns> next;
  if (!later_.empty())
    next = later_.begin()->first;
  for (auto* process : processes_)
    if (auto at = process->jobs_->next_time())
      next = next ? std::min(*next, *at) : *at;
  if (!next)
    return false;
  now_ = std::max(now_, *next);
  mix(now_);
  wake();
  return true;
}

bool simulation::step() {
  auto count = [this] {
    auto all = ready_.size();
    for (auto* process : processes_)
      all += process->jobs_->runnable();
    return all;
  };
  ++steps_;
  auto all = count();
  if (all > 0 && early_timers_ > 0 && chance(early_timers_)) {
    advance_time();
    return true;
  }
  if (all == 0)
    return advance_time();
  auto which = all == 1 ? 0 : static_cast<std::size_t>(draw(all));
  if (which < ready_.size()) {
    auto what = std::move(ready_[which]);
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(which));
    mix(std::uint64_t{0});
    what();
    return true;
  }
  which -= ready_.size();
  for (auto* process : processes_) {
    auto& jobs = *process->jobs_;
    if (which < jobs.runnable()) {
      mix(process->number_);
      mix(jobs.run(which));
      return true;
    }
    which -= jobs.runnable();
  }
  return true;
}

} // namespace varve::test
