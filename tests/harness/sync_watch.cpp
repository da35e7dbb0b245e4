#include "tests/harness/sync_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace varve::test {
namespace {

sync_watch* watching = nullptr;

int sync_with(long call, int descriptor) {
  if (watching != nullptr)
    if (auto failure = watching->asked(descriptor)) {
      errno = *failure;
      return -1;
    }
  return static_cast<int>(::syscall(call, descriptor));
}

} // namespace

sync_watch::sync_watch() {
  watching = this;
}

sync_watch::~sync_watch() {
  watching = nullptr;
}

std::size_t sync_watch::times(const std::string& path) const {
  return static_cast<std::size_t>(std::count(synced_.begin(), synced_.end(), path));
}

std::optional<int> sync_watch::asked(int descriptor) {
  auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string();
  if (on_sync_)
    on_sync_(path);
  synced_.push_back(path);
  return std::exchange(failure_, std::nullopt);
}

} // namespace varve::test

// In place of the C library's, for the whole program.
extern "C" int fsync(int descriptor) {
  return varve::test::sync_with(SYS_fsync, descriptor);
}
extern "C" int fdatasync(int descriptor) {
  return varve::test::sync_with(SYS_fdatasync, descriptor);
}
