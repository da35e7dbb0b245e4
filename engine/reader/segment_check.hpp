#pragma once

#include "engine/reader/segment_reader.hpp"

#include <atomic>

namespace varve {

/// A block that was read and proved; where it lies, for what is found later.
struct proved_block {
  std::size_t segment = 0; ///< which of the segments checked together
  block_ref ref;
  varve::epoch epoch;
};

/// What reading one segment from end to end showed.
struct checked_segment {
  std::vector<proved_block> blocks; ///< whole ones, ascending by offset
  std::vector<damage> problems;
  byte_counts counts; ///< of the blocks listed, whole or not
};

/// What a segment must agree with.
struct segment_expectation {
  segment_name name;
  indexed_segment indexed;    ///< as index, seal or the walk through the newest segments says
  bool ranges_proved = false; ///< an index or seal has them; else they are what could be read just now
  piece_bounds bounds;
  bool first_of_round = false; ///< its piece takes entries below bounds.start_scn, too
};

/// Reads every byte of a segment that counts: header, footer, and of each block both checksums and all
/// entries; checks the blocks against the footer, the ranges and counts of the index, and the bounds of the
/// piece. Adds the bytes it read to `done` as it goes. Thread-safe.
checked_segment check_segment(destination& where, const segment_expectation& expected,
                              const random_id* archive, std::atomic<std::uint64_t>& done);

} // namespace varve
