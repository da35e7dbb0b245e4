#include "engine/format/describe_parts.hpp"
#include "engine/format/segment.hpp"

#include <algorithm>

namespace varve::describe_parts {
namespace {

using namespace format;

std::string hex64(std::uint64_t value) {
  std::byte encoded[8];
  for (std::size_t i = 0; i < 8; ++i)
    encoded[i] = static_cast<std::byte>(value >> (56 - 8 * i));
  return to_hex(encoded);
}

std::string place(std::string_view where, std::uint64_t offset) {
  return std::string(where) + " at offset " + std::to_string(offset);
}

void add_header(description& row, const block_header& x) {
  row.add_number("tenant", x.tenant.value);
  row.add_number("stream", x.stream.value);
  row.add_number("epoch", x.epoch.value);
  row.add_number("number", x.number);
  row.add("codec", x.codec == codec::none ? "none" : to_string(x.codec));
  row.add_number("entries", x.entries);
  row.add_number("first_lsn", x.first_lsn);
  row.add_number("next_lsn", x.next_lsn);
  add_time(row, "first_scn", x.first_scn);
  add_time(row, "last_scn", x.last_scn);
  row.add_number("input_bytes", x.input_bytes);
  row.add_number("raw_bytes", x.raw_bytes);
  row.add_number("stored_bytes", x.stored_bytes);
  row.add("raw_checksum", hex64(x.raw_checksum));
  row.add("stored_checksum", hex64(x.stored_checksum));
}

void add_entries(description& row, const block_header& header, bytes_view raw) {
  auto& list = row.add_list("entries_in_block");
  for (entry_cursor at{header, raw}; at.next();) {
    auto& item = list.add_group("entry");
    item.add_number("lsn", at.entry().lsn);
    item.add_number("next_lsn", at.entry().next_lsn);
    add_time(item, "scn", at.entry().scn);
    item.add_number("payload_bytes", at.entry().payload.size());
  }
}

/// A block whose header holds: empty when all of it is sound, and it lies in a segment of its tenant.
std::optional<error> check_block(block_unpacker& unpacker, const block_header& header, bytes_view stored,
                                 std::optional<tenant_id> tenant, std::string_view where, bytes& raw) {
  if (tenant && header.tenant != *tenant)
    return fail(errc::checksum_error, std::string(where) + ": a block of tenant " + to_string(header.tenant));
  if (auto done = unpacker.unpack(header, stored, where, raw); !done.ok())
    return done.error();
  std::uint64_t input_bytes = 0;
  entry_cursor at{header, raw};
  while (at.next())
    input_bytes += at.entry().payload.size();
  if (at.corrupt() || input_bytes != header.input_bytes)
    return fail(errc::checksum_error,
                std::string(where) + ": the block's entries are not what its header says");
  return std::nullopt;
}

struct walk {
  std::vector<block_ref> blocks;
  std::uint64_t sound_bytes = 0; // where the first thing that is not sound begins
};

/// Lists what lies in source[from, limit) as blocks, going on after damage where another header is found.
walk add_blocks(inspection& target, bytes_view source, std::uint64_t from, std::uint64_t limit,
                std::optional<tenant_id> tenant, std::string_view where, bool with_entries) {
  walk found;
  std::optional<std::uint64_t> first_bad;
  block_unpacker unpacker;
  bytes raw;
  auto& list = target.what.add_list("blocks");
  auto blocks = source.first(static_cast<std::size_t>(limit));
  for (auto at = from; at < limit;) {
    auto here = place(where, at);
    auto rest = blocks.subspan(static_cast<std::size_t>(at));
    auto header = parse_block_header(rest, here);
    if (!header.ok()) {
      auto next = find_block_header(blocks, static_cast<std::size_t>(at) + 1);
      auto end = next ? std::uint64_t{*next} : limit;
      auto& row = list.add_group("damage");
      row.add_number("offset", at);
      row.add_number("bytes", end - at);
      add_problem(target, row, header.error());
      first_bad = first_bad.value_or(at);
      at = end;
      continue;
    }
    auto& row = list.add_group("block");
    row.add_number("offset", at);
    add_header(row, *header);
    auto ref = make_block_ref(*header, rest, at);
    auto stored = rest.subspan(block_header_bytes);
    stored = stored.first(std::min<std::size_t>(stored.size(), header->stored_bytes));
    if (auto wrong = check_block(unpacker, *header, stored, tenant, here, raw)) {
      add_problem(target, row, *wrong);
      first_bad = first_bad.value_or(at);
    } else if (with_entries) {
      add_entries(row, *header, raw);
    }
    found.blocks.push_back(ref);
    at += std::min(ref.size, limit - at);
  }
  found.sound_bytes = first_bad.value_or(limit);
  return found;
}

/// The footer, if the segment has been ended; problems are shown where the caller puts them.
struct footer_look {
  std::optional<segment_trailer> trailer;
  result<std::vector<block_ref>> blocks;
};

footer_look look_at_footer(bytes_view object, std::string_view where) {
  auto last = object.last(std::min(object.size(), segment_trailer_bytes));
  auto trailer = decode_segment_trailer(last, object.size(), place(where, object.size() - last.size()));
  if (!trailer.ok())
    return {std::nullopt, trailer.error()};
  auto footer = object.subspan(static_cast<std::size_t>(trailer->footer_offset),
                               static_cast<std::size_t>(trailer->footer_bytes));
  return {*trailer, decode_segment_footer(footer, *trailer, place(where, trailer->footer_offset))};
}

} // namespace

void describe_segment(inspection& target, bytes_view object, std::string_view where) {
  auto& what = target.what;
  std::optional<tenant_id> tenant;
  if (auto header = decode_segment_header(object, nullptr, where); header.ok()) {
    tenant = header->tenant;
    what.add_number("tenant", header->tenant.value);
    what.add_number("round", header->piece.round.value);
    what.add_number("piece", header->piece.piece.value);
    what.add_number("epoch", header->epoch.value);
    what.add_number("number", header->number);
  } else {
    add_problem(target, what, header.error());
    if (object.size() <= segment_header_bytes)
      return;
  }

  auto footer = look_at_footer(object, where);
  auto limit = footer.trailer ? footer.trailer->footer_offset : std::uint64_t{object.size()};
  auto found = add_blocks(target, object, segment_header_bytes, limit, tenant, where, false);
  if (!footer.trailer) {
    what.add("ended", "no", "the newest commit says how many of its bytes count");
  } else if (!footer.blocks.ok()) {
    what.add("ended", "yes");
    add_problem(target, what, footer.blocks.error());
  } else {
    what.add("ended", "yes");
    auto& row = what.add_group("footer");
    row.add_number("offset", footer.trailer->footer_offset);
    row.add_number("bytes", footer.trailer->footer_bytes);
    row.add_number("blocks", footer.blocks->size());
    row.add("checksum", hex64(footer.trailer->footer_checksum));
    if (*footer.blocks != found.blocks)
      add_problem(
          target, what,
          fail(errc::checksum_error, std::string(where) + ": the footer lists other blocks than there are"));
  }
  what.add_number("sound_bytes", target.problem ? found.sound_bytes : object.size());
}

void describe_bare_blocks(inspection& target, bytes_view source, std::string_view where) {
  auto found = add_blocks(target, source, 0, source.size(), std::nullopt, where, true);
  target.what.add_number("sound_bytes", found.sound_bytes);
}

} // namespace varve::describe_parts
