#pragma once

#include "bench/archive_bench.hpp"

namespace varve::bench {

/// What does a checkpoint of very many tenants cost, on a real catalog and a real file system: in time, in
/// syncs and in batches of the catalog; and how fast does the catalog of a tenant with very many pieces
/// answer?
struct catalog_bench_options {
  std::size_t tenants = 1000;
  std::size_t streams = 10; ///< of each tenant
  varve::codec codec = varve::codec::lz4;
  std::string destination; ///< a directory for all; "": a memory file system
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
  std::string interval = "120s";    ///< log_archive_checkpoint_interval
  unsigned runs = 5;                ///< of each kind of round, in turns
  double round_goal = 1;            ///< seconds
  double syncs_goal = 3;            ///< of a tenant with news
  std::uint64_t pieces = 1'000'000; ///< of each tenant whose windows are asked for
};
/// Errors: the engine's and the system's; io_error where the process may not hold a file open for each
/// tenant.
result<report> run_catalog_bench(const catalog_bench_options& options, const tell_function& tell);

} // namespace varve::bench
