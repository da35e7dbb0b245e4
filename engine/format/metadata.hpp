#pragma once

#include "engine/base/time.hpp"
#include "engine/format/object_header.hpp"
#include "engine/model/archive_round.hpp"
#include "engine/model/log_entry.hpp"
#include "engine/model/piece.hpp"

#include <optional>
#include <string>
#include <vector>

/// The small immutable objects: what is in each, and how it becomes bytes and back. Every decode() refuses
/// what is damaged, foreign, newer or inconsistent (errors as open_object(), FORMAT.md section 5) and never
/// trusts a count before the bytes for it are there.
namespace varve {

/// Object "format": whose archive this is.
struct archive_identity {
  random_id archive{};
  unix_ns created_at = 0;
  friend bool operator==(const archive_identity&, const archive_identity&) = default;
};
bytes encode(const archive_identity& x);
result<archive_identity> decode_identity(bytes_view object, std::string_view where);

/// Points at an immutable object: which one of its kind, and what its bytes must be.
struct object_ref {
  varve::epoch epoch;
  std::uint32_t number = 0; ///< 0 for kinds that have no number
  varve::digest digest;     ///< XXH3-128 of the whole object
  friend bool operator==(const object_ref&, const object_ref&) = default;
};

/// Object "start": the bounds of a piece, written before its first segment.
struct piece_start {
  tenant_id tenant;
  piece_key piece;
  piece_bounds bounds;
  unix_ns created_at = 0;
  friend bool operator==(const piece_start&, const piece_start&) = default;
};
bytes encode(const random_id& archive, const piece_start& x);
result<piece_start> decode_piece_start(bytes_view object, const random_id* archive, std::string_view where);

/// A stream as of some commit.
struct stream_row {
  stream_id stream;
  lsn start_lsn = 0;        ///< where its log begins in this round
  stream_position position; ///< durable up to here
  bool dropped = false;     ///< ended at position.next_lsn by drop_stream
  friend bool operator==(const stream_row&, const stream_row&) = default;
};

/// One segment, as commits, index objects and seals name it.
struct segment_ref {
  varve::epoch epoch;
  std::uint32_t number = 0;
  /// Bytes that count: up to the end of the footer, or of the last committed block.
  std::uint64_t valid_bytes = 0;
  bool has_footer = false;
  friend bool operator==(const segment_ref&, const segment_ref&) = default;
};

/// The part of one stream that lies in one segment.
struct stream_range {
  stream_id stream;
  lsn first_lsn = 0, next_lsn = 0;
  scn first_scn = 0, last_scn = 0;
  friend bool operator==(const stream_range&, const stream_range&) = default;
};

/// A segment with what is in it, so that a reader of one stream or one minute opens only what it needs.
struct indexed_segment {
  segment_ref segment;
  byte_counts counts;
  std::vector<stream_range> ranges; ///< ascending by stream; one per stream
  friend bool operator==(const indexed_segment&, const indexed_segment&) = default;
};

/// Object "index": the segments of an open piece since the index before, and all streams of the tenant.
struct segment_index {
  tenant_id tenant;
  piece_key piece;
  std::optional<object_ref> previous;    ///< the index before, of the same piece
  std::vector<indexed_segment> segments; ///< in the order they were written
  std::vector<stream_row> streams;       ///< every stream of the tenant, ascending
  friend bool operator==(const segment_index&, const segment_index&) = default;
};
bytes encode(const random_id& archive, const segment_index& x);
result<segment_index> decode_segment_index(bytes_view object, const random_id* archive,
                                           std::string_view where);

/// Object "seal": a frozen piece, complete.
struct piece_seal {
  tenant_id tenant;
  piece_key piece;
  piece_bounds bounds;
  unix_ns created_at = 0, sealed_at = 0;
  scn checkpoint_scn = 0; ///< the tenant's committed checkpoint when it was sealed
  byte_counts counts;
  std::optional<object_ref> last_index;  ///< earlier segments are there
  std::vector<indexed_segment> segments; ///< those after the last index
  std::vector<stream_row> streams;       ///< every stream of the tenant, ascending
  friend bool operator==(const piece_seal&, const piece_seal&) = default;
};
bytes encode(const random_id& archive, const piece_seal& x);
result<piece_seal> decode_seal(bytes_view object, const random_id* archive, std::string_view where);

/// A break: log that was gone before it was archived.
struct break_record {
  stream_id stream;
  lsn first_missing = 0;
  lsn oldest_left = 0; ///< what the source still had, 0 if it did not say
  unix_ns noticed_at = 0;
  std::string reason;
  friend bool operator==(const break_record&, const break_record&) = default;
};

/// A sealed piece as a commit names it.
struct frozen_piece {
  piece_key piece;
  piece_bounds bounds;
  object_ref seal; ///< number 0
  friend bool operator==(const frozen_piece&, const frozen_piece&) = default;
};

/// An unsealed piece as a commit names it: everything that counts of it.
struct open_piece {
  piece_key piece;
  piece_bounds bounds;
  object_ref start;                  ///< number 0
  std::optional<object_ref> index;   ///< its newest index object
  std::vector<segment_ref> segments; ///< those after that index
  byte_counts counts;                ///< of the whole piece
  friend bool operator==(const open_piece&, const open_piece&) = default;
};

/// Which object holds the newest complete table of streams.
struct stream_table_ref {
  object_kind kind = object_kind::segment_index; ///< segment_index or seal
  piece_key piece;
  object_ref object;
  friend bool operator==(const stream_table_ref&, const stream_table_ref&) = default;
};

/// Object "commit": what is true of the tenant at this destination (COMMITS.md).
struct commit_record {
  tenant_id tenant;
  commit_seq seq;
  varve::epoch epoch;        ///< seq of the writer's takeover commit; 0: a mark, see is_mark()
  random_id writer{};        ///< drawn at the takeover
  varve::digest predecessor; ///< of commit seq - 1; empty: a beginning
  unix_ns written_at = 0;
  /// Which attempt to create it this is, from 1: the same bytes are never sent twice.
  std::uint32_t attempt = 1;

