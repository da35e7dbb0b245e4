#pragma once

#include "catalog/catalog.hpp"
#include "engine/archive_engine.hpp"

namespace varve {

/// Metrics in Prometheus' text format 0.0.4. Names begin with "varve_" and end in their unit; times are
/// seconds since 1970. From the catalog, per tenant (labels tenant and name): round, checkpoint, bytes,
/// streams, breaks, the last commit. With `usage`, those of the engine besides. Pure but for reading the
/// snapshot; costs a few records per tenant and one per log stream. Errors: the catalog's.
result<std::string> metrics_text(const catalog_snapshot& from, const archive_engine::usage* usage,
                                 unix_ns now);

} // namespace varve
