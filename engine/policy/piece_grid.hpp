#pragma once

#include "engine/base/time.hpp"
#include "engine/model/piece.hpp"

namespace varve {

/// Where one piece of log time ends and the next begins: a pure function of SCNs, so that every stream, every
/// restart and every engine cuts at the same places without talking to each other. Log time from `anchor_scn`
/// on is laid out in cells of `interval_ns`; a piece begins where the one before ended and ends with the cell
/// of its first entry, so that it absorbs the empty cells between. A change of the interval is a new grid,
/// anchored where the last piece ends. All functions are total: no SCN overflows.
struct piece_grid {
  scn anchor_scn = 0;
  duration_ns interval_ns = 0; ///< 0: no split, all of log time is one cell

  /// Start (inclusive) and end (exclusive) of the cell that holds `at`. SCNs below the anchor belong to the
  /// first cell (entries below the start of their round). The end is scn_max without split, and in the last
  /// cell.
  piece_bounds cell_of(scn at) const;

  /// cell_of(at).end_scn: an entry with this SCN or a later one belongs to another piece.
  scn boundary_after(scn at) const { return cell_of(at).end_scn; }

  friend bool operator==(const piece_grid&, const piece_grid&) = default;
};

} // namespace varve
