#pragma once

#include "bench/archive_bench.hpp"

namespace varve::bench {

/// How long does it take to tell what can be restored, beside the pieces of many years? Two tenants in one
/// RocksDB catalog: one whose pieces follow each other without end, and one that lost log many times.
struct window_bench_options {
  std::string directory;            ///< gets the catalog
  std::uint64_t pieces = 1'000'000; ///< of each tenant
  std::uint64_t gaps = 1000;        ///< of the second one; at most one less than pieces
  unsigned runs = 5;
  double goal = 0.01; ///< seconds a SELECT of the restorable windows of one tenant may take
};
/// Adds its figures to `told`. Errors: the catalog's.
status run_window_bench(const window_bench_options& options, report& told, const tell_function& tell);

} // namespace varve::bench
