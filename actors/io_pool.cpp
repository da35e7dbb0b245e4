#include "actors/io_pool.hpp"

#include "engine/base/planted_bug.hpp"

#include <deque>
#include <list>
#include <mutex>

namespace varve {
namespace {

/// The destination all workers of a pool share. Opening may take long, so the lock is only for the pointer's
/// sake of one opener at a time.
class shared_destination {
public:
  explicit shared_destination(destination_opener open) : open_(std::move(open)) {}

  result<std::shared_ptr<destination>> get() {
    std::lock_guard lock{mutex_};
    if (opened_)
      return opened_;
    auto made = open_();
    if (!made.ok())
      return made.error();
    return opened_ = *made;
  }

  void forget() {
    std::lock_guard lock{mutex_};
    opened_.reset();
  }

private:
  std::mutex mutex_;
  destination_opener open_;
  std::shared_ptr<destination> opened_;
};

struct worker_state {
  static inline const char* name = "io_worker";
  worker_state() = default;
};

io_worker_actor::behavior_type worker(io_worker_actor::stateful_pointer<worker_state>,
                                      std::shared_ptr<shared_destination> where) {
  return {[where](job_atom, const io_job_ptr& job) {
    job->run(where->get());
    if (job->reopen)
      where->forget();
    return true;
  }};
}

struct pool_state {
  static inline const char* name = "io_pool";
  explicit pool_state(io_pool_actor::stateful_pointer<pool_state>) {}
  ~pool_state() {
    for (auto& [job, promise] : waiting)
      promise.deliver(caf::make_error(caf::exit_reason::user_shutdown));
    for (auto& promise : running)
      promise.deliver(caf::make_error(caf::exit_reason::user_shutdown));
  }
  std::vector<io_worker_actor> workers, idle;
  std::deque<std::pair<io_job_ptr, caf::typed_response_promise<bool>>> waiting;
  std::list<caf::typed_response_promise<bool>> running;
};
using pool_pointer = io_pool_actor::stateful_pointer<pool_state>;

void start_jobs(pool_pointer self) {
  auto& state = self->state;
  while (!state.waiting.empty() && !state.idle.empty()) {
    auto [job, promise] = std::move(state.waiting.front());
    state.waiting.pop_front();
    auto runs = state.running.insert(state.running.end(), promise);
    auto worker = std::move(state.idle.back());
    state.idle.pop_back();
    self->request(worker, caf::infinite, job_atom::value, job)
        .then(
            [self, worker, runs](bool) {
              runs->deliver(true);
              self->state.running.erase(runs);
              self->state.idle.push_back(worker);
              start_jobs(self);
            },
            [self, worker, runs](caf::error& why) {
              runs->deliver(why);
              self->state.running.erase(runs);
              self->state.idle.push_back(worker);
              start_jobs(self);
            });
  }
}

io_pool_actor::behavior_type pool(pool_pointer self, std::shared_ptr<shared_destination> where,
                                  unsigned workers, threading how) {
  for (unsigned i = 0; i < workers; ++i)
    self->state.workers.push_back(how == threading::own_threads
                                      ? self->spawn<caf::detached + caf::linked>(worker, where)
                                      : self->spawn<caf::linked>(worker, where));
  self->state.idle = self->state.workers;
  return {[self](job_atom, const io_job_ptr& job) -> caf::result<bool> {
    auto promise = self->make_response_promise<bool>();
    self->state.waiting.emplace_back(job, promise);
    start_jobs(self);
    return promise;
  }};
}

struct catalog_state {
  static inline const char* name = "catalog_writer";
  catalog_state() = default;
  change_set collected;
  bool beating = false;
};

} // namespace

status create_same(destination& where, const object_path& path, bytes_view content) {
  auto created = where.create(path, content);
  if (created.code() != errc::already_exists)
    return created;
  auto there = where.read_all(path, format::object_bytes_max);
  if (!there.ok() && there.code() != errc::checksum_error)
    return there.error();
  VARVE_PLANT(object_not_compared, return {});
  if (there.ok() && equal(*there, content))
    return {};
  return fail(errc::checksum_error, path + " at " + where.describe() + " is there with other bytes",
              "no other writer may use this name: verify the destination");
}

error cannot_open(error why) {
  if (why.code == errc::file_not_exist || why.code == errc::already_exists ||
      why.code == errc::checksum_error)
    why.code = errc::io_error;
  return why;
}

io_pool_actor spawn_io_pool(caf::actor_system& system, destination_opener open, unsigned workers,
                            threading how) {
  return system.spawn(pool, std::make_shared<shared_destination>(std::move(open)), workers, how);
}

catalog_writer_actor spawn_catalog_writer(caf::actor_system& system, catalog& where, duration_ns beat,
                                          threading how, std::atomic<std::uint64_t>& batches,
                                          std::function<void(const error&)> on_error) {
  auto body =
      [&where, beat, &batches, on_error](
          catalog_writer_actor::stateful_pointer<catalog_state> self) -> catalog_writer_actor::behavior_type {
    auto write = [&where, &batches, on_error](const change_set& changes, durability how_sure) -> caf::error {
      if (changes.empty())
        return {};
      auto written = where.apply(changes, how_sure);
      ++batches;
      if (written.ok())
        return {};
      on_error(written.error());
      return caf::make_error(caf::sec::runtime_error, written.error().message);
    };
    auto write_collected = [self, write] {
      auto changes = std::exchange(self->state.collected, change_set{});
      return write(changes, durability::buffered);
    };
    return {[self, write](apply_atom, const change_set_ptr& changes) -> caf::result<bool> {
              // In the order they came: what was collected before must not overwrite this later.
              auto all = std::exchange(self->state.collected, change_set{});
              VARVE_PLANT(status_goes_back, std::swap(all, self->state.collected));
              all.merge(change_set{*changes});
              if (auto failed = write(all, durability::synced))
                return failed;
              return true;
            },
            [self, beat](later_atom, const change_set_ptr& changes) {
              self->state.collected.merge(change_set{*changes});
              if (std::exchange(self->state.beating, true))
                return;
              self->delayed_send(self, std::chrono::nanoseconds(beat), beat_atom::value);
            },
            [write_collected](stop_atom) -> caf::result<bool> {
              if (auto failed = write_collected())
                return failed;
              return true;
            },
            [self, write_collected](beat_atom) {
              self->state.beating = false;
              write_collected();
            }};
  };
  return how == threading::own_threads ? system.spawn<caf::detached>(body) : system.spawn(body);
}

} // namespace varve
