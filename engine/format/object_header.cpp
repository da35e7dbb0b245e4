#include "engine/format/object_header.hpp"

#include "engine/base/coding.hpp"

#include <algorithm>

namespace varve {
namespace {

using namespace format;

constexpr std::size_t archive_offset = 32, checksum_offset = 56;

error damaged(std::string_view where, std::string_view what) {
  return fail(errc::checksum_error, std::string(where).append(" ").append(what),
              "run verify to see what is lost; take the object from another copy if there is one");
}

error newer(std::string_view where, std::string_view what, std::uint64_t value) {
  return fail(errc::unknown_version,
              std::string(where).append(" has ").append(what) + " " + std::to_string(value) +
                  ", which this build does not know",
              "read it with the release that wrote it, or a newer one");
}

} // namespace

std::string_view to_string(object_kind kind) {
  switch (kind) {
  case object_kind::identity:
    return "identity";
  case object_kind::segment:
    return "segment";
  case object_kind::piece_start:
    return "piece start";
  case object_kind::segment_index:
    return "segment index";
  case object_kind::seal:
    return "seal";
  case object_kind::commit:
    return "commit";
  case object_kind::piece_list:
    return "piece list";
  case object_kind::round_end:
    return "round end";
  }
  return "unknown kind";
}

bytes seal_object(object_kind kind, const random_id& archive, bytes_view payload) {
  bytes object;
  object.reserve(object_header_bytes + payload.size());
  byte_writer out(object);
  out.put(object_magic);
  out.put(static_cast<std::uint16_t>(kind));
  out.put(version);
  out.put(std::uint32_t{0});
  out.put(std::uint64_t{payload.size()});
  out.put(checksum64(payload));
  out.put_bytes(archive);
  out.put(std::uint64_t{0});
  out.put(checksum64(object));
  out.put_bytes(payload);
  return object;
}

result<object_header> parse_object_header(bytes_view source, std::string_view where) {
  if (source.size() < object_header_bytes)
    return damaged(where, "is cut off within its header: it has " + std::to_string(source.size()) + " bytes");
  auto head = source.first(object_header_bytes);
  if (std::all_of(head.begin(), head.end(), [](std::byte b) { return b == std::byte{0}; }))
    return damaged(where, "starts with zeros: space that was reserved and never written");
  auto in = head.data();
  if (load<std::uint64_t>(in) != object_magic)
    return damaged(where, "is not an object of this format");
  if (load<std::uint64_t>(in + checksum_offset) != checksum64(head.first(checksum_offset)))
    return damaged(where, "has a header that does not match its checksum");

  // Proved: what is unknown from here on was written so, by a newer release.
  if (auto x = load<std::uint16_t>(in + 10); x != version)
    return newer(where, "version", x);
  if (auto x = load<std::uint32_t>(in + 12); x != 0)
    return newer(where, "flags", x);
  if (auto x = load<std::uint64_t>(in + 48); x != 0)
    return newer(where, "extension", x);
  object_header header;
  header.kind = static_cast<object_kind>(load<std::uint16_t>(in + 8));
  if (to_string(header.kind) == "unknown kind")
    return newer(where, "kind", load<std::uint16_t>(in + 8));
  header.payload_bytes = load<std::uint64_t>(in + 16);
  header.payload_checksum = load<std::uint64_t>(in + 24);
  std::copy_n(in + archive_offset, header.archive.size(), header.archive.begin());
  if (header.payload_bytes > object_bytes_max)
    return damaged(where, "says it is larger than any object can be");
  return header;
}

result<bytes_view> open_object(bytes_view object, object_kind kind, const random_id* archive,
                               std::string_view where) {
  VARVE_TRY_ASSIGN(auto header, parse_object_header(object, where));
  if (archive && header.archive != *archive)
    return fail(errc::foreign_destination,
                std::string(where) + " belongs to archive " + to_hex(header.archive) + ", not to " +
                    to_hex(*archive),
                "point backup_dest at the directory of this archive, or at an empty one");
  if (header.kind != kind)
    return damaged(where, std::string("is a ")
                              .append(to_string(header.kind))
                              .append(" where a ")
                              .append(to_string(kind))
                              .append(" must be"));
  auto payload = object.subspan(object_header_bytes);
  if (payload.size() < header.payload_bytes)
    return damaged(where, "is cut off: " + std::to_string(header.payload_bytes - payload.size()) +
                              " bytes are missing at its end");
  if (payload.size() > header.payload_bytes)
    return damaged(where, "goes on " + std::to_string(payload.size() - header.payload_bytes) +
                              " bytes after its end");
  if (checksum64(payload) != header.payload_checksum)
    return damaged(where, "does not match its checksum");
  return payload;
}

} // namespace varve
