#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// The last 1024 committed checkpoints of every tenant, oldest first. LAG_US: the age of the checkpoint when
/// it was committed, microseconds. LIMITING_STREAM: the log stream that held it back; NULL: none, the
/// tenant's own advance did. COMMIT_US: from the start of the checkpoint until its commit counted; where that
/// is most of LAG_US, the destination is slow.
extern const view varve_lag_history;

} // namespace varve
