#include "catalog/views/cdb_ob_backup_archivelog_progress.hpp"

#include "catalog/views/cell_text.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 15> columns{{
    {"INCARNATION", "bigint(20)"},
    {"TENANT_ID", "bigint(20)"},
    {"LOG_ARCHIVE_ROUND", "bigint(20)"},
    {"CUR_PIECE_ID", "bigint(20)"},
    {"SVR_IP", "varchar(32)"},
    {"SVR_PORT", "bigint(20)"},
    {"TABLE_ID", "bigint(20)"},
    {"PARTITION_ID", "bigint(20)"},
    {"MIN_FIRST_TIME", "timestamp(6)"},
    {"MAX_NEXT_TIME", "timestamp(6)"},
    {"STATUS", "varchar(11)"},
    {"START_LSN", "bigint(20)"},
    {"NEXT_LSN", "bigint(20)"},
    {"DROPPED", "bigint(20)"},
    {"LIMITS_CHECKPOINT", "bigint(20)"},
}};

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto tenants, input.catalog->round_statuses());
  std::vector<view_row> found;
  for (const auto& x : tenants) {
    if (x.round.status == round_status::stop)
      continue;
    VARVE_TRY_ASSIGN(auto streams, input.catalog->streams(x.tenant));
    for (const auto& stream : streams)
      found.push_back({
          std::int64_t{1},
          number_cell(x.tenant),
          number_cell(x.round.id),
          number_cell(std::max(x.current_piece, x.round.start_piece)),
          std::string(),
          std::int64_t{0},
          number_cell(stream.stream),
          std::int64_t{0},
          time_text(x.round.start_scn),
          stream.start_lsn < stream.position.next_lsn ? time_text(stream.position.last_scn) : std::string(),
          std::string(to_string(x.round.status)),
          number_cell(stream.start_lsn),
          number_cell(stream.position.next_lsn),
          std::int64_t{stream.dropped},
          std::int64_t{x.limiting_stream == stream.stream},
      });
  }
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view cdb_ob_backup_archivelog_progress{"CDB_OB_BACKUP_ARCHIVELOG_PROGRESS", columns, rows};

} // namespace varve
