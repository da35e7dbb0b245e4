#pragma once

#include "actors/io_pool.hpp"
#include "engine/archive_options.hpp"
#include "engine/destination/paced_destination.hpp"
#include "engine/format/object_header.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace varve {

/// Opens what a URI names; the arguments and errors of open_destination().
using uri_opener =
    std::function<result<std::shared_ptr<destination>>(const destination_uri&, open_mode, std::string_view)>;

/// All that an engine takes from the world around it: time, chance, storage, threads. In production the
/// system's; a simulation gives its own, and the same engine runs in it. All functions are thread-safe.
struct engine_environment {
  std::function<unix_ns()> now;
  std::function<random_id()> draw; ///< never the same twice
  uri_opener open;
  pace_clock pace; ///< of options.destination_bytes_per_second
  /// Blocks until `ready` (called with `lock` held) or for `limit` nanoseconds of the engine's time; what
  /// changes the answer of `ready` notifies `changed`. Returns the last answer.
  std::function<bool(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, duration_ns limit,
                     const std::function<bool()>& ready)>
      wait;
  /// Where the actors live, and outlives the engine; nullptr: the engine makes its own system, whose threads
  /// end with it.
  caf::actor_system* actors = nullptr;
  threading how = threading::own_threads;
  /// SET takes a log_archive_piece_switch_interval from 5s on: what is a day of log to users is a minute to
  /// tests.
  bool short_pieces = false;
};

/// The system's clock, random numbers, file systems and threads, with what `options` say of them.
engine_environment system_environment(const archive_options& options);

} // namespace varve
