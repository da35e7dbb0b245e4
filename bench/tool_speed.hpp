#pragma once

#include "engine/base/bytes.hpp"
#include "engine/model/option_values.hpp"

#include <optional>
#include <string>

namespace varve::bench {

/// What the codec's own command line tool reports for the same file.
struct tool_speed {
  std::string command; ///< "lz4 -b1"
  double compress = 0; ///< bytes a second, one thread
  double decompress = 0;
};

/// Runs `lz4 -b1` or `zstd -b1` on `path`, each direction for about `seconds` (whole ones, at least 1), and
/// reads what it prints. nullopt: no such codec tool, not installed, or it printed something else.
std::optional<tool_speed> ask_codec_tool(codec codec, const std::string& path, double seconds);

} // namespace varve::bench
