#pragma once

#include "actors/cut_block.hpp"
#include "engine/destination/destination.hpp"
#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "engine/format/segment.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <variant>
#include <vector>

namespace varve {

/// What a writer needs to know of the tenant once it was taken over.
struct writer_start {
  random_id archive{};
  tenant_id tenant;
  varve::epoch epoch;
  round_id round;
  bool no_split = false;
  piece_id next_piece{1};
  std::vector<open_piece> open_pieces; ///< unsealed pieces of the round
  scn last_end = 0;                    ///< end of the round's newest piece, sealed ones too; 0: none yet
  std::uint64_t segment_bytes = 0;     ///< of a segment with its footer, at most; a larger block gets its own
  std::uint64_t sync_bytes = 0;
};

/// A piece the writer made.
struct made_piece {
  piece_key piece;
  piece_bounds bounds;
  object_ref start;
  unix_ns created_at = 0;
};

struct written_segment {
  piece_key piece;
  indexed_segment segment;
};

/// What is durable now; news since the report before, except `open`, which is complete.
struct durable_report {
  std::vector<made_piece> made;
  std::vector<written_segment> ended;                       ///< with a footer, or abandoned at a valid length
  std::vector<written_segment> open;                        ///< still growing, up to what is durable
  std::vector<piece_key> finished;                          ///< nothing more will be written to these
  std::vector<std::pair<stream_id, stream_position>> moved; ///< streams with newly durable log
  piece_id next_piece;
};
using durable_report_ptr = std::shared_ptr<const durable_report>;

/// One operation of the writer on its destination.
struct writer_operation {
  struct create {
    object_path path;
    bytes content;
  }; ///< immutable object, same bytes = done
  struct open {
    object_path path;
  };
  struct append {
    std::shared_ptr<segment_file> file;
    std::vector<bytes_view> parts;
    std::shared_ptr<const bytes> prologue; ///< what the parts point into lives as long as the operation
    std::vector<cut_block_ptr> blocks;
  };
  struct sync {
    std::shared_ptr<segment_file> file;
  };
  struct remove {
    object_path path;
  }; ///< as well as it can be done: nothing depends on it
  std::variant<std::monostate, create, open, append, sync, remove> what;
  bool none() const { return what.index() == 0; }
};

/// Lays packed blocks of one tenant down at one destination: puts the blocks of each stream back in order,
/// finds each its piece, fills segments, syncs, and says what is durable. It does no I/O itself: the caller
/// runs next(), one operation at a time, and hands the result to done() or failed().
///
/// Durable is always a prefix of what was written: a sync pass syncs every dirty segment, and only when all
/// have answered does anything in them count. After any failed operation all dirty segments are left at their
/// durable length for ever, and what was in them and not durable is written again, to new segments; those
/// that nothing counts of are removed, so that a full medium does not stay full of them.
class segment_writer {
public:
  explicit segment_writer(writer_start start);

  void add(cut_block_ptr block);
  /// Everything with a ticket up to `ticket` is wanted durable.
  void want_durable(std::uint64_t ticket);
  /// Memory is short: sync as soon as what has come is written.
  void want_memory() { want_memory_ = true; }
  /// No entry with an SCN <= `upto` will come: pieces that end by then are finished. scn_max: all pieces.
  void finish(scn upto);

  /// Nothing has come for long: open segments get their footers and are closed, as soon as nothing waits.
  void rest();

  /// The operation to run now; none: nothing to do until something is added or wanted. `now`: creation times.
  writer_operation next(unix_ns now);
  /// The operation succeeded; `opened` is the new file of an open.
  void done(std::shared_ptr<segment_file> opened = nullptr);
  /// It failed. Everything that was not durable is in the queue again; the caller waits before it calls
  /// next().
  void failed(const error& why);
  /// An error that will not go away: a bug or a destination that is not ours any more.
  const std::optional<error>& broken() const { return broken_; }

  bool is_durable(std::uint64_t ticket) const;
  /// Everything that has come is durable.
  bool quiet() const { return queue_.empty() && unsynced_.empty(); }
  bool finished() const; ///< no piece that finish() named is left
  std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  durable_report take_report();
  std::uint64_t syncs() const { return syncs_; }
  std::uint64_t stored_bytes() const { return stored_bytes_; }

private:
  struct segment {
    piece_key piece;
    segment_ref ref; // valid_bytes: durable length
    std::shared_ptr<segment_file> file;
    std::uint64_t size = 0;
    std::vector<block_ref> blocks;
    std::size_t durable_blocks = 0;
    bool has_footer = false;
    bool dirty() const { return size > ref.valid_bytes; }
  };
  struct piece {
    piece_bounds bounds;
    std::shared_ptr<segment> current;
    bool start_made = true;
    made_piece made;
    bool finishing = false;
    bool resting = false; // only its segment is to end
  };
  enum class running : std::uint8_t { nothing, start_object, opening, appending, footer, syncing, removing };

  piece* find_piece(const cut_block& block);
  piece* find_or_make_piece(const cut_block& block, unix_ns now);
  writer_operation start_piece(piece_key key, piece& of);
  writer_operation open_segment(piece_key key, piece& of);
  bool has_room(const segment& in, std::uint64_t more, std::size_t blocks) const;
  writer_operation append_batch(piece_key key, piece& of);
  writer_operation append_footer(piece& of);
  writer_operation sync_next();
  void collect_finished();
  bool waits_for(const piece& of) const;
  bool pass_wanted() const;
  piece* piece_to_end();
  void pass_done();
  void give_up_unsynced();
  void retire(piece& of);
  static indexed_segment summary(const segment& of, std::size_t blocks);

  writer_start start_;
  std::map<piece_key, piece> pieces_;
  std::map<piece_key, std::uint32_t> next_number_;
  std::optional<error> broken_;

  // blocks: not in order yet, in order and not written, written and not durable
  struct stream_order {
    std::uint64_t next = 1;
    std::map<std::uint64_t, cut_block_ptr> early;
  };
  std::unordered_map<stream_id, stream_order> order_;
  std::deque<cut_block_ptr> queue_;
  std::vector<cut_block_ptr> unsynced_;
  std::uint64_t unsynced_bytes_ = 0;
  std::deque<object_path> useless_; // segments of ours that nothing counts of

  // tickets: all up to arrived_ have come, and those in arrived_early_; not_written_ and not_durable_ have
  // come
  std::uint64_t arrived_ = 0;
  std::set<std::uint64_t> arrived_early_, not_written_, not_durable_;
  std::uint64_t wanted_ticket_ = 0;
  bool want_memory_ = false;

  // the operation in flight
  running running_ = running::nothing;
  piece_key running_piece_;
  std::size_t batch_ = 0;                      // blocks of the queue that the append holds
  std::shared_ptr<const bytes> prologue_;      // header or footer bytes of the append
  std::vector<std::shared_ptr<segment>> pass_; // segments still to sync
  std::vector<std::shared_ptr<segment>> pass_all_;

  durable_report report_;
  std::unordered_map<stream_id, stream_position> moved_;
  std::uint64_t syncs_ = 0, stored_bytes_ = 0;
};

} // namespace varve
