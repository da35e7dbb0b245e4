#include "tests/fuzz/fuzz_target.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

// write_seeds DIRECTORY: the seeds of every target, each a file in DIRECTORY/<target>/; without an argument
// the targets' names and the length of their longest inputs.

int main(int count, char** words) {
  using namespace varve;
  for (auto& target : fuzz::fuzz_targets()) {
    if (count < 2) {
      std::cout << target.name << ' ' << target.input_bytes_max << '\n';
      continue;
    }
    auto folder = std::filesystem::path(words[1]) / target.name;
    std::filesystem::create_directories(folder);
    std::size_t number = 0;
    for (auto& seed : target.seeds()) {
      std::ofstream file(folder / ("seed-" + std::to_string(++number)), std::ios::binary);
      file << as_text(seed);
      if (!file.flush()) {
        std::cerr << "cannot write to " << folder << '\n';
        return 1;
      }
    }
  }
  return 0;
}
