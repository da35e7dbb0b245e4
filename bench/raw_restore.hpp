#pragma once

#include "engine/base/result.hpp"
#include "engine/model/option_values.hpp"

#include <string>
#include <vector>

namespace varve::bench {

/// One stored block in a file.
struct raw_block {
  std::size_t file = 0;     ///< in raw_blocks::files
  std::uint64_t offset = 0; ///< of the stored body
  std::uint32_t stored_bytes = 0, raw_bytes = 0;
  std::uint64_t input_bytes = 0; ///< payload bytes in it
  std::uint64_t checksum = 0;    ///< of the stored body
  varve::codec codec = varve::codec::none;
};
struct raw_blocks {
  std::vector<std::string> files;
  std::vector<raw_block> blocks;
  std::uint64_t input_bytes = 0;
};

/// Finds every block of the segments below a directory by their headers. Errors: the system's;
/// checksum_error.
result<raw_blocks> find_raw_blocks(const std::string& archive_directory);

struct raw_restore_figures {
  std::uint64_t input_bytes = 0;
  double seconds = 0, cpu_seconds = 0;
  double bytes_per_second() const { return seconds > 0 ? static_cast<double>(input_bytes) / seconds : 0; }
};

/// The least any restore must do: one thread per core reads blocks, checks them, decompresses them and drops
/// them, round and round until the time is up.
result<raw_restore_figures> run_raw_restore(const raw_blocks& what, unsigned threads, double seconds);

} // namespace varve::bench
