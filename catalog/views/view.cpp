#include "catalog/views/view.hpp"

#include "catalog/views/cdb_ob_backup_archivelog.hpp"
#include "catalog/views/cdb_ob_backup_archivelog_progress.hpp"
#include "catalog/views/cdb_ob_backup_archivelog_summary.hpp"
#include "catalog/views/cdb_ob_backup_piece_files.hpp"
#include "catalog/views/varve_alarms.hpp"
#include "catalog/views/varve_breaks.hpp"
#include "catalog/views/varve_lag_history.hpp"
#include "catalog/views/varve_metrics.hpp"
#include "catalog/views/varve_restorable_windows.hpp"

#include <array>
#include <limits>

namespace varve {

std::span<const view> all_views() {
  static const std::array views{cdb_ob_backup_archivelog,
                                cdb_ob_backup_archivelog_progress,
                                cdb_ob_backup_archivelog_summary,
                                cdb_ob_backup_piece_files,
                                varve_alarms,
                                varve_breaks,
                                varve_lag_history,
                                varve_metrics,
                                varve_restorable_windows};
  return views;
}

view_cell number_cell(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::to_string(value);
  return static_cast<std::int64_t>(value);
}

} // namespace varve
