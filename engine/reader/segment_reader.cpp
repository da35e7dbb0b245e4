#include "engine/reader/segment_reader.hpp"

#include <algorithm>
#include <map>

namespace varve {
namespace {

using namespace format;

constexpr std::size_t tail_bytes = 16 << 10;   // read at once in the hope that the whole footer is in it
constexpr std::size_t window_bytes = 16 << 10; // read at once when walking headers: small blocks share it

std::string place(const object_path& path, std::uint64_t offset) {
  return path + " at offset " + std::to_string(offset);
}

/// Reads forward through a segment, some bytes at a time: `offset` never goes back.
class window {
public:
  window(destination& where, const object_path& path) : where_(where), path_(path) {}

  /// `size` <= window_bytes bytes at `offset`; fewer where the object ends.
  result<bytes_view> get(std::uint64_t offset, std::size_t size) {
    if (offset + size > start_ + held_) {
      buffer_.resize(window_bytes);
      start_ = offset;
      held_ = 0;
      VARVE_TRY_ASSIGN(held_, where_.read(path_, offset, buffer_));
    }
    auto at = static_cast<std::size_t>(offset - start_);
    return bytes_view(buffer_).subspan(at, std::min(size, held_ - at));
  }

private:
  destination& where_;
  const object_path& path_;
  bytes buffer_;
  std::uint64_t start_ = 0;
  std::size_t held_ = 0;
};

struct walked {
  std::vector<block_ref> blocks;
  std::uint64_t end = segment_header_bytes; // of the last good block
  error stopped;                            // why before the limit; errc::ok: reached it
};

/// Reads block headers from the first one up to `limit`.
walked walk_headers(destination& where, const object_path& path, tenant_id tenant, std::uint64_t limit) {
  walked x;
  window source(where, path);
  while (x.end < limit) {
    auto here = place(path, x.end);
    auto stop = [&](error why) {
      x.stopped = std::move(why);
      return x;
    };
    auto head = source.get(x.end, block_header_bytes);
    if (!head.ok())
      return stop(head.error());
    if (head->size() < block_header_bytes)
      return stop(fail(errc::bytes_missing, here + ": the object ends here"));
    auto header = parse_block_header(*head, here);
    if (!header.ok())
      return stop(header.error());
    auto ref = make_block_ref(*header, *head, x.end);
    if (header->tenant != tenant)
      return stop(fail(errc::checksum_error, here + ": a block of tenant " + to_string(header->tenant)));
    if (ref.size > limit - x.end)
      return stop(fail(errc::checksum_error, here + ": a block that does not end where the segment does"));
    x.blocks.push_back(ref);
    x.end += ref.size;
  }
  return x;
}

struct footer_look {
  std::optional<std::vector<block_ref>> blocks;
  std::optional<segment_trailer> trailer; // also where the footer behind it is damaged
  error failed;
};

footer_look read_footer(destination& where, const object_path& path, std::uint64_t segment_bytes) {
  footer_look x;
  auto give_up = [&](error why) {
    x.failed = std::move(why);
    return x;
  };
  auto tail_size = static_cast<std::size_t>(std::min<std::uint64_t>(tail_bytes, segment_bytes));
  bytes tail(tail_size);
  if (auto read = read_exactly(where, path, segment_bytes - tail_size, tail); !read.ok())
    return give_up(read.error());
  auto last = bytes_view(tail).last(std::min(segment_trailer_bytes, tail_size));
  auto trailer = decode_segment_trailer(last, segment_bytes, place(path, segment_bytes - last.size()));
  if (!trailer.ok())
    return give_up(trailer.error());
  x.trailer = *trailer;

  bytes_view footer;
  bytes longer;
  auto footer_bytes = static_cast<std::size_t>(trailer->footer_bytes);
  if (footer_bytes + segment_trailer_bytes <= tail_size) {
    footer = bytes_view(tail).subspan(tail_size - segment_trailer_bytes - footer_bytes, footer_bytes);
  } else {
    longer.resize(footer_bytes);
    if (auto read = read_exactly(where, path, trailer->footer_offset, longer); !read.ok())
      return give_up(read.error());
    footer = longer;
  }
  auto blocks = decode_segment_footer(footer, *trailer, place(path, trailer->footer_offset));
  if (!blocks.ok())
    return give_up(blocks.error());
  x.blocks = std::move(blocks).value();
  return x;
}

} // namespace

status read_exactly(destination& where, const object_path& path, std::uint64_t offset, mutable_bytes target) {
  auto got = where.read(path, offset, target);
  if (got.code() == errc::file_not_exist) {
    auto failed = got.error();
    failed.code = errc::bytes_missing;
    failed.message = path + ", which a commit reaches, is missing: " + failed.message;
    return failed;
  }
  if (!got.ok())
    return got.error();
  if (*got != target.size())
    return fail(errc::bytes_missing, path + " ends at offset " + std::to_string(offset + *got) +
                                         ", but bytes up to " + std::to_string(offset + target.size()) +
                                         " are committed");
  return {};
}

result<segment_blocks> read_segment_blocks(destination& where, const segment_name& name,
                                           const segment_ref& segment, const random_id* archive) {
  auto path = to_path(name);
  segment_blocks x;
  auto note = [&](std::uint64_t offset, error why, bool lost) {
    x.damages.push_back({path, offset, std::move(why), name.tenant, {}, lost});
    if (lost)
      x.complete = false;
  };

  bytes head(segment_header_bytes);
  if (auto read = read_exactly(where, path, 0, head); !read.ok()) {
    if (read.code() != errc::bytes_missing || !where.size(path).ok())
      return read.error();
    note(0, read.error(), segment.valid_bytes > segment_header_bytes); // shorter than a segment's header
    x.data_end = segment_header_bytes;
    return x;
  }
  if (auto header = decode_segment_header(head, archive, path); !header.ok()) {
    if (header.code() == errc::foreign_destination || header.code() == errc::unknown_version)
      return header.error();
    note(0, header.error(), false); // the blocks carry their own headers
  } else if (*header != segment_header{name.tenant, name.piece, name.epoch, name.number}) {
    return fail(errc::checksum_error, path + " is another segment under this name",
                "put the right bytes there, from a copy if there is one");
  }

  std::optional<segment_trailer> trailer;
  if (segment.has_footer) {
    auto look = read_footer(where, path, segment.valid_bytes);
    trailer = look.trailer;
    if (look.blocks) {
      x.blocks = std::move(*look.blocks);
      x.data_end = trailer->footer_offset;
      x.from_footer = true;
      return x;
    }
    if (look.failed.code == errc::io_error)
      return look.failed;
    auto trailer_at =
        segment.valid_bytes - std::min<std::uint64_t>(segment.valid_bytes, segment_trailer_bytes);
    note(trailer ? trailer->footer_offset : trailer_at, look.failed, false);
  }

  // Without a trailer the walk ends at the footer, where no block header is; whether that is the end or a
  // damaged header shows in the length: the footer of the blocks found must fill the rest exactly.
  auto limit = trailer ? trailer->footer_offset : segment.valid_bytes;
  auto found = walk_headers(where, path, name.tenant, limit);
  x.blocks = std::move(found.blocks);
  x.data_end = found.end;
  if (found.stopped.code == errc::ok)
    return x;
  if (found.stopped.code == errc::io_error)
    return found.stopped;
  bool at_footer = segment.has_footer && !trailer &&
                   found.end + encode_segment_footer(x.blocks, found.end).size() == segment.valid_bytes;
  if (!at_footer)
    note(found.end, found.stopped, true);
  return x;
}

indexed_segment index_segment(const segment_ref& segment, std::span<const block_ref> blocks) {
  indexed_segment x;
  x.segment = segment;
  std::map<stream_id, stream_range> ranges;
  for (auto& block : blocks) {
    x.counts += {block.input_bytes, block.size, block.entries};
    auto [at, fresh] = ranges.try_emplace(block.stream);
    auto& range = at->second;
    if (fresh) {
      range = {block.stream, block.first_lsn, block.next_lsn, block.first_scn, block.last_scn};
      continue;
    }
    range.first_lsn = std::min(range.first_lsn, block.first_lsn);
    range.next_lsn = std::max(range.next_lsn, block.next_lsn);
    range.first_scn = std::min(range.first_scn, block.first_scn);
    range.last_scn = std::max(range.last_scn, block.last_scn);
  }
  for (auto& [stream, range] : ranges)
    x.ranges.push_back(range);
  return x;
}

std::vector<stream_range> missing_ranges(const indexed_segment& indexed, const segment_blocks& found) {
  auto there = index_segment(indexed.segment, found.blocks).ranges;
  std::vector<stream_range> missing;
  for (auto& range : indexed.ranges) {
    auto at = std::ranges::lower_bound(there, range.stream, {}, &stream_range::stream);
    bool any = at != there.end() && at->stream == range.stream && at->first_lsn < range.next_lsn &&
               at->next_lsn > range.first_lsn;
    if (!any) {
      missing.push_back(range);
      continue;
    }
    if (at->first_lsn > range.first_lsn)
      missing.push_back({range.stream, range.first_lsn, at->first_lsn, range.first_scn, at->first_scn});
    if (at->next_lsn < range.next_lsn)
      missing.push_back({range.stream, at->next_lsn, range.next_lsn, at->last_scn, range.last_scn});
  }
  return missing;
}

result<block_header> open_block(const block_ref& ref, bytes_view stored, tenant_id tenant,
                                const object_path& path, block_unpacker& unpacker, bytes& raw) {
  auto here = place(path, ref.offset);
  if (stored.size() != ref.size || stored.size() < block_header_bytes)
    return fail(errc::checksum_error, here + ": the block is cut off");
  auto head = stored.first(block_header_bytes);
  VARVE_TRY_ASSIGN(auto header, parse_block_header(head, here));
  if (header.tenant != tenant || make_block_ref(header, head, ref.offset) != ref)
    return fail(errc::checksum_error, here + ": not the block that the footer lists");
  VARVE_TRY(unpacker.unpack(header, stored.subspan(block_header_bytes), here, raw));
  return header;
}

status collect_entries(const block_header& header, bytes_view raw, const object_path& path,
                       std::uint64_t offset, std::vector<log_entry>& entries) {
  entries.reserve(entries.size() + header.entries);
  entry_cursor at(header, raw);
  while (at.next())
    entries.push_back(at.entry());
  if (at.corrupt())
    return fail(errc::checksum_error,
                place(path, offset) + ": the entries of the block contradict its header",
                "its checksums hold, so it was written like this: report it");
  return {};
}

} // namespace varve
