#pragma once

#include "engine/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Payloads that are a function of their seed: cheap, so they are made anew whenever they are needed.
namespace varve::test {

inline std::uint64_t next_of(std::uint64_t seed) {
  return seed * 6364136223846793005U + 1442695040888963407U;
}

/// No codec makes it smaller.
inline std::string noise(std::size_t size, std::uint64_t seed) {
  std::string made(size, '\0');
  for (auto& c : made) {
    seed = next_of(seed);
    c = static_cast<char>(seed >> 56);
  }
  return made;
}

/// Half of it can be compressed.
inline bytes half_noise(std::size_t size, std::uint64_t seed) {
  std::vector<std::uint64_t> words((size + 7) / 8, 0x20656e6f6e20656eU);
  for (std::size_t i = 0; i < words.size(); i += i % 8 == 7 ? std::size_t{9} : 1) {
    seed = next_of(seed);
    words[i] = seed ^ (seed >> 29);
  }
  auto all = std::as_bytes(std::span{words});
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)};
}

} // namespace varve::test
