#include "catalog/views/cdb_ob_backup_archivelog.hpp"

#include "catalog/views/archivelog_row.hpp"

namespace varve {
namespace {

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto identity, input.catalog->identity());
  VARVE_TRY_ASSIGN(auto registered, input.catalog->tenants());
  VARVE_TRY_ASSIGN(auto tenants, input.catalog->round_statuses());
  std::vector<view_row> found;
  found.reserve(tenants.size() + 1);
  found.push_back(
      aggregate_archivelog_row(tenants, identity && identity->standing_order, registered, input.now));
  for (const auto& x : tenants)
    found.push_back(archivelog_row(x, comment_of(x, input.now)));
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view cdb_ob_backup_archivelog{"CDB_OB_BACKUP_ARCHIVELOG", archivelog_columns, rows};

} // namespace varve
