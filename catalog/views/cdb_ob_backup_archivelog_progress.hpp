#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// How far every log stream of the current rounds is archived, by tenant and stream. Columns of OceanBase
/// first: a log stream is TABLE_ID there, with PARTITION_ID 0; the engine lives in the host's process, so
/// SVR_IP is '' and SVR_PORT 0. MIN_FIRST_TIME is the round's, MAX_NEXT_TIME the SCN of the stream's last
/// durable entry ('' before the first). Then ours: START_LSN, NEXT_LSN: [START_LSN, NEXT_LSN) is durable;
/// DROPPED: 1 once the host has dropped the stream; LIMITS_CHECKPOINT: 1: it holds the checkpoint back.
extern const view cdb_ob_backup_archivelog_progress;

} // namespace varve
