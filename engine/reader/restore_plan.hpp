#pragma once

#include "engine/reader/block_source.hpp"

namespace varve {

/// What is wanted back.
struct restore_options {
  tenant_id tenant{};
  std::optional<stream_id> stream{}; ///< empty: all streams, merged by (SCN, stream, LSN)

  /// Point in time: entries with from_scn <= SCN <= until. `until` above the checkpoint is refused, for some
  /// stream may still get entries below it, unless beyond_checkpoint. Without `until`: every committed entry.
  std::optional<scn> from_scn{}, until{};
  bool beyond_checkpoint = false;

  /// Entries that touch [from_lsn, to_lsn); only with `stream`. Both must lie in the archive.
  std::optional<lsn> from_lsn{}, to_lsn{};

  /// The window of this round, up to its end: what later rounds hold is left alone, damaged or not. Empty:
  /// the newest window that has what is wanted.
  std::optional<round_id> round{};

  /// Where the newest commit is damaged, go by the one before it; restore_preview::notes says so.
  bool allow_previous_commit = false;

  unsigned threads = 0; ///< that read and decompress; 0: one per core; 1: the caller's

  /// Blocks decompressed ahead of the caller hold at most this, or one block; a merge holds one block of each
  /// stream besides.
  std::uint64_t read_ahead_bytes = std::uint64_t{64} << 20;
};

/// One stream's log in a window.
struct stream_extent {
  stream_id stream;
  lsn first_lsn = 0, next_lsn = 0; ///< [first_lsn, next_lsn); equal: it has none
  scn last_scn = 0;
  bool dropped = false;
};

/// Consecutive rounds without a gap between them: what one restore can cover.
struct restore_window {
  round_id first_round, last_round;
  scn start_scn = 0;      ///< from here on the checkpoint's claim holds; 0: no round has begun
  scn checkpoint_scn = 0; ///< the largest `until` that works; 0: none yet
  std::optional<stream_id> limiting_stream; ///< whose position holds the checkpoint there
  std::vector<stream_extent> streams;       ///< ascending
};

/// What a restore would do, or does.
struct restore_preview {
  commit_seq commit; ///< it goes by this one
  unix_ns committed_at = 0;
  std::vector<restore_window> windows; ///< all of the tenant's (of the one stream's), oldest first
  restore_window window;               ///< the one chosen
  block_filter filter;
  std::vector<std::string> notes; ///< what the user should know: fallback, damages met so far
};

/// The windows of a tenant, of its rounds up to `upto`. Rounds join where every stream (or the one asked for)
/// goes on at the LSN where the round before ended it, or was dropped. A stream that has no log in the later
/// round yet keeps them apart, for what it wrote between them may have been skipped; so does one that appears
/// first in the later round: nothing proves that its log began there.
std::vector<restore_window> restore_windows(const piece_catalogue& catalogue, std::optional<stream_id> stream,
                                            round_id upto = round_id{lsn_max});

/// Chooses window and blocks, or refuses: invalid_argument (a range without stream, reversed, a round that is
/// not there), entry_not_exist (no such stream, LSN or time in the archive: the message says what there is,
/// and for an `until` above the checkpoint the largest that works and the stream that holds it back). Pure.
result<restore_preview> plan_restore(const piece_catalogue& catalogue, const restore_options& options);

/// A restore that names neither round nor beginning is of everything: bytes_missing where the end of a round
/// cannot be read, so that nobody knows whether the log before the chosen window belongs to it. Pure.
status check_nothing_hidden(const piece_catalogue& catalogue, const restore_preview& chosen,
                            const restore_options& options);

/// The same from a destination. Errors also as read_newest_commit(); entry_not_exist: no such tenant. Blocks.
result<restore_preview> preview_restore(destination& where, const restore_options& options);

/// The archive's identity for checking objects against, and a note where it cannot be read; unknown_version
/// and io_error are errors.
result<std::optional<random_id>> identity_for_reading(destination& where, std::vector<std::string>& notes);

/// The catalogue of a tenant that a restore goes by; entry_not_exist: it has no commit here.
result<piece_catalogue> catalogue_for_reading(destination& where, const restore_options& options,
                                              const random_id* archive);

} // namespace varve
