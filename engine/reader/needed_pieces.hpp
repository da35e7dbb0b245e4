#pragma once

#include "engine/reader/piece_choice.hpp"
#include "engine/reader/restore_plan.hpp"

namespace varve {

/// A piece that a restore needs, as it lies at the destination.
struct needed_piece {
  catalogued_piece piece;
  byte_counts counts; ///< of the whole piece
};

/// A restore that would work, and what it would read.
struct needed_pieces {
  restore_preview preview;
  std::optional<random_id> archive; ///< whose archive it is; empty: that cannot be read
  std::vector<needed_piece> pieces; ///< ascending by (round, piece)
};

/// Looks at a restore without reading log: plans it, chooses the pieces and looks at each one: its seal or
/// start and its index objects must be whole, and every segment that has log of the restore must be there in
/// its full length (whether its bytes are sound only verify knows). Costs a few small objects and one listing
/// per piece. Errors: those of restore_reader::open(); what is wrong with a piece that is needed
/// (bytes_missing, checksum_error, unknown_version), with the latest time that can do without it where there
/// is one. Blocks; thread-safe.
result<needed_pieces> find_needed_pieces(destination& where, const restore_options& options);

} // namespace varve
