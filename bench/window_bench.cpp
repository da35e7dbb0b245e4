#include "bench/window_bench.hpp"

#include "bench/engine_side.hpp"
#include "bench/measure.hpp"
#include "bench/piece_corpus.hpp"
#include "bench/select_timing.hpp"

#include <algorithm>

namespace varve::bench {
namespace {

/// Writes the corpus of each tenant and opens the catalog again, so that reads come from files as they do
/// after a restart.
result<std::unique_ptr<catalog>> fill(const std::string& directory, const std::vector<piece_corpus>& all) {
  {
    VARVE_TRY_ASSIGN(auto made, open_rocksdb_catalog(directory, catalog_mode::read_write));
    for (const auto& each : all)
      VARVE_TRY(fill_catalog(*made, each));
  }
  return open_rocksdb_catalog(directory, catalog_mode::read_write);
}

} // namespace

status run_window_bench(const window_bench_options& options, report& told, const tell_function& tell) {
  const std::vector<piece_corpus> tenants = {
      {bench_tenant, "whole", options.pieces, 0},
      {tenant_id{bench_tenant.value + 1}, "torn", options.pieces, std::min(options.gaps, options.pieces - 1)},
  };
  tell("filling a catalog with " + std::to_string(options.pieces) + " pieces of each of two tenants");
  auto begin = steady_seconds();
  VARVE_TRY_ASSIGN(auto where, fill(options.directory + "/catalog", tenants));
  auto seconds = steady_seconds() - begin;
  auto per_second = static_cast<double>(options.pieces * tenants.size()) / seconds;
  told.figure("pieces", options.pieces, std::to_string(options.pieces) + " of each of two tenants");
  told.figure("piece_records_per_second", per_second, show_number(per_second, 0) + " written to the catalog");

  for (const auto& each : tenants) {
    auto select = "SELECT * FROM VARVE_RESTORABLE_WINDOWS WHERE TENANT_ID = " + to_string(each.tenant);
    VARVE_TRY_ASSIGN(auto windows, time_select(*where, select, options.runs));
    auto shown = show_number(windows.seconds * 1e3, 3) + " ms";
    told.figure("windows_" + each.name, windows.rows,
                std::to_string(windows.rows) + " of the tenant with " + std::to_string(each.gaps) + " gaps");
    told.figure("windows_" + each.name + "_seconds", windows.seconds, shown);
    told.goal("the windows of " + std::to_string(each.pieces) + " pieces with " + std::to_string(each.gaps) +
                  " gaps < " + show_number(options.goal * 1e3, 0) + " ms",
              windows.seconds, windows.seconds < options.goal, shown);
  }
  return {};
}

} // namespace varve::bench
