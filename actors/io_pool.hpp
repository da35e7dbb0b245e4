#pragma once

#include "actors/interfaces.hpp"
#include "catalog/catalog.hpp"

#include <atomic>
#include <functional>
#include <optional>

namespace varve {

/// Opens the destination; called on an I/O worker's thread, again after each failure.
using destination_opener = std::function<result<std::shared_ptr<destination>>()>;

/// Which actors get their own thread: I/O in production, none in simulation.
enum class threading : std::uint8_t { own_threads, cooperative };

/// A pool of `workers` I/O actors. Jobs start in the order they came; the destination is opened by the first
/// job and shared by all workers.
io_pool_actor spawn_io_pool(caf::actor_system& system, destination_opener open, unsigned workers,
                            threading how);

/// `batches`: counts the batches written.
catalog_writer_actor spawn_catalog_writer(caf::actor_system& system, catalog& where, duration_ns beat,
                                          threading how, std::atomic<std::uint64_t>& batches,
                                          std::function<void(const error&)> on_error);

/// Makes an immutable object whose name only this writer may use: an object of that name with the same bytes
/// is success (the answer to an earlier attempt was lost), one with other bytes is checksum_error.
status create_same(destination& where, const object_path& path, bytes_view content);

/// Why a destination could not be opened, as what its caller may make of it: it says nothing about an object
/// there, so what would (file_not_exist, already_exists, checksum_error) is io_error.
error cannot_open(error why);

/// Runs `work` on the pool and gives its result to `then` in the context of `self`. If the pool is gone,
/// `then` gets errc::closed.
template <class T, class Self>
void run_io(Self self, const io_pool_actor& pool, std::string label,
            std::function<result<T>(destination&)> work, std::function<void(result<T>)> then) {
  auto outcome = std::make_shared<std::optional<result<T>>>();
  auto job = std::make_shared<io_job>();
  job->label = std::move(label);
  job->run = [outcome, work = std::move(work),
              raw = job.get()](const result<std::shared_ptr<destination>>& where) {
    if (where.ok())
      outcome->emplace(work(**where));
    else
      outcome->emplace(cannot_open(where.error()));
    raw->reopen = (*outcome)->code() == errc::invalid_destination;
  };
  self->request(pool, caf::infinite, job_atom::value, io_job_ptr{job})
      .then([outcome, then](bool) { then(std::move(**outcome)); },
            [then](caf::error&) { then(fail(errc::closed, "the engine is closing")); });
}

} // namespace varve
