#include "catalog/views/varve_alarms.hpp"

#include "catalog/views/cell_text.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 9> columns{{
    {"TENANT_ID", "bigint(20)"},
    {"STREAM_ID", "bigint(20)"},
    {"STREAMS", "bigint(20)"},
    {"RECYCLED_LSN", "bigint(20)"},
    {"ARCHIVED_LSN", "bigint(20)"},
    {"ACCEPTED_LSN", "bigint(20)"},
    {"DISTANCE", "bigint(20)"},
    {"SINCE", "varchar(26)"},
    {"UPDATED_AT", "varchar(26)"},
}};

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto alarms, input.catalog->alarms());
  std::vector<view_row> found;
  found.reserve(alarms.size());
  for (const auto& x : alarms)
    found.push_back({
        number_cell(x.tenant),
        number_cell(x.stream),
        number_cell(x.streams),
        number_cell(x.oldest_left),
        number_cell(x.archived_lsn),
        number_cell(x.accepted_lsn),
        number_cell(x.archived_lsn > x.oldest_left ? x.archived_lsn - x.oldest_left : 0),
        time_text(x.since),
        time_text(x.updated_at),
    });
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view varve_alarms{"VARVE_ALARMS", columns, rows};

} // namespace varve
