#pragma once

#include "engine/reader/archive_scan.hpp"
#include "engine/reader/damage.hpp"

namespace varve {

/// An open piece with what is in the segments that its newest index does not know yet.
struct committed_piece {
  open_piece piece;
  std::vector<indexed_segment> recent; ///< one for each of piece.segments, in that order
};

/// What is true of a tenant at its newest commit, resolved: what a taker goes on from.
struct committed_state {
  found_commit commit;
  std::vector<stream_row> streams;          ///< every stream of the tenant, ascending
  std::vector<committed_piece> open_pieces; ///< as in the commit
  std::vector<damage> damages; ///< read_committed_state(): only what costs nothing (a rebuilt footer)
  bool table_read = true; ///< false (read_readable_state() only): rows are what changes and new segments tell
};

/// Reads the newest commit, the one object that holds the table of streams, and of each segment that is
/// listed in the commit its footer, or its block headers up to its valid length: it costs what is new, not
/// what is old.
///
/// The rule for a stream's row, in this order:
///   1. its row in stream_changes, which belongs to the commit's round; else its row in the stream table,
///   which
///      belongs to the round of the table's piece; else, if a listed segment has log of it, an empty row that
///      starts where that log starts;
///   2. moved forward, never back, by every range of that stream in a listed segment of a piece whose round
///   is that
///      of the row or a later one. So a stream that a new round restarted below its old position stays
///      restarted, and an index that is older than the table does no harm.
///
/// nullopt: the tenant has no commit here. Errors: as read_newest_commit(); bytes_missing, checksum_error if
/// something the newest commit reaches is not there or damaged so that a position is not certain. If objects
/// vanish during the call because a newer commit exists, it starts again from that one, a bounded number of
/// times. Blocks; thread-safe. `archive` as in commit_options.
result<std::optional<committed_state>> read_committed_state(destination& where, tenant_id tenant,
                                                            const random_id* archive);

/// The same for a commit that the caller has proved or counted itself. Reads no commit: if an object is not
/// there, the answer is bytes_missing, also where a newer commit exists.
result<committed_state> resolve_committed_state(destination& where, found_commit commit,
                                                const random_id* archive);

/// As read_committed_state() for a reader that takes what it can get: damages are listed, streams and
/// segments behind them are as far as could be read (a segment that cannot be read at all has no ranges).
result<std::optional<committed_state>> read_readable_state(destination& where, tenant_id tenant,
                                                           const commit_options& options);

} // namespace varve
