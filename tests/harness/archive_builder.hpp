#pragma once

#include "engine/destination/destination.hpp"
#include "engine/format/block.hpp"
#include "engine/format/metadata.hpp"
#include "engine/format/segment.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace varve::test {

/// An entry of the model: what a restore must give back.
struct model_entry {
  round_id round;
  stream_id stream;
  varve::lsn lsn = 0, next_lsn = 0;
  varve::scn scn = 0;
  std::string payload;
  friend bool operator==(const model_entry&, const model_entry&) = default;
};

/// Writes one tenant's archive through the format layer, one step at a time, without an engine, and remembers
/// what it wrote. Steps that fail throw std::runtime_error.
class archive_builder {
public:
  struct options {
    tenant_id tenant{1001};
    random_id archive{std::byte{0xa1}};
    varve::codec codec = varve::codec::lz4;
    std::size_t block_bytes = 512;          ///< a block is cut when its raw body reaches this
    std::uint64_t segment_bytes = 16 << 10; ///< a segment is ended when it reaches this
    std::size_t frozen_in_commit = 3;       ///< older ones move to piece lists
  };
  /// Writes "format" if it is not there, and takes the tenant over.
  archive_builder(std::shared_ptr<destination> where, options options);

  /// A new writer: what no commit holds is given up, open segments stay as they are.
  void take_over();

  void begin_round(scn start_scn, duration_ns piece_interval);
  /// In this round, from `start_lsn` on; a stream that is known already restarts there.
  void open_stream(stream_id stream, lsn start_lsn);
  /// The next entry of the stream, `lsns` long.
  void append(stream_id stream, lsn lsns, scn scn, std::string payload);
  void drop_stream(stream_id stream);
  void cut(stream_id stream); ///< ends its block
  void cut_all();
  void end_segments();            ///< with footers
  void abandon_segments();        ///< without
  void write_indexes();           ///< of every open piece with ended segments since its last one
  void seal_oldest();             ///< the oldest open piece
  void commit(scn checkpoint);    ///< syncs, and names all blocks cut so far
  void end_round(scn checkpoint); ///< cuts, seals everything, STOP

  /// Entries that the newest commit reaches, in the order they were appended.
  std::vector<model_entry> committed() const;
  /// The same in merged order (scn, stream, lsn).
  std::vector<model_entry> merged() const;
  const commit_record& newest() const { return commit_; }
  const std::map<stream_id, stream_row>& rows() const { return committed_rows_; }
  const options& settings() const { return options_; }
  destination& where() { return *where_; }

private:
  struct open_block {
    piece_key piece;
    block_header header;
    bytes raw;
  };
  struct known_segment {
    segment_ref ref;
    std::vector<block_ref> blocks;
    std::unique_ptr<segment_file> file; ///< while it grows
  };
  struct piece_state {
    piece_bounds bounds;
    object_ref start;
    std::optional<object_ref> index;
    std::vector<known_segment> segments;               ///< since the index
    byte_counts indexed;                               ///< of those before
    std::uint32_t segments_made = 0, indexes_made = 0; ///< of this epoch
  };
  struct stream_state {
    stream_row row;   ///< position: of the last block cut
    lsn next_lsn = 0; ///< of the last entry appended
    scn last_scn = 0;
    std::optional<open_block> block;
    std::uint64_t blocks = 0; ///< of this epoch
  };

  static indexed_segment summary(const known_segment& x);
  static byte_counts counts_of(const piece_state& x);
  piece_key piece_for(scn scn);
  known_segment& growing(const piece_key& key);
  void end_segment(known_segment& x, bool footer);
  void seal(const piece_key& key);
  void publish(commit_record record);
  object_ref create(const object_path& path, const bytes& object, varve::epoch epoch, std::uint32_t number);
  std::vector<stream_row> all_rows() const;

  std::shared_ptr<destination> where_;
  options options_;
  block_packer packer_;
  commit_record commit_;
  varve::digest commit_digest_;
  std::map<stream_id, stream_row> committed_rows_;
  archive_round round_;
  byte_counts round_counts_;
  std::map<piece_key, piece_state> pieces_; ///< open ones
  scn next_piece_start_ = 0;
  piece_id next_piece_{1};
  std::vector<frozen_piece> frozen_;
  std::optional<object_ref> piece_list_;
  std::uint32_t piece_lists_ = 0;
  std::optional<stream_table_ref> table_;
  std::map<stream_id, stream_state> streams_;
  std::map<stream_id, bool> changed_; ///< since the table
  std::vector<model_entry> written_;
};

} // namespace varve::test
