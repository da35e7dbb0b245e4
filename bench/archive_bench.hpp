#pragma once

#include "bench/report.hpp"
#include "engine/base/result.hpp"
#include "engine/model/option_values.hpp"

#include <functional>
#include <string>

namespace varve::bench {

/// What a benchmark says while it works ("pipeline, run 2 of 5"); empty: nothing.
using tell_function = std::function<void(const std::string&)>;

inline constexpr std::size_t bench_entry_bytes = 8 << 10;
inline constexpr std::size_t bench_block_bytes = 256 << 10; ///< archive_options' default

/// How fast is the whole pipeline beside the least any archive must do?
struct archive_bench_options {
  std::string input; ///< a file; "": a corpus is made
  std::size_t streams = 1;
  varve::codec codec = varve::codec::lz4;
  std::string destination; ///< a directory for the archive; "": a memory file system
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
  double seconds = 5; ///< of each side, each time
  unsigned runs = 5;  ///< of each side, alternating
  std::size_t input_bytes_max = std::size_t{1} << 30;
  double goal = 0.85;
};
result<report> run_archive_bench(const archive_bench_options& options, const tell_function& tell);

} // namespace varve::bench
