#pragma once

#include "engine/base/bytes.hpp"

#include <array>
#include <string>

namespace varve {

/// XXH3, 64 bits, seed 0 (https://github.com/Cyan4973/xxHash, the algorithm of release 0.8). The fastest code
/// the processor can run is chosen once, at the first call. Thread-safe.
std::uint64_t checksum64(bytes_view view);

/// XXH3, 128 bits, seed 0: names the content of a whole object.
struct digest {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const digest&, const digest&) = default;
  bool empty() const { return low == 0 && high == 0; }
  std::string to_string() const;   ///< 32 hex digits, most significant first
};
digest digest_of(bytes_view view);

} // namespace varve
