#include "engine/destination/file_root.hpp"

#include "engine/base/planted_bug.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace varve {
namespace {

// Opened for reading and not as O_PATH: on NFS it is the open that asks the server whether names changed.
constexpr int folder_flags = O_RDONLY | O_DIRECTORY;
constexpr mode_t folder_mode = 0750;
constexpr std::size_t durable_max = 4096;

error unusable(const std::string& path, std::string_view why, std::string_view hint, int sys_errno) {
  auto failed =
      fail(errc::invalid_destination, "destination " + path + " " + std::string(why), std::string(hint));
  if (sys_errno != 0)
    failed.message.append(": ")
        .append(std::strerror(sys_errno))
        .append(" (errno ")
        .append(std::to_string(sys_errno))
        .append(")");
  failed.sys_errno = sys_errno;
  return failed;
}

error cannot_open(const std::string& path, int sys_errno) {
  switch (sys_errno) {
  case ENOENT:
    return unusable(path, "does not exist", "make the directory, or mount it, and check the spelling",
                    sys_errno);
  case ENOTDIR:
    return unusable(path, "is not a directory", "name a directory", sys_errno);
  case ELOOP:
    return unusable(path, "leads through too many symbolic links", "name the directory itself", sys_errno);
  case ENAMETOOLONG:
    return unusable(path, "is too long", "use a shorter path", sys_errno);
  case EACCES:
  case EPERM:
    return unusable(path, "may not be opened", "give this process's user the right to it", sys_errno);
  default:
    return file_error(sys_errno, "open destination", path);
  }
}

status make_root(const std::string& path) {
  if (::mkdir(path.c_str(), folder_mode) != 0) {
    if (errno == EEXIST)
      return {};
    if (errno == ENOENT)
      return unusable(path, "cannot be made: its parent directory does not exist",
                      "make the parent directory, or mount it", errno);
    if (errno == ENOTDIR)
      return unusable(path, "cannot be made: its parent is not a directory", "name a directory", errno);
    if (errno == EACCES || errno == EPERM || errno == EROFS)
      return unusable(path, "cannot be made", "make its parent writable for this process's user", errno);
    return file_error(errno, "make destination", path);
  }
  auto parent = path.substr(0, path.rfind('/'));
  if (parent.empty())
    parent = "/";
  posix_file above(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), parent);
  if (!above.is_open())
    return file_error(errno, "open", parent);
  return above.sync();
}

std::vector<std::string> components_of(std::string_view folder) {
  std::vector<std::string> components;
  while (!folder.empty()) {
    auto end = folder.find('/');
    components.emplace_back(folder.substr(0, end));
    folder = end == std::string_view::npos ? std::string_view{} : folder.substr(end + 1);
  }
  return components;
}

} // namespace

split_path split_object_path(std::string_view path) {
  auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return {"", std::string(path)};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

result<std::unique_ptr<file_root>> file_root::open(const std::string& path, bool create) {
  auto open_once = [&] { return ::open(path.c_str(), folder_flags | O_CLOEXEC); };
  posix_file handle(open_once(), path);
  if (!handle.is_open()) {
    if (errno != ENOENT || !create)
      return cannot_open(path, errno);
    VARVE_TRY(make_root(path));
    handle = posix_file(open_once(), path);
    if (!handle.is_open())
      return cannot_open(path, errno);
  }
  if (create && ::faccessat(handle.descriptor(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return unusable(path, "is not writable", "make it writable for this process's user", errno);
  VARVE_TRY_ASSIGN(auto opened, handle.info());
  return std::unique_ptr<file_root>(new file_root(std::move(handle), opened));
}

status file_root::check() const {
  struct stat now = {};
  constexpr auto hint = "mount it again or put the directory back, then open the destination again";
  if (::stat(path().c_str(), &now) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
      return unusable(path(), "is gone since it was opened", hint, errno);
    return file_error(errno, "look at destination", path());
  }
  if (now.st_dev != opened_.st_dev || now.st_ino != opened_.st_ino)
    return unusable(path(), "is not the directory that was opened: it was unmounted or replaced", hint, 0);
  // A file server may know the path still, or again, but the handle no more.
  auto held = handle_.info();
  if (held.code() == errc::io_error && held.error().sys_errno == ESTALE)
    return unusable(path(), "is not known to its server by the handle that was opened", hint, ESTALE);
  return {};
}

result<posix_file> file_root::open_component(const posix_file& parent, const std::string& name) const {
  auto opened = posix_file::open_at(parent, name, folder_flags);
  if (opened.ok())
    return opened;
  auto cause = opened.error().sys_errno;
  if (cause != ENOTDIR && cause != ELOOP)
    return opened;
  struct stat found = {};
  auto full = parent.path() + "/" + name;
  if (::fstatat(parent.descriptor(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISREG(found.st_mode))
    return file_error(ELOOP, "open folder", full);
  auto failed = file_error(cause, "open folder", full);
  failed.code = errc::file_not_exist;
  return failed;
}

result<posix_file> file_root::open_folder(std::string_view folder) const {
  auto current = posix_file::open_at(handle_, ".", folder_flags);
  for (auto& name : components_of(folder)) {
    if (!current.ok())
      break;
    current = open_component(*current, name);
  }
  return current;
}

result<posix_file> file_root::make_folder(std::string_view folder) {
  VARVE_TRY_ASSIGN(auto current, posix_file::open_at(handle_, ".", folder_flags));
  std::string reached;
  for (auto& name : components_of(folder)) {
    auto next = open_component(current, name);
    bool made = false;
    if (!next.ok() && next.error().sys_errno == ENOENT) {
      made = ::mkdirat(current.descriptor(), name.c_str(), folder_mode) == 0;
      if (!made && errno != EEXIST)
        return file_error(errno, "make folder", current.path() + "/" + name);
      next = open_component(current, name);
    }
    if (!next.ok()) {
      auto failed = next.error();
      if (failed.sys_errno != ENOTDIR)
        return failed;
      failed.code = errc::io_error;
      failed.hint = "a file is where a folder must be; move it away";
      return failed;
    }
    reached.append(reached.empty() ? "" : "/").append(name);
    VARVE_TRY_ASSIGN(auto found, next->info());
    VARVE_PLANT(folder_name_not_synced, current = std::move(*next); continue);
    if (made || !is_known_durable(reached, found)) {
      // Also when another one made it: that one may not have synced it yet.
      VARVE_TRY(current.sync());
      std::lock_guard lock(mutex_);
      if (durable_.size() >= durable_max)
        durable_.clear();
      durable_[reached] = {found.st_dev, found.st_ino};
    }
    current = std::move(*next);
  }
  return current;
}

bool file_root::is_known_durable(const std::string& folder, const struct stat& found) {
  std::lock_guard lock(mutex_);
  auto known = durable_.find(folder);
  return known != durable_.end() && known->second == std::pair(found.st_dev, found.st_ino);
}

void file_root::remove_empty_folders(std::string_view folder) {
  for (std::string path(folder); !path.empty();) {
    auto [above, name] = split_object_path(path);
    auto parent = open_folder(above);
    if (!parent.ok())
      return;
    if (::unlinkat(parent->descriptor(), name.c_str(), AT_REMOVEDIR) != 0)
      return;
    path = above;
  }
}

} // namespace varve
