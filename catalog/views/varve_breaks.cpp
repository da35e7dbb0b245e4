#include "catalog/views/varve_breaks.hpp"

#include "catalog/views/cell_text.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 7> columns{{
    {"TENANT_ID", "bigint(20)"},
    {"ROUND_ID", "bigint(20)"},
    {"STREAM_ID", "bigint(20)"},
    {"FIRST_MISSING_LSN", "bigint(20)"},
    {"OLDEST_LEFT_LSN", "bigint(20)"},
    {"NOTICED_AT", "varchar(26)"},
    {"REASON", "varchar(4096)"},
}};

result<std::vector<view_row>> rows(const view_input& input) {
  VARVE_TRY_ASSIGN(auto breaks, input.catalog->breaks());
  std::vector<view_row> found;
  found.reserve(breaks.size());
  for (auto& x : breaks)
    found.push_back({
        number_cell(x.tenant),
        number_cell(x.round),
        number_cell(x.stream),
        number_cell(x.first_missing),
        number_cell(x.oldest_left),
        time_text(x.noticed_at),
        std::move(x.reason),
    });
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view varve_breaks{"VARVE_BREAKS", columns, rows};

} // namespace varve
