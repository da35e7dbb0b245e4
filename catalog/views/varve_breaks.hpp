#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// Every break (log that was gone at the host before it was archived), by tenant and round: the rounds that
/// became INTERRUPTED, and why. Log of STREAM_ID from FIRST_MISSING_LSN up to OLDEST_LEFT_LSN is in no
/// archive. Everything before it is; only a new round (NOARCHIVELOG, ARCHIVELOG) goes on.
extern const view varve_breaks;

} // namespace varve
