#pragma once

#include "engine/base/result.hpp"

#include <string>

namespace varve::bench {

/// A directory of its own for one benchmark; removed with everything in it.
class work_area {
public:
  /// Below `parent`; "" = a memory file system (/dev/shm) if there is one, else the system's temporary
  /// directory.
  static result<work_area> make(const std::string& parent);
  work_area(work_area&& other) noexcept;
  work_area& operator=(work_area&&) = delete;
  ~work_area();

  const std::string& path() const { return path_; }
  /// "memory file system" or "disk": what lies below.
  bool in_memory() const { return in_memory_; }
  std::string medium() const { return in_memory_ ? "memory file system" : "disk"; }
  /// Bytes that may still be written, also with regard to the machine's memory where that holds them.
  std::uint64_t free_bytes() const;

  /// A new empty directory in it.
  result<std::string> make_directory(const std::string& name) const;
  /// Removes a directory of it with everything inside.
  static void remove(const std::string& directory);

private:
  work_area(std::string path, bool in_memory) : path_(std::move(path)), in_memory_(in_memory) {}
  std::string path_;
  bool in_memory_;
};

/// The directory that a --dest of a benchmark means: "file:///path" or a path; it must exist. "" stays "".
result<std::string> directory_of(const std::string& destination);

} // namespace varve::bench
