#include "tests/fuzz/resealing.hpp"

#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "engine/format/block.hpp"
#include "engine/format/codec.hpp"
#include "engine/format/object_header.hpp"

#include <algorithm>

namespace varve::fuzz {
namespace {

using namespace format;

constexpr std::uint32_t raw_bytes_tried = 1 << 20; // a body that says it is larger keeps its checksum

/// XXH3 of what the body decompresses to, where it does.
std::uint64_t raw_checksum_of(std::uint8_t codec_number, bytes_view stored, std::uint32_t raw_bytes) {
  if (!is_known_codec(codec_number) || raw_bytes > raw_bytes_tried)
    return 0;
  if (static_cast<codec>(codec_number) == codec::none)
    return checksum64(stored);
  static thread_local decompressor codecs;
  bytes raw(raw_bytes);
  return codecs.decompress(static_cast<codec>(codec_number), stored, raw).ok() ? checksum64(raw) : 0;
}

void reseal_object_header(mutable_bytes object, std::uint64_t payload_bytes) {
  auto at = object.data();
  store(at, object_magic);
  store(at + 16, payload_bytes);
  store(at + 24, checksum64(bytes_view(object).subspan(object_header_bytes, payload_bytes)));
  store(at + 56, checksum64(bytes_view(object).first(56)));
}

} // namespace

std::size_t reseal_block(mutable_bytes block) {
  if (block.size() < block_header_bytes)
    return 0;
  auto at = block.data();
  store(at, block_magic);
  auto room = block.size() - block_header_bytes;
  auto stored_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(load<std::uint32_t>(at + 84), room));
  store(at + 84, stored_bytes);
  auto stored = bytes_view(block).subspan(block_header_bytes, stored_bytes);
  store(at + 96, raw_checksum_of(load<std::uint8_t>(at + 6), stored, load<std::uint32_t>(at + 80)));
  store(at + 104, checksum64(stored));
  store(at + 120, checksum64(bytes_view(block).first(120)));
  return block_header_bytes + stored_bytes;
}

void reseal_segment(mutable_bytes segment, bool ended) {
  if (segment.size() < segment_header_bytes)
    return;
  reseal_object_header(segment, segment_header_bytes - object_header_bytes);
  auto end = segment.size();
  if (ended && end >= segment_header_bytes + segment_trailer_bytes) {
    auto body = end - segment_trailer_bytes;
    auto trailer = segment.data() + body;
    auto footer_offset = std::clamp<std::uint64_t>(load<std::uint64_t>(trailer), segment_header_bytes, body);
    store(trailer, footer_offset);
    store(trailer + 8, body - footer_offset);
    store(trailer + 16, checksum64(bytes_view(segment).subspan(footer_offset, body - footer_offset)));
    store(trailer + 24, segment_trailer_magic);
    end = static_cast<std::size_t>(footer_offset);
  }
  for (auto at = segment_header_bytes; at < end;) {
    auto size = reseal_block(segment.subspan(at, end - at));
    if (size == 0)
      return;
    at += size;
  }
}

} // namespace varve::fuzz
