#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// The current or last round of every tenant, one row each, after one row for all of them (TENANT_ID 1).
/// Columns of OceanBase first, then ours: COMMENT: why the row does not move, and for how long; '' when all
/// is well. LIMITING_STREAM: the log stream that holds the checkpoint back; NULL: none, or unknown.
/// COMMIT_SEQ: the newest commit the row is a copy of; NULL before the first.
/// DESTINATION: where the round goes.
///
/// The row of tenant 1 speaks of the tenants whose round is not at STOP (of all, when all are): checkpoint =
/// the smallest, start = the largest, bytes = the sum, status = the first of INTERRUPTED, STOPPING,
/// BEGINNING, DOING that a tenant has; round and current piece = the largest number, first piece = the
/// smallest, since these count per tenant. ARCHIVELOG in force and nobody there yet: DOING, and COMMENT says
/// that it waits.
extern const view cdb_ob_backup_archivelog;

} // namespace varve
