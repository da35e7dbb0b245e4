#include "engine/format/block.hpp"

#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "engine/format/codec.hpp"

#include <algorithm>

namespace varve {
namespace {

using namespace format;

constexpr std::size_t header_checksum_offset = 120;
constexpr std::size_t entry_head_bytes_min = 3;

std::string at(std::string_view where, std::string_view what) {
  return std::string(where).append(": ").append(what);
}

error damaged(std::string_view where, std::string_view what) {
  return fail(errc::checksum_error, at(where, what),
              "run verify to see what is lost; restore from another copy if there is one");
}

error newer(std::string_view where, std::string_view what, std::uint64_t value) {
  return fail(errc::unknown_version,
              at(where, what) + " " + std::to_string(value) + " is not known to this build",
              "read it with the release that wrote it, or a newer one");
}

/// What cannot be in a header that a correct writer made; empty: nothing.
std::string_view contradiction_in(const block_header& x) {
  if (x.entries == 0)
    return "a block without entries";
  if (x.epoch.value == 0 || x.number == 0)
    return "a block without epoch or number";
  if (x.first_lsn >= x.next_lsn)
    return "a block with an empty or reversed LSN range";
  if (x.next_lsn - x.first_lsn < x.entries)
    return "a block with more entries than LSNs";
  if (x.first_scn == 0 || x.first_scn > x.last_scn)
    return "a block with a zero or reversed SCN range";
  if (x.raw_bytes > body_bytes_max)
    return "a block body over the limit";
  if (x.stored_bytes == 0 || x.stored_bytes > x.raw_bytes)
    return "a block stored in more bytes than it has";
  if ((x.codec == codec::none) != (x.stored_bytes == x.raw_bytes))
    return "a block whose codec and sizes contradict each other";
  auto heads = x.raw_bytes - std::min<std::uint64_t>(x.raw_bytes, x.input_bytes);
  if (heads < entry_head_bytes_min * std::uint64_t{x.entries} ||
      heads > entry_head_bytes_max * std::uint64_t{x.entries})
    return "a block whose payload and body sizes contradict each other";
  return {};
}

/// One varint off the front of [at, end); nullptr where there is none in its shortest form. As
/// byte_reader::get_varint(), for the one place where three of them are read for every entry.
const std::byte* take_varint(const std::byte* at, const std::byte* end, std::uint64_t& value) {
  if (at != end && std::to_integer<unsigned>(*at) < 0x80) {
    value = std::to_integer<unsigned>(*at);
    return at + 1;
  }
  value = 0;
  for (unsigned shift = 0; at != end; shift += 7) {
    auto b = std::to_integer<std::uint64_t>(*at++);
    if (shift == 63 && b > 1)
      return nullptr; // past 64 bits
    value |= (b & 0x7f) << shift;
    if (b < 0x80)
      return b == 0 ? nullptr : at; // not the shortest form: a zero of one byte has returned above
  }
  return nullptr;
}

} // namespace

void store_block_header(const block_header& header, std::byte* target) {
  store(target + 0, block_magic);
  store(target + 4, version);
  store(target + 6, static_cast<std::uint8_t>(header.codec));
  store(target + 7, header.kind);
  store(target + 8, std::uint32_t{0});
  store(target + 12, header.entries);
  store(target + 16, header.tenant.value);
  store(target + 24, header.stream.value);
  store(target + 32, header.epoch.value);
  store(target + 40, header.number);
  store(target + 48, header.first_lsn);
  store(target + 56, header.next_lsn);
  store(target + 64, header.first_scn);
  store(target + 72, header.last_scn);
  store(target + 80, header.raw_bytes);
  store(target + 84, header.stored_bytes);
  store(target + 88, header.input_bytes);
  store(target + 96, header.raw_checksum);
  store(target + 104, header.stored_checksum);
  store(target + 112, std::uint64_t{0});
  store(target + header_checksum_offset, checksum64({target, header_checksum_offset}));
}

result<block_header> parse_block_header(bytes_view source, std::string_view where) {
  if (source.size() < block_header_bytes)
    return damaged(where, "a block header is cut off");
  auto in = source.data();
  if (load<std::uint32_t>(in) != block_magic)
    return damaged(where, "no block starts here");
  if (load<std::uint64_t>(in + header_checksum_offset) != checksum64({in, header_checksum_offset}))
    return damaged(where, "the block header does not match its checksum");

  // Proved: what is unknown from here on was written so, by a newer release.
  if (auto x = load<std::uint16_t>(in + 4); x != version)
    return newer(where, "block version", x);
  if (auto x = load<std::uint8_t>(in + 6); !is_known_codec(x))
    return newer(where, "block codec", x);
  if (auto x = load<std::uint8_t>(in + 7); x != block_kind_entries)
    return newer(where, "block kind", x);
  if (auto x = load<std::uint32_t>(in + 8); x != 0)
    return newer(where, "block flag set", x);
  if (auto x = load<std::uint64_t>(in + 112); x != 0)
    return newer(where, "block extension", x);

  block_header header;
  header.codec = static_cast<codec>(load<std::uint8_t>(in + 6));
  header.kind = load<std::uint8_t>(in + 7);
  header.entries = load<std::uint32_t>(in + 12);
  header.tenant = tenant_id{load<std::uint64_t>(in + 16)};
  header.stream = stream_id{load<std::uint64_t>(in + 24)};
  header.epoch = epoch{load<std::uint64_t>(in + 32)};
  header.number = load<std::uint64_t>(in + 40);
  header.first_lsn = load<std::uint64_t>(in + 48);
  header.next_lsn = load<std::uint64_t>(in + 56);
  header.first_scn = load<std::uint64_t>(in + 64);
  header.last_scn = load<std::uint64_t>(in + 72);
  header.raw_bytes = load<std::uint32_t>(in + 80);
  header.stored_bytes = load<std::uint32_t>(in + 84);
  header.input_bytes = load<std::uint64_t>(in + 88);
  header.raw_checksum = load<std::uint64_t>(in + 96);
  header.stored_checksum = load<std::uint64_t>(in + 104);
  if (auto what = contradiction_in(header); !what.empty())
    return damaged(where, what);
  return header;
}

std::optional<std::size_t> find_block_header(bytes_view source, std::size_t from) {
  std::byte magic[4];
  store(magic, block_magic);
  while (from < source.size() && source.size() - from >= block_header_bytes) {
    auto found =
        std::search(source.begin() + static_cast<std::ptrdiff_t>(from), source.end(), magic, magic + 4);
    from = static_cast<std::size_t>(found - source.begin());
    if (source.size() - from < block_header_bytes)
      break;
    auto in = source.data() + from;
    if (load<std::uint64_t>(in + header_checksum_offset) == checksum64({in, header_checksum_offset}))
      return from;
    ++from;
  }
  return std::nullopt;
}

std::size_t store_entry_head(std::byte* target, const log_entry& entry, scn previous_scn) {
  auto n = store_varint(target, entry.payload.size());
  n += store_varint(target + n, entry.next_lsn - entry.lsn);
  return n + store_varint(target + n, entry.scn - previous_scn);
}

struct block_packer::contexts {
  compressor codecs;
};

block_packer::block_packer() : contexts_(std::make_unique<contexts>()) {}
block_packer::~block_packer() = default;

status block_packer::pack(block_header& header, bytes_view raw, codec wanted, bytes& target) {
  if (raw.empty() || raw.size() > body_bytes_max)
    return fail(errc::invalid_argument, "a block body of " + std::to_string(raw.size()) + " bytes");
  VARVE_TRY_ASSIGN(auto stored, contexts_->codecs.compress(wanted, raw));
  header.codec = stored.empty() ? codec::none : wanted;
  if (stored.empty())
    stored = raw;
  header.raw_bytes = static_cast<std::uint32_t>(raw.size());
  header.stored_bytes = static_cast<std::uint32_t>(stored.size());
  header.raw_checksum = checksum64(raw);
  header.stored_checksum = header.codec == codec::none ? header.raw_checksum : checksum64(stored);

  std::byte encoded[block_header_bytes];
  store_block_header(header, encoded);
  auto size = target.size() + sizeof encoded + stored.size();
  if (size > target.capacity())
    target.reserve(std::max(size, target.size() * 2));
  append(target, encoded);
  append(target, stored);
  return {};
}

struct block_unpacker::contexts {
  decompressor codecs;
};

block_unpacker::block_unpacker() : contexts_(std::make_unique<contexts>()) {}
block_unpacker::~block_unpacker() = default;

status block_unpacker::unpack(const block_header& header, bytes_view stored, std::string_view where,
                              bytes& raw) {
  if (stored.size() != header.stored_bytes)
    return damaged(where, "the block body is cut off");
  if (header.raw_bytes > body_bytes_max)
    return damaged(where, "a block body over the limit");
  if (checksum64(stored) != header.stored_checksum)
    return damaged(where, "the stored block body does not match its checksum");
  if (header.codec == codec::none) {
    if (header.raw_bytes != header.stored_bytes || header.raw_checksum != header.stored_checksum)
      return damaged(where, "a block stored raw whose two sizes or checksums differ");
    raw.assign(stored.begin(), stored.end());
    return {};
  }
  raw.resize(header.raw_bytes);
  if (auto done = contexts_->codecs.decompress(header.codec, stored, raw); !done.ok()) {
    auto failed = done.error();
    failed.message = at(where, failed.message);
    return failed;
  }
  if (checksum64(raw) != header.raw_checksum)
    return damaged(where, "the decompressed block body does not match its checksum");
  return {};
}

entry_cursor::entry_cursor(const block_header& header, bytes_view raw)
    : header_(header), rest_(raw), left_(header.entries) {
  entry_.next_lsn = header.first_lsn;
  entry_.scn = header.first_scn;
}

bool entry_cursor::next() {
  if (corrupt_)
    return false;
  if (left_ == 0) {
    corrupt_ = !rest_.empty() || entry_.next_lsn != header_.next_lsn || entry_.scn != header_.last_scn;
    return false;
  }
  std::uint64_t size = 0, lsn_step = 0, scn_step = 0;
  auto begin = rest_.data(), end = begin + rest_.size();
  auto in = take_varint(begin, end, size);
  if (in)
    in = take_varint(in, end, lsn_step);
  if (in)
    in = take_varint(in, end, scn_step);
  bool first = left_ == header_.entries;
  if (!in || size > static_cast<std::uint64_t>(end - in) || lsn_step == 0 ||
      lsn_step > header_.next_lsn - entry_.next_lsn || scn_step > header_.last_scn - entry_.scn ||
      (first && scn_step != 0)) {
    corrupt_ = true;
    return false;
  }
  entry_.lsn = entry_.next_lsn;
  entry_.next_lsn += lsn_step;
  entry_.scn += scn_step;
  entry_.payload = {in, static_cast<std::size_t>(size)};
  rest_ = rest_.subspan(static_cast<std::size_t>(in - begin) + entry_.payload.size());
  --left_;
  return true;
}

} // namespace varve
