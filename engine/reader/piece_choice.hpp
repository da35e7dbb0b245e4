#pragma once

#include "engine/reader/block_source.hpp"

namespace varve {

/// The pieces of one round that a restore reads.
struct round_choice {
  const catalogued_round* round = nullptr;
  const catalogued_round* before = nullptr; ///< the one before it in the catalogue; null: there is none
  std::vector<std::size_t> pieces;          ///< in piece_catalogue::pieces, ascending
  bool whole_start = true;                  ///< no piece is left out at its beginning
  bool whole_end = true;                    ///< … nor at its end
};

/// Where the log of a round begins: one position per stream that has any in it (of `stream` alone, where that
/// is given), with the SCN below which the stream has nothing there.
std::vector<stream_position> log_begins(const catalogued_round& round, const catalogued_round* before,
                                        std::optional<stream_id> stream);

/// What a restore by `filter` reads, one choice per round of the filter, ascending; it points into
/// `catalogue`. A piece is left out where its bounds prove that it holds nothing of what is wanted. The first
/// piece of a round takes entries below its start, too; it is left out, with the whole round, where every
/// stream that has log in the round stood above filter.until_scn already when the round before ended: SCNs of
/// a stream never decrease. Where the end of a round cannot be read, nothing is proved. Pure.
std::vector<round_choice> choose_pieces(const piece_catalogue& catalogue, const block_filter& filter);

/// The same as one list: what a restore by `filter` needs, ascending by (round, piece).
std::vector<const catalogued_piece*> pieces_for(const piece_catalogue& catalogue, const block_filter& filter);

} // namespace varve
