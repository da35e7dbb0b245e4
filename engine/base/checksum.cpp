#include "engine/base/checksum_kernel.hpp"
#include "engine/base/coding.hpp"

namespace varve {
namespace {

const checksum_kernel& kernel() {
#if defined(__x86_64__)
  static const checksum_kernel& best =
      __builtin_cpu_supports("avx2") ? checksum_kernel_avx2 : checksum_kernel_baseline;
  return best;
#else
  return checksum_kernel_baseline;
#endif
}

} // namespace

std::uint64_t checksum64(bytes_view view) { return kernel().checksum64(view.data(), view.size()); }

digest digest_of(bytes_view view) { return kernel().digest_of(view.data(), view.size()); }

std::string digest::to_string() const {
  std::byte encoded[16];
  for (std::size_t i = 0; i < 8; ++i) {
    encoded[i] = static_cast<std::byte>(high >> (56 - 8 * i));
    encoded[8 + i] = static_cast<std::byte>(low >> (56 - 8 * i));
  }
  return to_hex(encoded);
}

} // namespace varve
