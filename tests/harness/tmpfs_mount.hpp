#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace varve::test {

/// A small file system of its own, to be filled up, write-protected or taken away; unmounted at the end.
/// Needs the right to mount: where that is missing, mounted() is false and why() says so, and the test is
/// to be skipped (skip.hpp).
class tmpfs_mount {
public:
  /// Mounts over the existing directory `where`.
  tmpfs_mount(std::filesystem::path where, std::uint64_t bytes_max);
  ~tmpfs_mount();
  tmpfs_mount(const tmpfs_mount&) = delete;
  tmpfs_mount& operator=(const tmpfs_mount&) = delete;

  bool mounted() const { return why_.empty(); }
  const std::string& why() const { return why_; }
  bool protect();   ///< makes it read-only; false if that failed, as while a file is open for writing
  bool unprotect(); ///< takes that back
  bool resize(std::uint64_t bytes_max); ///< makes room, or takes some
  bool unmount(); ///< takes it from its place, even while files on it are open; false if that failed

private:
  const std::filesystem::path where_;
  std::string why_;
  bool is_there_ = false;
};

} // namespace varve::test
