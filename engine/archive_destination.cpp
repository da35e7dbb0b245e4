#include "engine/archive_destination.hpp"

#include "engine/format/metadata.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/archive_scan.hpp"

namespace varve {
namespace {

error foreign(const std::string& uri, const random_id& theirs) {
  return fail(
      errc::foreign_destination,
      "the destination " + uri + " belongs to archive " + to_hex(theirs) + ", not to this data directory's",
      "name another directory, or make this data directory that archive's with `varve rebuild-catalog`");
}

} // namespace

result<std::shared_ptr<destination>> open_prepared(const uri_opener& open, const std::string& uri,
                                                   const random_id& archive, const std::string& writer_tag) {
  VARVE_TRY_ASSIGN(auto parsed, parse_destination_uri(uri));
  // Never made here: the directory under a mount point that is not mounted must not be taken for the
  // destination.
  VARVE_TRY_ASSIGN(auto probe, open(parsed, open_mode::read_only, writer_tag));
  auto identity = read_identity(*probe);
  if (identity.code() == errc::file_not_exist)
    return fail(errc::invalid_destination, "the destination " + uri + " has no object `format`",
                "is its file system mounted? If it is new, SET backup_dest again");
  if (!identity.ok())
    return identity.error();
  if (identity->archive != archive)
    return foreign(uri, identity->archive);
  VARVE_TRY_ASSIGN(auto opened, open(parsed, open_mode::create_if_needed, writer_tag));
  VARVE_TRY_ASSIGN(auto same, read_identity(*opened));
  if (same.archive != archive)
    return foreign(uri, same.archive);
  return opened;
}

status prepare_destination(const uri_opener& open, const std::string& uri, const random_id& archive,
                           const std::string& writer_tag, unix_ns now) {
  VARVE_TRY_ASSIGN(auto parsed, parse_destination_uri(uri));
  VARVE_TRY_ASSIGN(auto opened, open(parsed, open_mode::create_if_needed, writer_tag));
  auto identity = read_identity(*opened);
  if (!identity.ok() && identity.code() != errc::file_not_exist)
    return identity.error();
  if (identity.ok() && identity->archive != archive)
    return foreign(uri, identity->archive);
  VARVE_TRY(probe_destination(*opened, "probe-" + writer_tag));
  if (identity.ok())
    return {};
  auto made = opened->create(to_path(format_name{}), encode(archive_identity{archive, now}));
  if (!made.ok() && made.code() != errc::already_exists)
    return made;
  VARVE_TRY_ASSIGN(auto there, read_identity(*opened));
  if (there.archive != archive)
    return foreign(uri, there.archive);
  return {};
}

} // namespace varve
