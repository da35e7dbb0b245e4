#pragma once

#include "tests/engine/shell/program.hpp"
#include "tests/harness/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace varve::test {

/// A data directory, a destination, and the program on them: tenant 1001, stream 1.
struct archive_case {
  temp_dir dir{"shell"};
  std::string data = (dir / "data").string();
  std::string destination = (dir / "archive").string();

  std::string file(const std::string& name, const std::string& content) const {
    auto path = (dir / name).string();
    write_file(path, content);
    return path;
  }
  std::vector<std::string> archive_words(std::vector<std::string> more) const {
    std::vector<std::string> words{"archive", "--data",    data,       "--tenant", "1001",
                                   "--dest",  destination, "--stream", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  program_outcome archive(std::vector<std::string> more, const std::string& input = {}) const {
    return run_varve(archive_words(std::move(more)), input);
  }
  /// The stream's bytes as a restore gives them.
  program_outcome restore(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"restore",  "--from", destination, "--tenant", "1001",
                                   "--stream", "1",      "--to",      "-"};
    words.insert(words.end(), more.begin(), more.end());
    return run_varve(words);
  }
  program_outcome shell(const std::string& text, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"shell", "--data", data, "-e", text};
    words.insert(words.end(), more.begin(), more.end());
    return run_varve(words);
  }

  /// The first file whose path has `part` in it, in order; fails without one.
  std::string object(const std::string& part) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(destination))
      if (entry.is_regular_file() && entry.path().string().find(part) != std::string::npos)
        found.push_back(entry.path().string());
    if (found.empty())
      throw std::runtime_error("no object like " + part);
    return *std::min_element(found.begin(), found.end());
  }
  static void flip_byte(const std::string& path, std::size_t at) {
    auto content = read_file(path);
    content.at(at) = static_cast<char>(content.at(at) ^ 0x40);
    write_file(path, content);
  }
};

} // namespace varve::test
