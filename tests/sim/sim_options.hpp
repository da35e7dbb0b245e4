#pragma once

#include "actors/archive_runtime.hpp"
#include "tests/harness/simulation.hpp"

#include <string>

namespace varve::test {

/// How one simulated world behaves: everything that is drawn before it starts, so that a failing seed can be
/// read. Times are virtual, in nanoseconds.
struct sim_options {
  bool set_up = true; ///< the first engine has its orders when the world begins
  unsigned tenants = 1;
  unsigned streams = 1;         ///< of each tenant, at first
  unsigned late_streams = 0;    ///< of each tenant, opened later, at most
  unsigned dropped_streams = 0; ///< of each tenant, at most
  unsigned pulled = 0;          ///< permille of streams that the engine asks for their log
  unsigned destinations = 1;    ///< 2: some tenants have one of their own
  duration_ns duration = 0;     ///< of the part with faults, at least
  unsigned incidents = 0;       ///< crashes, takeovers, outages and the like in it
  duration_ns host_pause = 0;   ///< about so long between two turns of a host
  unsigned entries_a_turn = 0;  ///< at most
  std::uint32_t entry_bytes = 0;
  bool one_rests = false;     ///< in the life of each engine one stream of a tenant has nothing new
  duration_ns io_latency = 0; ///< of one call, at most; 0: at once
  unsigned early_timers = 0;  ///< permille of steps
  unsigned fails_before = 0, fails_after = 0; ///< permille of storage calls
  bool second_engines = false;                ///< takeovers by an engine beside the old one
  duration_ns dba_pause = 0;                  ///< about so long between two statements; 0: none but the first
  bool dba_stops_rounds = false;              ///< among them NOARCHIVELOG and ARCHIVELOG
  unsigned hasty = 0;      ///< permille of them whose answer is not waited for as long as it takes
  unsigned careless = 0;   ///< permille of turns in which a host recycles log that is not archived
  unsigned mistakes = 0;   ///< permille of turns in which a host hands over what it must not
  bool patient = false;    ///< a host that was told `full` in mandatory mode waits for room and nothing else
  bool round_scns = false; ///< SCNs are whole seconds, as the ends of pieces are
  bool watched_to_the_end = false; ///< after all, the age of the checkpoint is looked at for some intervals
  dest_option option;
  archive_option how;
  std::uint64_t budget_bytes = 0, segment_bytes = 0, sync_bytes = 0;
  std::uint32_t block_bytes = 0;
  unsigned workers = 1, io_threads = 1;

  static sim_options drawn_from(simulation& world);
  std::string to_string() const;
};

} // namespace varve::test
