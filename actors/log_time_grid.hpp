#pragma once

#include "engine/policy/piece_grid.hpp"

#include <cstdint>
#include <mutex>
#include <vector>

namespace varve {

/// The cells of log time of one round: pieces are made of whole cells, and no block crosses a border. The
/// first entry of a round anchors it. A new cell length holds from the end of the last cell anybody has asked
/// for, so borders handed out before stay borders. Thread-safe.
class log_time_grid {
public:
  /// `anchor` = 0: the first entry will set it. `interval_ns` = 0: one cell without end. `ends`: the ends of
  /// the pieces there are already, ascending, the last one being the anchor: below the anchor they are the
  /// borders.
  void restart(scn anchor, std::uint64_t interval_ns, std::vector<scn> ends = {});
  void set_interval(std::uint64_t interval_ns);

  /// The end (exclusive) of the cell that holds `at`.
  scn end_of_cell(scn at);

private:
  mutable std::mutex mutex_;
  std::vector<piece_grid> eras_{{}}; // each governs SCNs from its anchor on
  std::vector<scn> ends_;
  bool anchored_ = false;
  scn asked_until_ = 0;
};

} // namespace varve
