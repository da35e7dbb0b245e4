#pragma once

#include "engine/reader/committed_state.hpp"

namespace varve {

/// A round as the destination tells it.
struct catalogued_round {
  archive_round round;
  byte_counts counts;
  piece_id last_piece;  ///< 0: none yet, or a no-split round
  unix_ns ended_at = 0; ///< 0: it is the current one
  std::optional<break_record> interruption;
  std::vector<stream_row> streams;       ///< where each stream stands, or stood at its end, ascending
  bool streams_proved = true;            ///< false: their rows are gathered from segments or a seal
  std::optional<object_path> end_object; ///< of an ended round
  epoch ended_in{}; ///< of its writer: it ended with a commit of that number or a later one
};

/// A piece as the newest commit names it; what is in it: read_piece_files().
struct catalogued_piece {
  piece_key piece;
  piece_bounds bounds;
  piece_status status = piece_status::frozen;
  std::optional<object_ref> seal;  ///< of a frozen piece
  std::optional<std::size_t> open; ///< of an open one: where in piece_catalogue::state.open_pieces
};

/// Every round and piece of a tenant that its newest commit reaches.
struct piece_catalogue {
  tenant_id tenant;
  committed_state state;
  std::vector<catalogued_round> rounds;  ///< ascending; the last is the current one, or ended last
  std::vector<catalogued_piece> pieces;  ///< ascending by (round, piece)
  std::vector<object_path> list_objects; ///< the chain of piece lists, newest first
  std::vector<damage> damages;           ///< with those of `state`. A broken chain hides what lies before it
};

/// The rounds that have ended, from the last one that a commit names backwards: newest first, all that may
/// have ended after commit `since` (0: all of them), and the one before. A damaged end is listed in `damages`
/// and hides those before it. Blocks; thread-safe. `archive` as in commit_options.
std::vector<catalogued_round> read_round_ends(destination& where, tenant_id tenant,
                                              const commit_record& commit, commit_seq since,
                                              const random_id* archive, std::vector<damage>& damages);

/// Of rounds that read_round_ends() gave: may this one have ended after commit `since`? An epoch that began
/// at or before it may have gone on.
bool may_have_ended_after(const catalogued_round& round, const std::vector<catalogued_round>& ended,
                          commit_seq since);

/// Reads the committed state (read_readable_state), the chain of piece lists and the chain of round ends; no
/// seal and no index. A damaged piece list hides the pieces named before it (lost_unknown). A damaged round
/// end hides the rounds before it; those that still have pieces are listed with what the last seal of theirs
/// tells. nullopt: the tenant has no commit here. Blocks; thread-safe.
result<std::optional<piece_catalogue>> read_piece_catalogue(destination& where, tenant_id tenant,
                                                            const commit_options& options);

/// What is in one piece.
struct piece_files {
  catalogued_piece piece;
  unix_ns created_at = 0, sealed_at = 0; ///< sealed_at 0: open
  scn checkpoint_scn = 0;                ///< the tenant's, when it was sealed; of an open piece: now
  byte_counts counts;                    ///< as the seal or the commit says
  std::vector<indexed_segment> segments; ///< in the order they were written
  std::vector<stream_row> streams;       ///< frozen: every stream of the tenant when it was sealed
  std::vector<object_path> objects;      ///< start, indexes, seal
  std::vector<damage> damages;           ///< of these objects and, in an open piece, of its new segments
};

/// Reads the seal or start of a piece and its chain of index objects. A damaged object is listed in
/// `damages`, and what only it told is missing then (lost_unknown), unless it can be told again: the segments
/// that a lost index named lie in the folder of the piece; if the footers there add up to exactly what the
/// piece counts, they are the ones. Those of a lost seal, if one writer made all that is there. Blocks;
/// thread-safe. `archive` as in commit_options. Errors: io_error.
result<piece_files> read_piece_files(destination& where, const piece_catalogue& catalogue,
                                     const catalogued_piece& piece, const random_id* archive);

} // namespace varve
