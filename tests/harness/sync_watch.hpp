#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace varve::test {

/// What this process asks the kernel to sync while the watch lives: fsync() and fdatasync() of the program
/// that links it go through here. One at a time, one thread.
class sync_watch {
public:
  sync_watch();
  ~sync_watch();
  sync_watch(const sync_watch&) = delete;
  sync_watch& operator=(const sync_watch&) = delete;

  /// Paths of what was synced, in order.
  const std::vector<std::string>& synced() const { return synced_; }
  /// How often this path was.
  std::size_t times(const std::string& path) const;
  /// Called before each sync, with its path.
  void on_sync(std::function<void(const std::string& path)> what) { on_sync_ = std::move(what); }
  /// The next sync fails with this errno; the ones after it succeed, as a kernel's do that has dropped the
  /// pages it could not write.
  void fail_next(int sys_errno) { failure_ = sys_errno; }

  /// For fsync() and fdatasync(): the errno to fail with, or nullopt to go on.
  std::optional<int> asked(int descriptor);

private:
  std::vector<std::string> synced_;
  std::function<void(const std::string&)> on_sync_;
  std::optional<int> failure_;
};

} // namespace varve::test
