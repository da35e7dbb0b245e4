#include "catalog/views/varve_lag_history.hpp"

#include "catalog/views/cell_text.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 7> columns{{
    {"TENANT_ID", "bigint(20)"},
    {"SAMPLE", "bigint(20)"},
    {"COMMITTED_AT", "varchar(26)"},
    {"CHECKPOINT_TS", "varchar(26)"},
    {"LAG_US", "bigint(20)"},
    {"LIMITING_STREAM", "bigint(20)"},
    {"COMMIT_US", "bigint(20)"},
}};

result<std::vector<view_row>> rows(const view_input& input) {
  constexpr duration_ns microsecond = 1000;
  VARVE_TRY_ASSIGN(auto tenants, input.catalog->round_statuses());
  std::vector<view_row> found;
  for (const auto& tenant : tenants) {
    VARVE_TRY_ASSIGN(auto samples, input.catalog->lag_samples(tenant.tenant));
    for (const auto& x : samples) {
      auto lag = x.committed_at > x.checkpoint_scn ? x.committed_at - x.checkpoint_scn : 0;
      found.push_back({
          number_cell(x.tenant),
          number_cell(x.number),
          time_text(x.committed_at),
          time_text(x.checkpoint_scn),
          number_cell(lag / microsecond),
          x.limiting_stream ? number_cell(*x.limiting_stream) : view_cell{nullptr},
          number_cell(x.commit_took / microsecond),
      });
    }
  }
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view varve_lag_history{"VARVE_LAG_HISTORY", columns, rows};

} // namespace varve
