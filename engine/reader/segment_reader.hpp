#pragma once

#include "engine/format/block.hpp"
#include "engine/format/object_name.hpp"
#include "engine/format/segment.hpp"
#include "engine/reader/damage.hpp"

#include <span>

namespace varve {

/// The blocks of one segment that count.
struct segment_blocks {
  std::vector<block_ref> blocks; ///< ascending by offset
  std::uint64_t data_end = 0;    ///< end of the last of them, bytes
  bool from_footer = false;      ///< else found by walking the block headers
  std::vector<damage> damages;   ///< damaged header, footer, or the block header at which the walk had to end
  bool complete = true;          ///< false: there were blocks after data_end
};

/// Finds the blocks of a segment up to `segment.valid_bytes`: from its footer, or, where it has none or the
/// footer is damaged, by walking the block headers, which gives the same answer (`complete`) unless one of
/// them is damaged. Reads no block bodies. An error means that nothing at all could be read: bytes_missing,
/// io_error; checksum_error: it is another segment under this name. `archive` may be null: then any archive's
/// segment is accepted. Thread-safe.
result<segment_blocks> read_segment_blocks(destination& where, const segment_name& name,
                                           const segment_ref& segment, const random_id* archive);

/// What an index object says of a segment with these blocks.
indexed_segment index_segment(const segment_ref& segment, std::span<const block_ref> blocks);

/// The beginnings and ends of the indexed ranges that the blocks found do not reach.
std::vector<stream_range> missing_ranges(const indexed_segment& indexed, const segment_blocks& found);

/// Fills `target` from `offset` on, or fails: bytes_missing if the object is not there or ends before.
status read_exactly(destination& where, const object_path& path, std::uint64_t offset, mutable_bytes target);

/// Proves that the bytes at `stored` (ref.size of them) are the block that `ref` names, of this tenant,
/// decompresses it into `raw` and gives its header. checksum_error: they are not; `path` names the segment in
/// the error. The unpacker is the calling thread's.
result<block_header> open_block(const block_ref& ref, bytes_view stored, tenant_id tenant,
                                const object_path& path, block_unpacker& unpacker, bytes& raw);

/// Appends the entries of a block that open_block() gave to `entries`; payloads point into `raw`.
status collect_entries(const block_header& header, bytes_view raw, const object_path& path,
                       std::uint64_t offset, std::vector<log_entry>& entries);

} // namespace varve
