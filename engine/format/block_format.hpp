#pragma once

#include <cstddef>
#include <cstdint>

/// Constants of the on-disk format that writer and reader share; no logic. FORMAT.md is the page behind them.
/// Numbers on disk are forever: add, never change.
namespace varve::format {

inline constexpr std::uint16_t version = 1;

/// A block is header + stored body. Offsets in the header, little-endian:
///   0  u32 magic        4 u16 version      6 u8 codec        7 u8 kind
///   8  u32 flags       12 u32 entries     16 u64 tenant     24 u64 stream
///  32  u64 epoch       40 u64 number      48 u64 first_lsn  56 u64 next_lsn
///  64  u64 first_scn   72 u64 last_scn    80 u32 raw_bytes  84 u32 stored_bytes
///  88  u64 input_bytes 96 u64 raw_checksum 104 u64 stored_checksum
/// 112  u64 reserved (zero)               120 u64 header_checksum (XXH3-64 of bytes 0..119)
inline constexpr std::size_t block_header_bytes = 128;
inline constexpr std::uint32_t block_magic = 0x4b4c4256; // "VBLK"

/// What a block's body holds.
inline constexpr std::uint8_t block_kind_entries = 1;      ///< entries of one stream
inline constexpr std::uint8_t block_kind_many_streams = 2; ///< reserved: entries of many trickling streams

/// A segment is a 64-byte object header (segment.hpp), 64 bytes of its own fields, blocks, and, once it is
/// ended, a footer and a trailer of 32 bytes.
inline constexpr std::size_t segment_header_bytes = 128;
inline constexpr std::size_t segment_trailer_bytes = 32;
inline constexpr std::uint64_t segment_trailer_magic = 0x5245544f4f465656; // "VVFOOTER"

/// Immutable objects and segments start with the same 64 bytes (object_header.hpp).
inline constexpr std::size_t object_header_bytes = 64;
inline constexpr std::uint64_t object_magic = 0x314a424f45565256; // "VRVEOBJ1"

/// Entry head inside a body: varint payload bytes, varint next_lsn - lsn, varint scn - scn of the entry
/// before (of the block's first_scn for the first); then the payload.
inline constexpr std::size_t entry_head_bytes_max = 30;

/// Segments, index objects and piece lists are numbered from 1; a name has eight digits for it.
inline constexpr std::uint32_t object_number_max = 99'999'999;

/// Limits a reader enforces before it allocates.
inline constexpr std::size_t body_bytes_max = std::size_t{64} << 20;        ///< raw or stored body of a block
inline constexpr std::uint64_t segment_bytes_max = std::uint64_t{1} << 30;  ///< a whole segment
inline constexpr std::uint64_t object_bytes_max = std::uint64_t{256} << 20; ///< an immutable object

} // namespace varve::format
