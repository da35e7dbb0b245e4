#include "bench/select_timing.hpp"

#include "bench/measure.hpp"
#include "catalog/views/query.hpp"

namespace varve::bench {
namespace {

constexpr unix_ns now = 1'800'000'000 * one_second; ///< ages are not what is measured

} // namespace

result<select_timing> time_select(const catalog& from, std::string_view select, unsigned runs) {
  VARVE_TRY_ASSIGN(auto first, run_select(select, {from.snapshot(), now}));
  std::vector<double> seconds;
  for (unsigned run = 0; run < runs; ++run) {
    auto begin = steady_seconds();
    VARVE_TRY(run_select(select, {from.snapshot(), now}));
    seconds.push_back(steady_seconds() - begin);
  }
  return select_timing{median(seconds), first.rows.size()};
}

} // namespace varve::bench
