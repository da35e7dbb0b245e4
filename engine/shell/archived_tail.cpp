#include "engine/shell/archived_tail.hpp"

#include "engine/reader/restore_reader.hpp"

#include <algorithm>
#include <cerrno>

namespace varve::shell {
namespace {
// A block's entries are at most this far apart in bytes, twice over.
constexpr lsn look_back = 16 << 20;
} // namespace

result<archived_tail> read_archived_tail(const std::string& uri, tenant_id tenant, stream_id stream) {
  VARVE_TRY_ASSIGN(auto parsed, parse_destination_uri(uri));
  auto where = open_destination(parsed, open_mode::read_only, "reader");
  if (!where) {
    if (where.error().sys_errno == ENOENT || where.code() == errc::file_not_exist)
      return archived_tail{};
    return where.error();
  }
  restore_options options;
  options.tenant = tenant;
  options.stream = stream;
  auto preview = preview_restore(**where, options);
  if (preview.code() == errc::entry_not_exist || preview.code() == errc::file_not_exist)
    return archived_tail{};
  if (!preview)
    return preview.error();
  archived_tail tail;
  auto& extents = preview->window.streams;
  auto found =
      std::find_if(extents.begin(), extents.end(), [&](const auto& x) { return x.stream == stream; });
  if (found == extents.end())
    return tail;
  tail.end = {found->next_lsn, found->last_scn};
  if (found->next_lsn == found->first_lsn)
    return tail;

  options.from_lsn = std::max(found->first_lsn, found->next_lsn - std::min(found->next_lsn, look_back));
  options.to_lsn = found->next_lsn;
  VARVE_TRY_ASSIGN(auto reader, restore_reader::open(*where, options));
  while (true) {
    VARVE_TRY_ASSIGN(auto batch, reader->next());
    if (!batch)
      break;
    for (const auto& entry : batch->entries)
      tail.entries.push_back({entry.lsn, entry.next_lsn, entry.scn});
  }
  return tail;
}

} // namespace varve::shell
