#include "tests/harness/tmpfs_mount.hpp"

#include <cerrno>
#include <cstring>
#include <sys/mount.h>

namespace varve::test {

tmpfs_mount::tmpfs_mount(std::filesystem::path where, std::uint64_t bytes_max) : where_(std::move(where)) {
  auto options = "size=" + std::to_string(bytes_max);
  is_there_ = ::mount("none", where_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (!is_there_)
    why_ = std::string("mounting a tmpfs is not possible here: ") + std::strerror(errno);
}

tmpfs_mount::~tmpfs_mount() {
  unmount();
}

bool tmpfs_mount::protect() {
  return is_there_ && ::mount("none", where_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

bool tmpfs_mount::unprotect() {
  return is_there_ && ::mount("none", where_.c_str(), "tmpfs", MS_REMOUNT, nullptr) == 0;
}

bool tmpfs_mount::resize(std::uint64_t bytes_max) {
  auto options = "size=" + std::to_string(bytes_max);
  return is_there_ && ::mount("none", where_.c_str(), "tmpfs", MS_REMOUNT, options.c_str()) == 0;
}

bool tmpfs_mount::unmount() {
  if (!is_there_ || ::umount2(where_.c_str(), MNT_DETACH) != 0)
    return false;
  is_there_ = false;
  return true;
}

} // namespace varve::test
