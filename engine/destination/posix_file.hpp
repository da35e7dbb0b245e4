#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <sys/stat.h>

namespace varve {

/// An error of a failed system call on a file or folder, with a hint where the cause has a known cure.
error file_error(int sys_errno, std::string_view operation, std::string_view path);

/// An open file or folder and the path it is called by in messages. One owner; closed when it goes. Calls are
/// repeated when a signal interrupts them.
class posix_file {
public:
  posix_file() = default;
  posix_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  posix_file(posix_file&& other) noexcept;
  posix_file& operator=(posix_file&& other) noexcept;
  ~posix_file();

  /// Opens `name`, one component or ".", inside `folder`. Never follows a symbolic link at the name, and is
  /// never inherited by a child process. `flags` and `mode` as open(2).
  static result<posix_file> open_at(const posix_file& folder, const std::string& name, int flags,
                                    mode_t mode = 0);

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  void close();
  /// Gives the descriptor away unclosed.
  int release() { return std::exchange(descriptor_, -1); }

  /// Writes all parts, in order, from `offset` on. On an error any prefix of them may have been written.
  status write_all(std::uint64_t offset, std::span<const bytes_view> parts) const;
  /// Fills `target` from `offset` on; returns how many bytes, fewer than asked only at the end of the file.
  result<std::size_t> read_up_to(std::uint64_t offset, mutable_bytes target) const;
  status sync_data() const; ///< fdatasync: the bytes and the size survive a power failure
  status sync() const;      ///< fsync: of a file all of it, of a folder the names in it
  /// How many times this process has asked for one of the two since it began, all destinations together: what
  /// a benchmark compares with what was achieved. Thread-safe.
  static std::uint64_t syncs();
  result<struct stat> info() const;

private:
  int descriptor_ = -1;
  std::string path_;
};

} // namespace varve
