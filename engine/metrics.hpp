#pragma once

#include "catalog/catalog.hpp"
#include "catalog/views/metric_sample.hpp"
#include "engine/archive_engine.hpp"

namespace varve {

/// What a monitoring system wants to know. Names begin with "varve_" and end in their unit; times are seconds
/// since 1970. From the catalog, per tenant (labels tenant and name): round, checkpoint, bytes, streams,
/// breaks, alarms, the last commit. With `usage`, those of the engine besides. By name. Pure but for reading
/// the snapshot; costs a few records per tenant and one per log stream. Errors: the catalog's.
result<std::vector<metric_sample>> measure(const catalog_snapshot& from, const archive_engine::usage* usage,
                                           unix_ns now);

/// The same in Prometheus' text format 0.0.4.
result<std::string> metrics_text(const catalog_snapshot& from, const archive_engine::usage* usage,
                                 unix_ns now);

} // namespace varve
