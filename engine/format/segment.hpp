#pragma once

#include "engine/format/block.hpp"
#include "engine/format/object_header.hpp"
#include "engine/model/piece.hpp"

#include <vector>

namespace varve {

/// A segment: one growing object of a piece that holds blocks of all the tenant's streams, in the order they
/// were packed; blocks of one stream and epoch follow each other by number. It is ended by a footer, or left
/// without one after a crash or a failed write: then the newest commit says how many bytes of it count.
struct segment_header {
  tenant_id tenant;
  piece_key piece;
  varve::epoch epoch;
  std::uint32_t number = 0; ///< counts the segments of (piece, epoch) from 1
  friend bool operator==(const segment_header&, const segment_header&) = default;
};

/// format::segment_header_bytes bytes.
bytes encode_segment_header(const random_id& archive, const segment_header& header);
/// Errors as open_object().
result<segment_header> decode_segment_header(bytes_view source, const random_id* archive,
                                             std::string_view where);

/// One block of a segment, as its footer lists it: enough to find any LSN or SCN and to add up bytes.
struct block_ref {
  stream_id stream;
  std::uint64_t offset = 0; ///< of the block header in the segment
  std::uint64_t size = 0;   ///< header + stored body
  lsn first_lsn = 0, next_lsn = 0;
  scn first_scn = 0, last_scn = 0;
  std::uint64_t number = 0;
  std::uint32_t raw_bytes = 0;
  std::uint32_t entries = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t header_checksum = 0; ///< of the block header: ties the footer to these blocks
  friend bool operator==(const block_ref&, const block_ref&) = default;
};
/// `encoded_header`: the header's bytes, for its checksum.
block_ref make_block_ref(const block_header& header, bytes_view encoded_header, std::uint64_t offset);

/// Footer payload, its checksum and the trailer, ready to append at offset `footer_offset`:
/// trailer = u64 footer_offset, u64 footer_bytes, u64 footer_checksum (XXH3-64), u64 magic.
bytes encode_segment_footer(const std::vector<block_ref>& blocks, std::uint64_t footer_offset);
/// What that has at most, for so many blocks.
std::uint64_t segment_footer_bytes_max(std::size_t blocks);

/// Where a trailer says its footer lies.
struct segment_trailer {
  std::uint64_t footer_offset = 0, footer_bytes = 0, footer_checksum = 0;
};
/// `last` = the last segment_trailer_bytes bytes of a segment of `segment_bytes`. checksum_error: no trailer,
/// or one that cannot be.
result<segment_trailer> decode_segment_trailer(bytes_view last, std::uint64_t segment_bytes,
                                               std::string_view where);
/// The footer's blocks, in offset order, contiguous from segment_header_bytes to footer_offset; else
/// checksum_error.
result<std::vector<block_ref>> decode_segment_footer(bytes_view footer, const segment_trailer& trailer,
                                                     std::string_view where);

} // namespace varve
