#pragma once

#include "actors/io_pool.hpp"

namespace varve {

struct piece_writer_parts {
  io_pool_actor pool;
  std::function<unix_ns()> now;
  std::function<void(error_ptr)> on_trouble; ///< it cannot go on for now (nullptr: it can again)
  /// The engine's counters; both are required.
  std::atomic<std::uint64_t>* syncs = nullptr;
  std::atomic<std::uint64_t>* stored_bytes = nullptr;
};

piece_writer_actor spawn_piece_writer(caf::actor_system& system, piece_writer_parts parts);

/// Pauses between attempts of something that fails: 100 ms, doubling up to 10 s.
class backoff {
public:
  duration_ns next() {
    auto pause = std::min<duration_ns>(100 * one_ms << std::min(failures_, 7U), 10 * one_second);
    ++failures_;
    return pause;
  }
  void reset() { failures_ = 0; }

private:
  unsigned failures_ = 0;
};

} // namespace varve