  archive_round round; ///< the current round, or the last one (STOP); id 0: none yet
  round_id next_round{1};
  piece_id next_piece{1};
  std::optional<break_record> interruption;
  byte_counts round_counts;
  std::optional<stream_id> limiting_stream; ///< whose position the checkpoint stands at

  std::optional<stream_table_ref> stream_table;
  /// Streams opened, restarted or dropped since that table; they win over it. Ascending.
  std::vector<stream_row> stream_changes;
  std::vector<open_piece> open_pieces;      ///< ascending by piece
  std::vector<frozen_piece> frozen_pieces;  ///< the newest, at most frozen_in_commit, ascending
  std::optional<object_ref> piece_list;     ///< the frozen pieces before those
  std::optional<object_ref> last_round_end; ///< number = 0; the newest ended round, its id in last_round
  round_id last_round;                      ///< id of last_round_end; 0: none
  friend bool operator==(const commit_record&, const commit_record&) = default;

  /// A mark holds a number of the sequence for ever and says nothing: epoch 0, only tenant and seq are set.
  bool is_mark() const { return epoch.value == 0; }
};
/// The mark of number `seq`, which may be 0.
commit_record commit_mark(tenant_id tenant, commit_seq seq);
inline constexpr std::size_t frozen_in_commit = 64;
bytes encode(const random_id& archive, const commit_record& x);
result<commit_record> decode_commit(bytes_view object, const random_id* archive, std::string_view where);

/// Object "piece list": frozen pieces that have left the commit.
struct piece_list {
  tenant_id tenant;
  std::optional<object_ref> previous;
  std::vector<frozen_piece> pieces; ///< ascending
  friend bool operator==(const piece_list&, const piece_list&) = default;
};
bytes encode(const random_id& archive, const piece_list& x);
result<piece_list> decode_piece_list(bytes_view object, const random_id* archive, std::string_view where);

/// Object "round end": how a round ended, and the one that ended before it.
struct round_end {
  tenant_id tenant;
  archive_round round; ///< status stop
  byte_counts counts;
  piece_id last_piece; ///< 0: it has none, or is a no-split round
  unix_ns ended_at = 0;
  std::optional<break_record> interruption; ///< why it was INTERRUPTED before it was stopped
  std::optional<object_ref> previous;
  round_id previous_round;         ///< 0: none
  std::vector<stream_row> streams; ///< where each stream stood
  friend bool operator==(const round_end&, const round_end&) = default;
};
bytes encode(const random_id& archive, const round_end& x);
result<round_end> decode_round_end(bytes_view object, const random_id* archive, std::string_view where);

} // namespace varve
