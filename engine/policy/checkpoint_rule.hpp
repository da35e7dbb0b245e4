#pragma once

#include "engine/base/time.hpp"
#include "engine/model/ids.hpp"

#include <optional>

/// When a tenant's checkpoint starts, and how far one stream lets it claim. Pure functions; times and
/// positions come in.
namespace varve {

/// What is known of one stream.
struct stream_progress {
  scn last_durable_scn = 0;                  ///< of its last durable entry; 0: there is none
  std::optional<scn> first_pending_scn = {}; ///< of its oldest entry that is accepted and not durable
  scn advance = 0; ///< the host said: no entry with an SCN <= this will follow; 0: nothing
};

/// The largest C for which "every entry of this stream with SCN <= C is durable" holds: just below the oldest
/// pending entry; without one, just below the last durable SCN (SCNs may repeat, so another entry with that
/// very SCN may follow) or the advance, whichever is larger. 0: it supports nothing yet.
scn stream_support(const stream_progress& progress);

/// When the next checkpoint starts: once the last commit is older than half of the interval, so that with the
/// time the commit takes a checkpoint is never older than the whole. `phase` < half of the interval brings it
/// forward; give checkpoint_phase() for the first one after the start of a tenant and 0 afterwards.
unix_ns checkpoint_due_at(unix_ns last_commit_at, duration_ns interval, duration_ns phase);

/// now >= checkpoint_due_at(...), or the clock was set back behind the last commit, whose age nobody knows.
bool checkpoint_due(unix_ns now, unix_ns last_commit_at, duration_ns interval, duration_ns phase);

/// The tenant's own phase in [0, interval / 2), the same in every run, spread evenly over tenants, so that
/// not all of them commit at once.
duration_ns checkpoint_phase(tenant_id tenant, duration_ns interval);

} // namespace varve
