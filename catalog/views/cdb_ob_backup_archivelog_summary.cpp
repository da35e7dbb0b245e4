#include "catalog/views/cdb_ob_backup_archivelog_summary.hpp"

#include "catalog/views/archivelog_row.hpp"

#include <algorithm>

namespace varve {
namespace {

round_status_record as_status(const round_history_record& x) {
  round_status_record made;
  made.tenant = x.tenant;
  made.round = x.round;
  made.round.status = round_status::stop;
  made.counts = x.counts;
  made.current_piece = x.last_piece;
  made.destination = x.destination;
  return made;
}

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto identity, input.catalog->identity());
  VARVE_TRY_ASSIGN(auto registered, input.catalog->tenants());
  VARVE_TRY_ASSIGN(auto current, input.catalog->round_statuses());
  VARVE_TRY_ASSIGN(auto ended, input.catalog->round_history());
  std::erase_if(current, [](auto& x) { return x.round.status == round_status::stop; });
  std::vector<view_row> found;
  found.reserve(ended.size() + current.size() + 1);
  if (!current.empty())
    found.push_back(
        aggregate_archivelog_row(current, identity && identity->standing_order, registered, input.now));
  // Both come by tenant: a tenant's current round after those that ended.
  auto next = current.begin();
  auto put_current_below = [&](tenant_id tenant) {
    for (; next != current.end() && next->tenant < tenant; ++next)
      found.push_back(archivelog_row(*next, comment_of(*next, input.now)));
  };
  for (auto& x : ended) {
    put_current_below(x.tenant);
    found.push_back(archivelog_row(as_status(x), x.comment));
  }
  for (; next != current.end(); ++next)
    found.push_back(archivelog_row(*next, comment_of(*next, input.now)));
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view cdb_ob_backup_archivelog_summary{"CDB_OB_BACKUP_ARCHIVELOG_SUMMARY", archivelog_columns,
                                                      rows};

} // namespace varve
