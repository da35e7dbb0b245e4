#include "engine/directory_lock.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace varve {
namespace {

/// Of a directory that was just made: else a power failure may take it with all that was synced in it.
status sync_name_of(const std::string& directory) {
  auto inner = std::filesystem::path(directory);
  auto parent = (inner.has_filename() ? inner : inner.parent_path()).parent_path();
  if (parent.empty())
    parent = ".";
  int file = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failed = file < 0 || ::fsync(file) != 0 ? errno : 0;
  if (file >= 0)
    ::close(file);
  if (failed == 0)
    return {};
  ::rmdir(directory.c_str()); // made and synced by the next attempt
  return system_error(failed, "sync", parent.string());
}

} // namespace

result<directory_lock> directory_lock::take(const std::string& directory) {
  if (directory.empty())
    return fail(errc::invalid_argument, "no data directory is named", "set archive_options::data_directory");
  if (::mkdir(directory.c_str(), 0750) == 0)
    VARVE_TRY(sync_name_of(directory));
  else if (errno != EEXIST)
    return system_error(errno, "make the data directory", directory);
  auto path = directory + "/LOCK";
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0)
    return system_error(errno, "open", path);
  directory_lock lock{file};
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return system_error(errno, "lock", path);
    char owner[32] = {};
    auto length = ::pread(file, owner, sizeof owner - 1, 0);
    std::string pid = length > 0 ? std::string(owner, static_cast<std::size_t>(length)) : "unknown";
    while (!pid.empty() && pid.back() == '\n')
      pid.pop_back();
    return fail(errc::already_open, "the data directory " + directory + " is in use by process " + pid,
                "stop that process, or use SELECT, which works beside it");
  }
  auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0)
    return system_error(errno, "write", path);
  return lock;
}

directory_lock::directory_lock(directory_lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

directory_lock::~directory_lock() {
  if (file_ >= 0)
    ::close(file_);
}

} // namespace varve
