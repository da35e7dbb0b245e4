#include "engine/destination/posix_file.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/uio.h>
#include <unistd.h>

namespace varve {
namespace {

constexpr std::size_t parts_per_call = 64; // below every system's IOV_MAX
constexpr std::uint64_t offset_max = std::numeric_limits<off_t>::max();

std::atomic<std::uint64_t> syncs_asked{0};

std::string_view hint_for(int sys_errno) {
  switch (sys_errno) {
  case EACCES:
  case EPERM:
    return "let the user this process runs as read and write there";
  case EROFS:
    return "mount that file system writable";
  case EMFILE:
  case ENFILE:
    return "raise the limit of open files";
  case ESTALE:
    return "the network file system was remounted or restarted; open the destination again";
  case ELOOP:
    return "symbolic links below a destination are never followed; put the real thing there";
  default:
    return {};
  }
}

} // namespace

error file_error(int sys_errno, std::string_view operation, std::string_view path) {
  auto failed = system_error(sys_errno, operation, path);
  if (failed.hint.empty())
    failed.hint = hint_for(sys_errno);
  return failed;
}

posix_file::posix_file(posix_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

posix_file& posix_file::operator=(posix_file&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

posix_file::~posix_file() {
  close();
}

void posix_file::close() {
  // Nothing is learnt from close(): whatever must survive was synced, which reports every earlier failure.
  if (descriptor_ >= 0)
    ::close(std::exchange(descriptor_, -1));
}

result<posix_file> posix_file::open_at(const posix_file& folder, const std::string& name, int flags,
                                       mode_t mode) {
  auto path = name == "." ? folder.path_ : folder.path_ + "/" + name;
  int descriptor;
  do {
    descriptor = ::openat(folder.descriptor_, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    return file_error(errno, (flags & O_CREAT) != 0 ? "create" : "open", path);
  return posix_file(descriptor, std::move(path));
}

status posix_file::write_all(std::uint64_t offset, std::span<const bytes_view> parts) const {
  std::size_t part = 0, done_in_part = 0;
  while (part < parts.size()) {
    std::array<iovec, parts_per_call> pending;
    std::size_t count = 0, asked = 0;
    for (auto i = part; i < parts.size() && count < pending.size(); ++i) {
      auto rest = i == part ? parts[i].subspan(done_in_part) : parts[i];
      if (rest.empty())
        continue;
      pending[count++] = iovec{const_cast<std::byte*>(rest.data()), rest.size()};
      asked += rest.size();
    }
    if (count == 0)
      return {};
    if (offset > offset_max - asked)
      return file_error(EFBIG, "write", path_);
    auto written =
        ::pwritev(descriptor_, pending.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return file_error(errno, "write", path_);
    }
    if (written == 0)
      return file_error(EIO, "write", path_);
    auto left = static_cast<std::size_t>(written);
    offset += left;
    for (; part < parts.size(); ++part, done_in_part = 0) {
      auto rest = parts[part].size() - done_in_part;
      if (left < rest) {
        done_in_part += left;
        break;
      }
      left -= rest;
    }
  }
  return {};
}

result<std::size_t> posix_file::read_up_to(std::uint64_t offset, mutable_bytes target) const {
  std::size_t done = 0;
  while (done < target.size() && offset <= offset_max - done) {
    auto count =
        ::pread(descriptor_, target.data() + done, target.size() - done, static_cast<off_t>(offset + done));
    if (count < 0) {
      if (errno == EINTR)
        continue;
      return file_error(errno, "read", path_);
    }
    if (count == 0)
      break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

status posix_file::sync_data() const {
  syncs_asked.fetch_add(1, std::memory_order_relaxed);
  while (::fdatasync(descriptor_) != 0)
    if (errno != EINTR)
      return file_error(errno, "sync", path_);
  return {};
}

status posix_file::sync() const {
  syncs_asked.fetch_add(1, std::memory_order_relaxed);
  while (::fsync(descriptor_) != 0) {
    // EINVAL: this file system keeps nothing back that could be synced (some do so for folders).
    if (errno == EINVAL)
      return {};
    if (errno != EINTR)
      return file_error(errno, "sync", path_);
  }
  return {};
}

std::uint64_t posix_file::syncs() {
  return syncs_asked.load(std::memory_order_relaxed);
}

result<struct stat> posix_file::info() const {
  struct stat found = {};
  if (::fstat(descriptor_, &found) != 0)
    return file_error(errno, "look at", path_);
  return found;
}

} // namespace varve
