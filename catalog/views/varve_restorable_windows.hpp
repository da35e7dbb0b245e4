#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// To which times a tenant can be restored, by tenant and time: one row per window, that is, per run of
/// rounds without a gap between them. A restore to any time from FROM_TS to UNTIL_TS works (the same as SCNs,
/// in nanoseconds: FROM_SCN, UNTIL_SCN), and gives the log of all streams since the window's beginning. A
/// round that has no log, or no checkpoint yet, has no row unless it goes on with others. Made from rounds
/// alone: it costs the same however many pieces they have.
extern const view varve_restorable_windows;

} // namespace varve
