#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// Every round of every tenant: those that ended, as STOP, and the current ones whose status is another. By
/// tenant and round. Columns as in CDB_OB_BACKUP_ARCHIVELOG; the COMMENT of an ended round is the break that
/// interrupted it, or how else it ended before its time. Tenant 1 has one row: all current rounds together,
/// where there is one.
extern const view cdb_ob_backup_archivelog_summary;

} // namespace varve
