#include "engine/destination/file_destination.hpp"

#include "engine/base/planted_bug.hpp"
#include "engine/destination/file_listing.hpp"
#include "engine/destination/file_segment.hpp"
#include "engine/destination/path_check.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace varve {
namespace {

constexpr mode_t object_mode = 0640; // log holds the data of its database: not for everybody
constexpr int folder_tries_max = 16; // a folder may be removed, empty, between its opening and its first use

/// Does something in a folder that another user of the destination may remove at that moment because it is
/// empty.
template <class F>
auto retry_lost_folder(F&& attempt) {
  auto outcome = attempt();
  for (int tries = 1; outcome.code() == errc::file_not_exist && tries < folder_tries_max; ++tries)
    outcome = attempt();
  if (outcome.code() != errc::file_not_exist)
    return outcome;
  auto failed = outcome.error();
  failed.code = errc::io_error; // of a change, "no such object" would be no answer
  return decltype(outcome)(std::move(failed));
}

} // namespace

result<std::shared_ptr<destination>> file_destination::open(const std::string& root, open_mode mode,
                                                            std::string_view writer_tag) {
  VARVE_TRY_ASSIGN(auto opened, file_root::open(root, mode == open_mode::create_if_needed));
  return std::shared_ptr<destination>(new file_destination(std::move(opened), mode, writer_tag));
}

status file_destination::create(const object_path& path, bytes_view content) {
  VARVE_TRY(check_change(path));
  auto where = split_object_path(path);
  return judged(retry_lost_folder([&] { return create_in_folder(where, content); }));
}

status file_destination::create_in_folder(const split_path& where, bytes_view content) {
  VARVE_TRY_ASSIGN(auto folder, root_->make_folder(where.folder));
  auto aside = next_aside_name();
  auto file = posix_file::open_at(folder, aside, O_CREAT | O_EXCL | O_WRONLY, object_mode);
  while (file.code() == errc::already_exists) { // left by a crash
    aside = next_aside_name();
    file = posix_file::open_at(folder, aside, O_CREAT | O_EXCL | O_WRONLY, object_mode);
  }
  if (!file.ok())
    return file.error();
  auto outcome = file->write_all(0, std::span(&content, 1));
  VARVE_PLANT(content_not_synced, file = posix_file::open_at(folder, ".", O_RDONLY));
  if (outcome.ok())
    outcome = file->sync();
  if (outcome.ok())
    outcome = link_aside(folder, aside, where.name);
  // A name that stays aside does no harm, so failing to remove it is no failure.
  ::unlinkat(folder.descriptor(), aside.c_str(), 0);
  // A taken name may be our own from a try whose answer was lost: what the caller is about to compare must be
  // as durable as if it had been created now.
  VARVE_PLANT(name_not_synced, return outcome);
  if (outcome.ok() || outcome.code() == errc::already_exists)
    VARVE_TRY(folder.sync());
  return outcome;
}

status file_destination::link_aside(const posix_file& folder, const std::string& aside,
                                    const std::string& name) const {
  VARVE_PLANT(object_replaced, ::unlinkat(folder.descriptor(), name.c_str(), 0));
  if (::linkat(folder.descriptor(), aside.c_str(), folder.descriptor(), name.c_str(), 0) == 0)
    return {};
  auto failed = file_error(errno, "create", folder.path() + "/" + name);
  if (failed.sys_errno == EPERM || failed.sys_errno == EOPNOTSUPP || failed.sys_errno == ENOSYS) {
    failed.code = errc::invalid_destination;
    failed.hint = "this file system has no hard links, and without them two writers cannot be told apart; "
                  "use another one";
  }
  return failed;
}

result<std::unique_ptr<segment_file>> file_destination::open_segment(const object_path& path) {
  VARVE_TRY(check_change(path));
  auto where = split_object_path(path);
  return judged(retry_lost_folder([&] { return open_segment_in_folder(where); }));
}

result<std::unique_ptr<segment_file>> file_destination::open_segment_in_folder(const split_path& where) {
  VARVE_TRY_ASSIGN(auto folder, root_->make_folder(where.folder));
  VARVE_TRY_ASSIGN(auto file,
                   posix_file::open_at(folder, where.name, O_CREAT | O_EXCL | O_WRONLY, object_mode));
  return std::unique_ptr<segment_file>(new file_segment(std::move(file), std::move(folder)));
}

result<file_destination::open_object> file_destination::open_for_reading(const object_path& path) const {
  VARVE_TRY(check_object_path(path));
  auto where = split_object_path(path);
  VARVE_TRY_ASSIGN(auto folder, root_->open_folder(where.folder));
  // O_NONBLOCK: a pipe that lies there must not make the reader wait.
  VARVE_TRY_ASSIGN(auto file, posix_file::open_at(folder, where.name, O_RDONLY | O_NONBLOCK));
  VARVE_TRY_ASSIGN(auto info, file.info());
  if (!S_ISREG(info.st_mode))
    return fail(errc::io_error, file.path() + " is not a regular file",
                "move away what has the name of an object");
  return open_object{std::move(file), static_cast<std::uint64_t>(info.st_size)};
}

