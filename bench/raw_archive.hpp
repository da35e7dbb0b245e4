#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/model/option_values.hpp"

#include <string>

namespace varve::bench {

/// The least that any archive must do: one thread per core compresses blocks, checksums them and writes them
/// to its own file. No entries, no order, no index, no commit. The pipeline is measured against it.
struct raw_archive_options {
  bytes_view input; ///< cut into blocks and repeated until the time is up
  varve::codec codec = varve::codec::lz4;
  std::size_t block_bytes = 256 << 10;
  unsigned threads = 1;
  std::string directory; ///< gets one file per thread, "raw-<thread>"; removed again
  double seconds = 5;
  std::uint64_t sync_bytes = 0; ///< fdatasync after so many bytes of a file, and at the end; 0: never
};

struct raw_figures {
  std::uint64_t input_bytes = 0, output_bytes = 0;
  double seconds = 0, cpu_seconds = 0;
  double bytes_per_second() const { return seconds > 0 ? static_cast<double>(input_bytes) / seconds : 0; }
};

/// Runs it once. Errors: what open, write or sync said; invalid_argument for an empty input.
result<raw_figures> run_raw_archive(const raw_archive_options& options);

} // namespace varve::bench
