#pragma once

#include "tests/crash/host_process.hpp"
#include "tests/crash/told_book.hpp"
#include "tests/harness/sanitized.hpp"
#include "tests/harness/temp_dir.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace varve::test {

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Hosts on one destination, each with a data directory of its own, and what they were told.
struct crash_run {
  explicit crash_run(std::uint64_t of_seed) : seed(of_seed), random(of_seed), book(of_seed) {}

  const std::uint64_t seed;
  std::mt19937_64 random;
  temp_dir dir{"crash"};
  std::filesystem::path archive = dir.path() / "archive";
  std::string uri = "file://" + archive.string();
  told_book book;

  std::uint64_t draw(std::uint64_t below) { return random() % below; }
  std::filesystem::path data(std::uint64_t host = 0) const {
    return dir.path() / ("data" + std::to_string(host));
  }
  /// Which does other things in each life.
  std::unique_ptr<host_process> start(std::uint64_t life, std::uint64_t host = 0,
                                      const std::vector<std::string>& more = {}) const {
    auto set = [](const char* key, const std::string& value) { return key + ("=" + value); };
    std::vector<std::string> words = {set("data", data(host).string()), set("dest", uri),
                                      set("seed", std::to_string(seed)), set("life", std::to_string(life)),
                                      set("host", std::to_string(host))};
    for (auto& first : book.first_left())
      words.push_back(set("first", first));
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<host_process>(words);
  }
};

} // namespace varve::test