result<std::size_t> file_destination::read(const object_path& path, std::uint64_t offset,
                                           mutable_bytes target) {
  auto object = open_for_reading(path);
  if (!object.ok())
    return judged(result<std::size_t>(object.error()));
  return judged(object->file.read_up_to(offset, target));
}

result<bytes> file_destination::read_all(const object_path& path, std::uint64_t size_max) {
  auto object = open_for_reading(path);
  if (!object.ok())
    return judged(result<bytes>(object.error()));
  if (object->size > size_max)
    return fail(errc::checksum_error, object->file.path() + " has " + std::to_string(object->size) +
                                          " bytes, more than the " + std::to_string(size_max) +
                                          " such an object can have");
  bytes content(static_cast<std::size_t>(object->size));
  auto count = object->file.read_up_to(0, content);
  if (!count.ok())
    return judged(result<bytes>(count.error()));
  content.resize(*count);
  return content;
}

result<std::uint64_t> file_destination::size(const object_path& path) {
  auto object = open_for_reading(path);
  if (!object.ok())
    return judged(result<std::uint64_t>(object.error()));
  return object->size;
}

status file_destination::list(const std::string& prefix,
                              const std::function<void(const object_info&)>& visit) {
  VARVE_TRY(check_folder_path(prefix));
  VARVE_TRY(root_->check());
  // A list of what is still to be done and no recursion: a strange tree may be deep, handles are few.
  std::vector<std::string> folders{prefix};
  while (!folders.empty()) {
    auto folder = std::move(folders.back());
    folders.pop_back();
    auto entries = judged(read_folder(*root_, folder));
    if (!entries.ok())
      return entries.error();
    for (auto& entry : *entries) {
      auto path = folder.empty() ? entry.name : folder + "/" + entry.name;
      if (!is_object_path(path))
        continue; // too long
      if (entry.is_folder)
        folders.push_back(std::move(path));
      else
        visit(object_info{std::move(path), entry.size});
    }
  }
  return {};
}

result<std::vector<std::string>> file_destination::list_folder(const std::string& prefix) {
  VARVE_TRY(check_folder_path(prefix));
  VARVE_TRY(root_->check());
  auto entries = judged(read_folder(*root_, prefix));
  if (!entries.ok())
    return entries.error();
  std::vector<std::string> names;
  names.reserve(entries->size());
  for (auto& entry : *entries)
    names.push_back(std::move(entry.name));
  std::sort(names.begin(), names.end());
  return names;
}

status file_destination::remove(const object_path& path) {
  VARVE_TRY(check_change(path));
  auto where = split_object_path(path);
  VARVE_TRY(judged(remove_from_folder(where)));
  root_->remove_empty_folders(where.folder);
  return {};
}

status file_destination::remove_from_folder(const split_path& where) {
  VARVE_TRY_ASSIGN(auto folder, root_->open_folder(where.folder));
  auto full = folder.path() + "/" + where.name;
  struct stat info = {};
  auto found = ::fstatat(folder.descriptor(), where.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (found && !S_ISREG(info.st_mode))
    return fail(errc::io_error, "remove " + full + ": it is not a regular file",
                "move away what has the name of an object");
  auto removed = found && ::unlinkat(folder.descriptor(), where.name.c_str(), 0) == 0;
  auto cause = errno;
  // Not there may mean: removed by a try whose answer was lost; it must stay away all the same.
  if (removed || cause == ENOENT)
    VARVE_TRY(folder.sync());
  if (!removed)
    return file_error(cause, "remove", full);
  return {};
}

status file_destination::check_change(const object_path& path) const {
  VARVE_TRY(check_object_path(path));
  if (mode_ == open_mode::read_only)
    return fail(errc::not_supported, "change " + path + " at " + describe() + ": it was opened read-only");
  return root_->check();
}

std::string file_destination::next_aside_name() {
  return "." + writer_tag_ + "-" + std::to_string(aside_count_.fetch_add(1, std::memory_order_relaxed)) +
         ".tmp";
}

/// A failure means little before it is known that the root is still there: "no such object" in a directory
/// that was unmounted would read as lost log.
template <class R>
R file_destination::judged(R outcome) const {
  if (outcome.ok() || outcome.code() == errc::already_exists)
    return outcome;
  auto root = root_->check();
  if (root.code() == errc::invalid_destination)
    return root.error();
  return outcome;
}

} // namespace varve
