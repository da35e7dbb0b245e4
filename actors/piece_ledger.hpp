#pragma once

#include "actors/segment_writer.hpp"
#include "engine/reader/committed_state.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace varve {

/// Everything a tenant's next commit says: its round, its pieces with what is durable of them, its streams.
/// Taken over from the newest commit, fed with the writer's reports, and asked for the next record. No I/O;
/// used by the tenant's checkpoint alone.
class piece_ledger {
public:
  piece_ledger(tenant_id tenant, const random_id& archive) : tenant_(tenant), archive_(archive) {}

  /// After a takeover.
  void adopt(const committed_state& state);
  /// After a takeover that found no commit.
  void adopt_nothing(const commit_record& first);

  /// What the commit does not say of an open piece, which was adopted.
  void piece_was_made(piece_key piece, unix_ns at);

  void absorb(const durable_report& report);
  /// A stream took part for the first time, restarted in a new round, or was dropped.
  void note_stream(const stream_row& row);

  const archive_round& round() const { return record_.round; }
  archive_round& round() { return record_.round; }
  std::optional<break_record>& interruption() { return record_.interruption; }
  /// Begins the next round; no piece may be open. Its numbers are not below `round` and `piece`. Streams take
  /// part in it when they are noted; till then they count as dropped, at the end of their archived log.
  void begin_round(std::uint64_t piece_interval_ns, round_id round, piece_id piece);

  const std::map<stream_id, stream_row>& streams() const { return streams_; }
  const stream_row* stream(stream_id id) const;
  std::vector<stream_row> rows() const; ///< of streams(), ascending

  /// An immutable object that must be durable before the next commit, one at a time until there is none.
  struct object {
    object_path path;
    bytes content;
  };
  /// Index objects of pieces that have grown (256 segments, 64 epochs, or many stream changes), piece lists
  /// for frozen pieces that leave the commit, seals of finished pieces up to `checkpoint` (scn_max: all
  /// finished ones), and, once `round_over`, the round's end.
  std::optional<object> next_object(epoch current, scn checkpoint, bool round_over, unix_ns now);
  /// The one that next_object() gave is durable.
  void object_made();

  /// The content of the next commit; commit_sequence adds what is its own.
  commit_record record(std::optional<stream_id> limiting) const;

  /// The lowest open piece that ends at or below `checkpoint` + 1, if any.
  bool wants_finish(scn checkpoint) const;
  writer_start start_of_writer(epoch current, std::uint64_t segment_bytes, std::uint64_t sync_bytes) const;
  /// Ends of the round's pieces that are still open, ascending; and of the newest one, sealed or not (0:
  /// none).
  std::vector<scn> open_ends() const;
  scn last_end() const { return last_end_; }

  struct piece_row {
    piece_key piece;
    piece_bounds bounds;
    byte_counts counts;
    unix_ns created_at = 0;
    bool frozen = false, newest = false;
  };
  /// For the catalog: the pieces that were sealed since the last call, and all that are open, whose
  /// checkpoint moves with every commit.
  std::vector<piece_row> take_rows();

private:
  struct piece {
    piece_bounds bounds;
    object_ref start;
    unix_ns created_at = 0;
    std::optional<object_ref> index;
    std::uint32_t indexes = 0;           // made in this epoch
    std::vector<indexed_segment> ended;  // since the index
    std::optional<indexed_segment> open; // the writer's growing segment
    byte_counts indexed;                 // of the segments in index objects
    bool finished = false;
    byte_counts counts() const;
  };
  std::optional<object> make_index(epoch current);
  std::optional<object> make_piece_list(epoch current);
  std::optional<object> make_seal(epoch current, scn checkpoint, unix_ns now);
  std::optional<object> make_round_end(epoch current, unix_ns now);
  void table_is(object_kind kind, piece_key piece, const object_ref& object);
  void count_round();

  const tenant_id tenant_;
  const random_id archive_;
  commit_record record_;              // all but open pieces and stream changes is kept up to date here
  std::map<piece_key, piece> pieces_; // unsealed, all of the round
  std::map<stream_id, stream_row> streams_;
  std::set<stream_id> changed_streams_; // since record_.stream_table
  std::vector<piece_row> sealed_;       // since take_rows()
  byte_counts sealed_counts_;           // of the round's sealed pieces
  scn last_end_ = 0;
  std::uint32_t lists_ = 0;
  bool round_end_made_ = false;
  std::function<void()> when_made_;
};

} // namespace varve
