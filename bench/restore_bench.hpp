#pragma once

#include "bench/archive_bench.hpp"

namespace varve::bench {

/// How fast does the restore reader give an archive back from the page cache, beside reading, checking and
/// decompressing its blocks and nothing else?
struct restore_bench_options {
  std::string input;
  std::size_t streams = 1;
  varve::codec codec = varve::codec::lz4;
  std::string destination;
  double seconds = 5;
  unsigned runs = 5;
  std::uint64_t archive_bytes = std::uint64_t{4} << 30; ///< of log to archive first
  std::size_t input_bytes_max = std::size_t{1} << 30;
  double goal = 0.8;
};
result<report> run_restore_bench(const restore_bench_options& options, const tell_function& tell);

} // namespace varve::bench
