#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// Every piece and every copy of one, by tenant, round, piece, copy. Columns of OceanBase first, then ours:
/// INPUT_BYTES, OUTPUT_BYTES: what the piece holds, before and after compression.
/// DESTINATION: where this copy lies.
///
/// There are no rows of tenant 1: pieces belong to tenants here, and no object at a destination holds a piece
/// of all of them. CREATE_DATE is a UTC day. CHECKPOINT_TS is filled for ACTIVE pieces, too.
extern const view cdb_ob_backup_piece_files;

} // namespace varve
