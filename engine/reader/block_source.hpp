#pragma once

#include "engine/reader/piece_catalogue.hpp"
#include "engine/reader/segment_reader.hpp"

#include <map>
#include <memory>
#include <queue>

namespace varve {

/// Where a block or a damage stands in merged order.
struct merge_key {
  varve::scn scn = 0;
  stream_id stream;
  varve::lsn lsn = 0;
  friend auto operator<=>(const merge_key&, const merge_key&) = default;
};

struct round_choice;

/// What a restore wants of the rounds it covers.
struct block_filter {
  round_id first_round, last_round;
  std::optional<stream_id> stream;       ///< empty: all
  lsn from_lsn = 0, to_lsn = lsn_max;    ///< of the one stream: blocks that touch [from_lsn, to_lsn)
  scn from_scn = 0, until_scn = scn_max; ///< blocks that may hold an entry with from_scn <= SCN <= until_scn
  bool touches(const stream_range& x) const {
    return (!stream || x.stream == *stream) && x.next_lsn > from_lsn && x.first_lsn < to_lsn &&
           x.last_scn >= from_scn && x.first_scn <= until_scn;
  }
};

/// One block to read, or the place where log is missing.
struct block_demand {
  merge_key key;                              ///< of the first entry, or of the first that is missing
  std::shared_ptr<const object_path> segment; ///< where the block lies
  block_ref block;
  std::optional<damage> broken; ///< set: there is no block
};

/// Gives the blocks that a restore needs in the order in which it needs them: by SCN, stream and LSN of their
/// first entry. Reads piece files and footers when their turn comes, so memory grows with what overlaps in
/// log time, not with the archive. Finds log that no segment has: a gap of a stream within a round gives a
/// `broken` demand at the place where the log ends, also where the cause is not known. Not thread-safe; calls
/// block.
class block_source {
public:
  /// `catalogue` must outlive the source; so must `where`. `archive` may be null.
  block_source(destination& where, const piece_catalogue& catalogue, block_filter filter,
               const random_id* archive);

  /// nullopt: there is no more. An error (io_error) ends it.
  result<std::optional<block_demand>> next();

  /// Damages met so far that cost log nobody can name (damage::lost_unknown): what they hid may be missing at
  /// the end of any stream. Complete when next() gave nullopt.
  const std::vector<damage>& hidden() const { return hidden_; }

private:
  enum class item_kind : std::uint8_t { piece, segment, block };
  struct item {
    merge_key key;
    item_kind kind = item_kind::block;
    std::size_t at = 0; ///< piece: in catalogue_.pieces; else in the slots of that kind
    friend auto operator<=>(const item&, const item&) = default;
  };
  struct waiting_segment {
    segment_name name;
    indexed_segment segment;
  };
  template <class T>
  struct slots {
    std::vector<T> values;
    std::vector<std::size_t> free;
    std::size_t put(T value);
    T take(std::size_t at);
  };
  /// A round on its way through: how far each stream's log is known to reach.
  struct round_state {
    const catalogued_round* round = nullptr;
    bool whole_start = true;         ///< no piece is left out at its beginning
    bool whole_end = true;           ///< … nor at its end
    bool before_known = true;        ///< the round before says where its streams stood
    std::vector<std::size_t> pieces; ///< in catalogue_.pieces, ascending
    std::size_t loaded = 0;          ///< how many of them
    std::map<stream_id, stream_position> reached;
  };

  void begin_round(round_choice chosen);
  status load_pieces(round_state& state, std::size_t upto);
  status load_piece(round_state& state, const catalogued_piece& piece, bool& damaged);
  void follow_streams(round_state& state, const catalogued_piece& piece,
                      const std::vector<indexed_segment>& segments);
  void check_ends(const round_state& state);
  void load_segment(const waiting_segment& waiting);
  void add_missing(const object_path& path, std::uint64_t offset, error why, const stream_range& lost);

  destination& where_;
  const piece_catalogue& catalogue_;
  block_filter filter_;
  const random_id* archive_;
  std::priority_queue<item, std::vector<item>, std::greater<>> items_;
  slots<waiting_segment> segments_;
  slots<block_demand> blocks_;
  std::map<round_id, round_state> rounds_;
  std::vector<damage> hidden_;
  std::vector<damage> suspects_; ///< damaged objects met so far that name segments: why log may be missing
};

} // namespace varve
