#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <sys/stat.h>
#include <tuple>
#include <utility>
#include <vector>

namespace varve::test {

/// Copies directories, each to one that is not there yet, as a kill of the process at one moment would leave
/// them, though an engine works in them: again, until nothing has changed while it was copied. One that does
/// not exist is left out.
class moment_copy {
public:
  using path = std::filesystem::path;
  explicit moment_copy(const std::vector<std::pair<path, path>>& what) {
    for (;;) {
      auto before = look(what);
      if (copy(what) && look(what) == before)
        return;
      for (auto& [from, to] : what)
        std::filesystem::remove_all(to);
    }
  }

private:
  /// What a file is, how long, and when it was last written or renamed.
  using file = std::tuple<ino_t, off_t, time_t, long, time_t, long>;
  using picture = std::map<std::string, file>;

  static picture look(const std::vector<std::pair<path, path>>& what) {
    picture all;
    std::error_code gone;
    for (auto& [from, to] : what) {
      auto at = std::filesystem::recursive_directory_iterator(from, gone);
      for (; !gone && at != std::filesystem::recursive_directory_iterator(); at.increment(gone)) {
        struct stat found = {};
        if (::lstat(at->path().c_str(), &found) == 0)
          all[at->path()] = {found.st_ino,          found.st_size,        found.st_mtim.tv_sec,
                             found.st_mtim.tv_nsec, found.st_ctim.tv_sec, found.st_ctim.tv_nsec};
      }
    }
    return all;
  }
  /// False: something went away meanwhile.
  static bool copy(const std::vector<std::pair<path, path>>& what) {
    constexpr auto all =
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks;
    for (auto& [from, to] : what) {
      std::error_code failed;
      if (std::filesystem::exists(from))
        std::filesystem::copy(from, to, all, failed);
      if (failed)
        return false;
    }
    return true;
  }
};

} // namespace varve::test
