#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <string>

namespace varve::bench {

/// The bytes a benchmark archives, in memory before the clock starts.
struct corpus {
  std::string name; ///< file name, or how it was made
  bytes data;       ///< not empty
};

/// The first `bytes_max` bytes of a file. Errors: the system's, or invalid_argument for an empty file.
result<corpus> load_corpus(const std::string& path, std::size_t bytes_max);

/// Log-like bytes, the same for the same size and seed on every machine: records of a busy database (row
/// changes with keys that repeat, counters that grow, text, some random bytes). lz4 makes about 40 % of it.
corpus make_corpus(std::size_t size, std::uint64_t seed);

/// What is made where no file is given.
inline constexpr std::size_t made_corpus_bytes = 256 << 20;

/// Loads `path`, or makes a corpus of `made_bytes` when `path` is empty.
result<corpus> take_corpus(const std::string& path, std::size_t bytes_max, std::size_t made_bytes);

/// The corpus as `streams` streams hold it when its entries of `entry_bytes` are dealt round-robin: all
/// entries of the first stream, then all of the second …. One stream: unchanged.
bytes deal(bytes_view data, std::size_t streams, std::size_t entry_bytes);

} // namespace varve::bench
