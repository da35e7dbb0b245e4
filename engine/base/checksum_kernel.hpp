#pragma once

#include "engine/base/checksum.hpp"

namespace varve {

/// The same two functions compiled for one instruction set each; checksum.cpp chooses.
struct checksum_kernel {
  std::uint64_t (*checksum64)(const void*, std::size_t);
  digest (*digest_of)(const void*, std::size_t);
};
extern const checksum_kernel checksum_kernel_baseline;
extern const checksum_kernel checksum_kernel_avx2;

} // namespace varve
