#include "engine/policy/piece_grid.hpp"

namespace varve {

piece_bounds piece_grid::cell_of(scn at) const {
  if (interval_ns == 0)
    return {anchor_scn, scn_max};
  auto start = anchor_scn;
  if (at > anchor_scn)
    start += (at - anchor_scn) / interval_ns * interval_ns;
  return {start, interval_ns < scn_max - start ? start + interval_ns : scn_max};
}

} // namespace varve
