#pragma once

#include "engine/base/result.hpp"

#include <string>

namespace varve {

/// The right to use a data directory: one process, one engine. Given back by the destructor, and by the
/// kernel if the process dies.
class directory_lock {
public:
  /// Makes the directory if its parent is there. already_open names the owner's pid.
  static result<directory_lock> take(const std::string& directory);
  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&&) = delete;
  ~directory_lock();

private:
  explicit directory_lock(int file) : file_(file) {}
  int file_;
};

} // namespace varve
