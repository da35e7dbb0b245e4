#pragma once

#include <cerrno>
#include <filesystem>
#include <stdlib.h>
#include <string>
#include <system_error>

namespace varve::test {

/// A fresh, empty directory of the test's own below the system's temporary directory; removed with all that
/// is in it at the end.
class temp_dir {
public:
  explicit temp_dir(const std::string& name = "test") {
    auto path = (std::filesystem::temp_directory_path() / ("varve-" + name + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "mkdtemp " + path);
    path_ = path;
  }
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string string() const { return path_.string(); }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

} // namespace varve::test
