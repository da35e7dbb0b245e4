#pragma once

#include "engine/model/ids.hpp"

#include <string_view>

namespace varve {

/// Stored; never change a value.
enum class piece_status : std::uint8_t { active = 1, freezing = 2, frozen = 3 };
enum class file_status : std::uint8_t {
  available = 1, copying = 2, incomplete = 3, deleting = 4, expired = 5, broken = 6, deleted = 7
};
std::string_view to_string(piece_status status);
std::string_view to_string(file_status status);

/// Names a piece. A no-split round has the one piece (round, 0).
struct piece_key {
  round_id round;
  piece_id piece;
  friend auto operator<=>(const piece_key&, const piece_key&) = default;
};

/// A slice of log time: the entries with start_scn <= SCN < end_scn (scn_max: no split). The first piece of a
/// round also takes entries below its start_scn. Fixed when the piece is made.
struct piece_bounds {
  scn start_scn = 0;
  scn end_scn = scn_max;
  friend bool operator==(const piece_bounds&, const piece_bounds&) = default;
};

/// Bytes in and out of the archive.
struct byte_counts {
  std::uint64_t input_bytes = 0;    ///< payload bytes of entries
  std::uint64_t output_bytes = 0;   ///< bytes stored for them, headers included
  std::uint64_t entries = 0;
  byte_counts& operator+=(const byte_counts& more) {
    input_bytes += more.input_bytes;
    output_bytes += more.output_bytes;
    entries += more.entries;
    return *this;
  }
  friend bool operator==(const byte_counts&, const byte_counts&) = default;
};

} // namespace varve
