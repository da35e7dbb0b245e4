#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/format/block_format.hpp"
#include "engine/model/log_entry.hpp"
#include "engine/model/option_values.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace varve {

/// A block: consecutive entries of one stream, compressed together, under three checksums. Its header says
/// everything about it but where it lies.
struct block_header {
  varve::codec codec = varve::codec::none;
  std::uint8_t kind = format::block_kind_entries;
  std::uint32_t entries = 0; ///< > 0
  tenant_id tenant;
  stream_id stream;
  varve::epoch epoch;              ///< of the writer that cut it
  std::uint64_t number = 0;        ///< counts the blocks of (stream, epoch) from 1, without holes
  lsn first_lsn = 0, next_lsn = 0; ///< [first_lsn, next_lsn)
  scn first_scn = 0, last_scn = 0;
  std::uint32_t raw_bytes = 0;       ///< the body before compression
  std::uint32_t stored_bytes = 0;    ///< the body as it lies behind the header
  std::uint64_t input_bytes = 0;     ///< payload bytes alone
  std::uint64_t raw_checksum = 0;    ///< XXH3-64 of the raw body: equal in a recompressed copy
  std::uint64_t stored_checksum = 0; ///< XXH3-64 of the stored body
  friend bool operator==(const block_header&, const block_header&) = default;
};

/// Header and body as they go to the medium: format::block_header_bytes + header.stored_bytes bytes.
void store_block_header(const block_header& header, std::byte* target);

/// `source` holds at least block_header_bytes. Refuses, naming `where` (object and offset) and what is wrong:
/// checksum_error for bytes that are not a header, unknown_version for a version, codec, kind or flag that
/// this build does not know. What it returns is consistent: entries > 0, lsn and scn ranges not empty or
/// reversed, sizes within format::body_bytes_max. Epochs and numbers start at 1.
result<block_header> parse_block_header(bytes_view source, std::string_view where);

/// Offset of the first proved block header at or after `from`, for a reader that lost its way: the magic
/// number with a header checksum that holds. nullopt: none in `source`. What it finds may still be of a newer
/// version.
std::optional<std::size_t> find_block_header(bytes_view source, std::size_t from);

/// Writes the head of one entry into `target` (format::entry_head_bytes_max bytes free); returns its length.
/// `previous_scn` is the scn of the entry before in the block, or the block's first_scn.
std::size_t store_entry_head(std::byte* target, const log_entry& entry, scn previous_scn);

/// Compresses and checksums raw bodies. Reuses its contexts and buffers: one packer per thread, not shared.
class block_packer {
public:
  block_packer();
  ~block_packer();
  block_packer(const block_packer&) = delete;
  block_packer& operator=(const block_packer&) = delete;

  /// Fills in codec, sizes and checksums of `header` (the rest is the caller's) and appends header and stored
  /// body to `target`, which is grown once. A body that does not shrink with `wanted` is stored raw.
  /// `raw` is not empty and at most format::body_bytes_max. Fails only when memory runs out inside a codec.
  status pack(block_header& header, bytes_view raw, codec wanted, bytes& target);

private:
  struct contexts;
  std::unique_ptr<contexts> contexts_;
};

/// Decompresses and proves bodies. One unpacker per thread, not shared.
class block_unpacker {
public:
  block_unpacker();
  ~block_unpacker();
  block_unpacker(const block_unpacker&) = delete;
  block_unpacker& operator=(const block_unpacker&) = delete;

  /// Proves the stored body against `header`, decompresses it into `raw` (resized to header.raw_bytes) and
  /// proves that too. `where` names object and offset in errors (checksum_error).
  status unpack(const block_header& header, bytes_view stored, std::string_view where, bytes& raw);

private:
  struct contexts;
  std::unique_ptr<contexts> contexts_;
};

/// Walks the entries of a raw body that unpack() proved; the payloads point into it, and both `header` and
/// `raw` must outlive the cursor.
///   for (entry_cursor at{header, raw}; at.next();) use(at.entry());
/// A body that does not hold exactly header.entries entries ending at next_lsn and last_scn ends the walk
/// with corrupt() == true: a writer's bug, since the checksums hold.
class entry_cursor {
public:
  entry_cursor(const block_header& header, bytes_view raw);
  bool next();
  const log_entry& entry() const { return entry_; }
  bool corrupt() const { return corrupt_; }

private:
  const block_header& header_;
  bytes_view rest_;
  log_entry entry_;
  std::uint32_t left_;
  bool corrupt_ = false;
};

} // namespace varve
