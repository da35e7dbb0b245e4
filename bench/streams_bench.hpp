#pragma once

#include "bench/archive_bench.hpp"

namespace varve::bench {

/// What do very many streams cost: memory while all append faster than the destination takes it, and
/// processor while all are idle?
struct streams_bench_options {
  std::size_t streams = 10'000;
  varve::codec codec = varve::codec::lz4;
  std::string destination;
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
  std::uint64_t write_rate = std::uint64_t{16} << 20; ///< bytes a second the destination takes
  std::string interval = "120s";
  double busy_seconds = 30;
  double advance_seconds = 10;
  double idle_goal = 0.01; ///< of one core
};
result<report> run_streams_bench(const streams_bench_options& options, const tell_function& tell);

} // namespace varve::bench
