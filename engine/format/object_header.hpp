#pragma once

#include "engine/base/checksum.hpp"
#include "engine/base/result.hpp"
#include "engine/format/block_format.hpp"

#include <array>
#include <string_view>

namespace varve {

/// What an object is. On disk; never change a value.
enum class object_kind : std::uint16_t {
  identity = 1,
  segment = 2,
  piece_start = 3,
  segment_index = 4,
  seal = 5,
  commit = 6,
  piece_list = 7,
  round_end = 8
};
std::string_view to_string(object_kind kind);

/// 128 random bits: of the archive (in every object), or of one takeover (in commits).
using random_id = std::array<std::byte, 16>;

/// The 64 bytes every object starts with:
///   0 u64 magic   8 u16 kind   10 u16 version   12 u32 flags (0)   16 u64 payload_bytes
///  24 u64 payload_checksum (XXH3-64)   32 u8[16] archive id   48 u64 reserved (0)
///  56 u64 header_checksum (XXH3-64 of bytes 0..55)
/// An immutable object is this header and exactly payload_bytes bytes. A segment has payload_bytes = 64, its
/// own fixed fields, and goes on after them.
struct object_header {
  object_kind kind = object_kind::identity;
  std::uint64_t payload_bytes = 0;
  std::uint64_t payload_checksum = 0;
  random_id archive{};
};

/// Header and payload in one piece.
bytes seal_object(object_kind kind, const random_id& archive, bytes_view payload);

/// Refuses, naming `where`: checksum_error (truncated, zero-filled, damaged, longer than it says),
/// unknown_version (version or flags of a newer build), foreign_destination (another archive's object; not
/// checked where `archive` is null), checksum_error (an object of another kind). Returns the payload, a view
/// into `object`.
result<bytes_view> open_object(bytes_view object, object_kind kind, const random_id* archive,
                               std::string_view where);

/// Reads the first 64 bytes only.
result<object_header> parse_object_header(bytes_view source, std::string_view where);

} // namespace varve
