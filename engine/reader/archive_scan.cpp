#include "engine/reader/archive_scan.hpp"

#include "engine/format/object_name.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr unsigned scans_max = 16;  // each further look means that a writer made a newer commit meanwhile
constexpr unsigned stuck_looks = 3; // looks at the same newest commit before it counts as damaged

result<found_commit> read_commit(destination& where, const commit_name& name, const random_id* archive) {
  auto path = to_path(name);
  VARVE_TRY_ASSIGN(auto object, where.read_all(path, format::object_bytes_max));
  found_commit found;
  VARVE_TRY_ASSIGN(found.record, decode_commit(object, archive, path));
  if (found.record.tenant != name.tenant || found.record.seq != name.seq)
    return fail(errc::checksum_error, path + " holds commit " + to_string(found.record.seq) + " of tenant " +
                                          to_string(found.record.tenant));
  found.digest = digest_of(object);
  return found;
}

/// The commit that is in the chain has the one before it beside it; a beginning has none (COMMITS.md,
/// "prove"). bytes_missing: `found` is not proved, by now.
status prove(destination& where, const found_commit& found) {
  auto& record = found.record;
  auto path = to_path(commit_name{record.tenant, record.seq});
  if (record.is_mark())
    return fail(errc::bytes_missing, path + " is a mark: the commits after it are gone");
  // Number 0 can only be a mark: decode_commit() refuses a commit older than its own epoch.
  auto before = to_path(commit_name{record.tenant, commit_seq{record.seq.value - 1}});
  auto object = where.read_all(before, format::object_bytes_max);
  if (!object.ok() && object.code() != errc::file_not_exist && object.code() != errc::checksum_error)
    return object.error();
  if (record.predecessor.empty()) {
    // Above number 1 only a mark says that a beginning is over: a commit there may be a stray.
    auto marked =
        object.ok() ? decode_commit(*object, nullptr, before) : result<commit_record>(object.error());
    bool over =
        record.seq.value == 1 ? object.code() != errc::file_not_exist : marked.ok() && marked->is_mark();
    if (!over)
      return {};
    return fail(errc::bytes_missing,
                path + " began a sequence that is over: its mark " + before + " is there");
  }
  if (object.ok() && digest_of(*object) == record.predecessor)
    return {};
  return fail(errc::bytes_missing, path + " follows a commit that is not there: " + before +
                                       (object.ok() ? " has other bytes" : " is missing or damaged"));
}

error missing_commit(destination& where, const error& why, std::string_view what) {
  auto failed = why;
  failed.code = errc::bytes_missing;
  failed.message = std::string(what) + " at " + where.describe() + ": " + why.message;
  failed.hint = "a reader may fall back to the commit before it; to archive on, begin a new round "
                "(NOARCHIVELOG, then ARCHIVELOG)";
  return failed;
}

} // namespace

result<std::vector<commit_seq>> list_commits(destination& where, tenant_id tenant) {
  auto folder = commits_folder(tenant);
  VARVE_TRY_ASSIGN(auto names, where.list_folder(folder));
  std::vector<commit_seq> found;
  for (auto& x : names)
    if (auto name = parse_object_name(folder + "/" + x))
      found.push_back(std::get<commit_name>(*name).seq); // no other name is in this folder
  std::sort(found.begin(), found.end());
  return found;
}

result<archive_identity> read_identity(destination& where) {
  auto path = to_path(format_name{});
  VARVE_TRY_ASSIGN(auto object, where.read_all(path, format::object_bytes_max));
  return decode_identity(object, path);
}

result<std::vector<tenant_id>> list_tenants(destination& where) {
  VARVE_TRY_ASSIGN(auto names, where.list_folder(""));
  std::vector<tenant_id> tenants;
  for (auto& x : names)
    if (auto tenant = parse_tenant_folder(x))
      tenants.push_back(*tenant);
  std::sort(tenants.begin(), tenants.end());
  return tenants;
}

result<std::optional<found_commit>> read_newest_commit(destination& where, tenant_id tenant,
                                                       const commit_options& options) {
  commit_seq stuck_at;
  unsigned stuck = 0; // looks in a row that found the same newest commit and could not rely on it
  error reason;
  for (unsigned look = 0; look < scans_max; ++look) {
    VARVE_TRY_ASSIGN(auto commits, list_commits(where, tenant));
    if (commits.empty()) {
      if (look > 0)
        return missing_commit(where, reason, "the commits have vanished");
      return std::optional<found_commit>();
    }
    auto newest = commits.back();
    stuck = newest == stuck_at ? stuck + 1 : 1;
    stuck_at = newest;

    auto found = read_commit(where, {tenant, newest}, options.archive);
    auto relied = found.ok() ? prove(where, *found) : status(found.error());
    if (relied.ok())
      return std::optional<found_commit>(std::move(found).value());
    reason = relied.error();
    bool may_change = reason.code == errc::file_not_exist || reason.code == errc::bytes_missing;
    if (!may_change && reason.code != errc::checksum_error)
      return reason;
    if (may_change && stuck < stuck_looks)
      continue;

    // It does not change any more: damage. A reader may be content with less, and says so.
    auto unreliable = missing_commit(where, reason, "the newest commit cannot be relied on");
    if (!options.allow_previous)
      return unreliable;
    if (found.ok() && !found->record.is_mark()) {
      found->fallback =
          "commit " + to_string(newest) + " is not proved by the one before it: " + reason.message;
      return std::optional<found_commit>(std::move(found).value());
    }
    if (commits.size() < 2)
      return unreliable;
    auto previous = read_commit(where, {tenant, commits[commits.size() - 2]}, options.archive);
    if (previous.code() == errc::file_not_exist)
      continue; // deleted: newer ones exist by now
    if (!previous.ok())
      return missing_commit(where, previous.error(), "the newest two commits are damaged");
    if (previous->record.is_mark())
      return unreliable;
    previous->fallback =
        "read as of commit " + to_string(previous->record.seq) + ", since " + unreliable.message;
    return std::optional<found_commit>(std::move(previous).value());
  }
  return missing_commit(where, reason, "no commit could be relied on");
}

result<bytes> read_referenced(destination& where, const object_path& path, const varve::digest& expected,
                              std::string_view named_by) {
  auto object = where.read_all(path, format::object_bytes_max);
  if (object.code() == errc::file_not_exist) {
    auto failed = object.error();
    failed.code = errc::bytes_missing;
    failed.message = path + ", which " + std::string(named_by) + " names, is missing: " + failed.message;
    return failed;
  }
  if (!object.ok())
    return object.error();
  if (digest_of(*object) != expected)
    return fail(errc::checksum_error,
                path + " does not have the bytes that " + std::string(named_by) + " names",
                "run verify to see what is lost; take the object from another copy if there is one");
  return object;
}

} // namespace varve
