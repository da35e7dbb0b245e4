#pragma once

#include "bench/archive_bench.hpp"

#include <span>
#include <string_view>

namespace varve::bench {

/// One statement of each form of the grammar (engine/statement/STATEMENTS.md), several of those that a DBA
/// types often.
std::span<const std::string_view> statement_mix();

/// How many statements a second are read, and how long a SELECT over many rows of a view takes?
struct statements_bench_options {
  std::string destination;     ///< a directory for the catalog; "": a memory file system
  std::uint64_t rows = 10'000; ///< piece records in the catalog
  double seconds = 5;          ///< of parsing, each way
  unsigned runs = 5;           ///< of each SELECT
  double parse_goal = 100'000; ///< statements a second
  double select_goal = 0.050;  ///< seconds
};
/// Errors: the catalog's and the system's.
result<report> run_statements_bench(const statements_bench_options& options, const tell_function& tell);

} // namespace varve::bench
