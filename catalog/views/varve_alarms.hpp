#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// Tenants that are close to a break, a row each: log from ARCHIVED_LSN on is not archived yet, the host has
/// none below RECYCLED_LSN any more, and DISTANCE (what lies between, 0 if it is used up) is less than what
/// waits to be archived. Log up to ACCEPTED_LSN is in memory: lost only if the process dies. STREAM_ID is the
/// stream that will lose log first, STREAMS how many are in danger. Only in optional mode: a host in
/// mandatory mode recycles what is archived. Empty: no danger, or no engine runs.
extern const view varve_alarms;

} // namespace varve
