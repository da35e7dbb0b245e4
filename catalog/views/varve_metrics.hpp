#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// What a monitoring system scrapes (archive_engine::metrics()), a row per value, measured when the SELECT
/// asks. LABELS as Prometheus writes them, tenant="1001",name="shop". TENANT_ID: NULL for the engine's own.
/// TYPE: gauge, or counter: it only grows, from 0 when the engine was opened. VALUE: in the unit the NAME
/// ends in; seconds since 1970 for times.
///
/// Beside a live process the catalog alone is read: then the rows of tenants are there, and the engine's own
/// (memory, entries, syncs, commits) are not, as with `varve metrics`. Without anybody who measures
/// (view_input::metrics) it is empty.
extern const view varve_metrics;

} // namespace varve
