#pragma once

#include "engine/base/time.hpp"
#include "engine/model/ids.hpp"

#include <functional>
#include <string>

namespace varve {

/// How large an entry may be where nobody says otherwise, and the budget is large enough.
inline constexpr std::uint32_t default_entry_bytes = 16 << 20;

/// Everything archive_engine::open() takes. Durations are nanoseconds, sizes bytes.
struct archive_options {
  /// Where the catalog and the engine's own files live: a local directory, made if it is not there. One
  /// engine at a time; a second one is refused with the first one's pid.
  std::string data_directory;

  /// Memory for log that is not durable yet: entries, compressed blocks, unsynced blocks, open indexes.
  /// [16 MiB, 1 TiB]. When it is used up, append answers `full`.
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;

  /// A block is cut when its entries reach this. [4 KiB, 8 MiB]. Larger compresses better, smaller reaches
  /// the medium sooner.
  std::uint32_t block_bytes = 256 << 10;

  /// Largest payload of one entry, in bytes: at most (budget_bytes - reserve) / 8 - 16 KiB and 48 MiB, where
  /// the reserve is 2 (block_bytes + 16 KiB) per worker thread, and at most a quarter of the budget. open()
  /// refuses a larger one and says the largest. 0: default_entry_bytes, or that largest one if it is less.
  std::uint32_t entry_bytes_max = 0;

  /// A segment is ended when it reaches this. [1 MiB, 1 GiB)
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;

  /// The writer syncs at least after so many bytes. [64 KiB, segment_bytes]
  std::uint64_t sync_bytes = std::uint64_t{32} << 20;

  /// Worker threads of the actors that compress and coordinate; 0 = one per core.
  unsigned threads = 0;

  /// Threads for destination I/O, per destination. [1, 64]
  unsigned io_threads = 4;

  /// How fast a destination is written at most, in bytes a second, all tenants together, so that the host's
  /// own traffic keeps its share; 0 = as fast as it takes them. When log comes faster, append answers `full`.
  std::uint64_t destination_bytes_per_second = 0;

  /// NOARCHIVELOG gives a destination that does not answer this long, then stops without it. [0, 1 day]
  duration_ns stop_timeout = 10 * one_second;

  /// Wall clock in nanoseconds since 1970; empty = the system's. Called from several threads.
  std::function<unix_ns()> now;
};

} // namespace varve
