#pragma once

#include "actors/archive_runtime.hpp"
#include "tests/harness/simulation.hpp"

#include <string>

namespace varve::test {

/// How one simulated world behaves: everything that is drawn before it starts, so that a failing seed can be
/// read. Times are virtual, in nanoseconds.
struct sim_options {
  unsigned tenants = 1;
  unsigned streams = 1;        ///< of each tenant
  duration_ns duration = 0;    ///< of the part with faults
  unsigned incidents = 0;      ///< crashes, takeovers and outages in it
  duration_ns host_pause = 0;  ///< about so long between two turns of a host
  unsigned entries_a_turn = 0; ///< at most
  std::uint32_t entry_bytes = 0;
  bool one_rests = false;     ///< in the life of each engine one stream of a tenant has nothing new
  duration_ns io_latency = 0; ///< of one call, at most; 0: at once
  unsigned early_timers = 0;  ///< permille of steps
  unsigned fails_before = 0, fails_after = 0; ///< permille of storage calls
  bool second_engines = false;                ///< takeovers by an engine beside the old one
  dest_option option;
  archive_option how;
  std::uint64_t budget_bytes = 0, segment_bytes = 0, sync_bytes = 0;
  std::uint32_t block_bytes = 0;
  unsigned workers = 1, io_threads = 1;

  static sim_options drawn_from(simulation& world);
  std::string to_string() const;
};

} // namespace varve::test
