#include "engine/format/segment.hpp"

#include "engine/base/coding.hpp"

#include <algorithm>
#include <cassert>

namespace varve {
namespace {

using namespace format;

constexpr std::size_t own_fields_bytes = segment_header_bytes - object_header_bytes;
constexpr std::size_t block_ref_bytes_min = 18; // ten varints and a checksum

error damaged(std::string_view where, std::string_view what) {
  return fail(errc::checksum_error, std::string(where).append(": ").append(what),
              "the blocks can still be read from their own headers; run verify to see what is lost");
}

} // namespace

bytes encode_segment_header(const random_id& archive, const segment_header& header) {
  bytes fields;
  fields.reserve(own_fields_bytes);
  byte_writer out(fields);
  out.put(header.tenant.value);
  out.put(header.piece.round.value);
  out.put(header.piece.piece.value);
  out.put(header.epoch.value);
  out.put(header.number);
  fields.resize(own_fields_bytes);
  return seal_object(object_kind::segment, archive, fields);
}

result<segment_header> decode_segment_header(bytes_view source, const random_id* archive,
                                             std::string_view where) {
  auto head = source.first(std::min(source.size(), segment_header_bytes));
  VARVE_TRY_ASSIGN(auto fields, open_object(head, object_kind::segment, archive, where));
  if (fields.size() != own_fields_bytes)
    return damaged(where, "a segment header of another length");
  byte_reader in(fields);
  segment_header header;
  header.tenant = tenant_id{in.get<std::uint64_t>()};
  header.piece.round = round_id{in.get<std::uint64_t>()};
  header.piece.piece = piece_id{in.get<std::uint64_t>()};
  header.epoch = epoch{in.get<std::uint64_t>()};
  header.number = in.get<std::uint32_t>();
  for (auto reserved : in.get_bytes(in.remaining()))
    if (reserved != std::byte{0})
      return fail(errc::unknown_version,
                  std::string(where) + ": a segment header with fields this build does not know",
                  "read it with the release that wrote it, or a newer one");
  if (header.piece.round.value == 0 || header.epoch.value == 0 || header.number == 0 ||
      header.number > object_number_max)
    return damaged(where, "a segment header without round, epoch or number, or with a number over the limit");
  return header;
}

block_ref make_block_ref(const block_header& header, bytes_view encoded_header, std::uint64_t offset) {
  assert(encoded_header.size() >= block_header_bytes);
  block_ref ref;
  ref.stream = header.stream;
  ref.offset = offset;
  ref.size = block_header_bytes + header.stored_bytes;
  ref.first_lsn = header.first_lsn;
  ref.next_lsn = header.next_lsn;
  ref.first_scn = header.first_scn;
  ref.last_scn = header.last_scn;
  ref.number = header.number;
  ref.raw_bytes = header.raw_bytes;
  ref.entries = header.entries;
  ref.input_bytes = header.input_bytes;
  ref.header_checksum = load<std::uint64_t>(encoded_header.data() + block_header_bytes - 8);
  return ref;
}

std::uint64_t segment_footer_bytes_max(std::size_t blocks) {
  constexpr std::uint64_t row = 10 * varint_bytes_max + sizeof(block_ref::header_checksum);
  return varint_bytes_max + row * blocks + segment_trailer_bytes;
}

bytes encode_segment_footer(const std::vector<block_ref>& blocks, std::uint64_t footer_offset) {
  bytes footer;
  footer.reserve(64 * (blocks.size() + 1));
  byte_writer out(footer);
  out.put_varint(blocks.size());
  [[maybe_unused]] auto offset = std::uint64_t{segment_header_bytes};
  for (auto& x : blocks) {
    assert(x.offset == offset);
    offset += x.size;
    out.put_varint(x.stream.value);
    out.put_varint(x.size);
    out.put_varint(x.first_lsn);
    out.put_varint(x.next_lsn - x.first_lsn);
    out.put_varint(x.first_scn);
    out.put_varint(x.last_scn - x.first_scn);
    out.put_varint(x.number);
    out.put_varint(x.raw_bytes);
    out.put_varint(x.entries);
    out.put_varint(x.input_bytes);
    out.put(x.header_checksum);
  }
  assert(offset == footer_offset);
  auto footer_bytes = std::uint64_t{footer.size()};
  auto checksum = checksum64(footer);
  out.put(footer_offset);
  out.put(footer_bytes);
  out.put(checksum);
  out.put(segment_trailer_magic);
  return footer;
}

result<segment_trailer> decode_segment_trailer(bytes_view last, std::uint64_t segment_bytes,
                                               std::string_view where) {
  if (last.size() != segment_trailer_bytes || segment_bytes < segment_header_bytes + segment_trailer_bytes)
    return damaged(where, "no trailer: the segment is shorter than one");
  byte_reader in(last);
  segment_trailer trailer;
  trailer.footer_offset = in.get<std::uint64_t>();
  trailer.footer_bytes = in.get<std::uint64_t>();
  trailer.footer_checksum = in.get<std::uint64_t>();
  if (in.get<std::uint64_t>() != segment_trailer_magic)
    return damaged(where, "no trailer: the segment was not ended, or its end is lost");
  auto body = segment_bytes - segment_trailer_bytes;
  if (trailer.footer_offset < segment_header_bytes || trailer.footer_offset > body ||
      trailer.footer_bytes != body - trailer.footer_offset)
    return damaged(where, "the trailer does not point at the footer before it");
  return trailer;
}

result<std::vector<block_ref>> decode_segment_footer(bytes_view footer, const segment_trailer& trailer,
                                                     std::string_view where) {
  if (footer.size() != trailer.footer_bytes)
    return damaged(where, "the footer is cut off");
  if (checksum64(footer) != trailer.footer_checksum)
    return damaged(where, "the footer does not match its checksum");
  byte_reader in(footer);
  std::vector<block_ref> blocks;
  auto count = in.get_count(block_ref_bytes_min);
  blocks.reserve(count);
  auto offset = std::uint64_t{segment_header_bytes};
  for (std::size_t i = 0; i < count; ++i) {
    block_ref x;
    x.offset = offset;
    x.stream = stream_id{in.get_varint()};
    x.size = in.get_varint();
    x.first_lsn = in.get_varint();
    auto lsn_span = in.get_varint();
    x.first_scn = in.get_varint();
    auto scn_span = in.get_varint();
    x.number = in.get_varint();
    auto raw = in.get_varint();
    auto entries = in.get_varint();
    x.input_bytes = in.get_varint();
    x.header_checksum = in.get<std::uint64_t>();
    bool possible = x.size > block_header_bytes && x.size <= trailer.footer_offset - offset && entries > 0 &&
                    entries <= lsn_span && lsn_span <= lsn_max - x.first_lsn && x.first_scn > 0 &&
                    scn_span <= scn_max - x.first_scn && x.number > 0 && raw <= body_bytes_max &&
                    x.size - block_header_bytes <= raw && x.input_bytes < raw && entries <= raw;
    if (!in.ok() || !possible)
      return damaged(where, "the footer's row " + std::to_string(i + 1) + " describes no block that can be");
    x.next_lsn = x.first_lsn + lsn_span;
    x.last_scn = x.first_scn + scn_span;
    x.raw_bytes = static_cast<std::uint32_t>(raw);
    x.entries = static_cast<std::uint32_t>(entries);
    offset += x.size;
    blocks.push_back(x);
  }
  if (!in.at_end())
    return damaged(where, "the footer's rows and its length contradict each other");
  if (offset != trailer.footer_offset)
    return damaged(where, "the footer's blocks do not end where it begins");
  return blocks;
}

} // namespace varve
