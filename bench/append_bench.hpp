#pragma once

#include "bench/archive_bench.hpp"

namespace varve::bench {

/// How long does one append of a small entry take, when entries come at their own pace? Open loop: an entry
/// that had to wait for the one before it counts from the moment it was due.
struct append_bench_options {
  varve::codec codec = varve::codec::lz4;
  std::string destination;
  std::size_t entry_bytes = 200;
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
  double seconds = 5;  ///< of each pace
  double goal_us = 10; ///< p99 at 10 %
};
result<report> run_append_bench(const append_bench_options& options, const tell_function& tell);

} // namespace varve::bench
