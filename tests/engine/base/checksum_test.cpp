#include "engine/base/checksum.hpp"
#include "engine/base/checksum_kernel.hpp"
#include "tests/harness/skip.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

namespace {

/// The buffer that xxHash's own self-test hashes.
bytes self_test_buffer(std::size_t size) {
  bytes buffer(size);
  std::uint64_t state = 2654435761u;
  for (auto& b : buffer) {
    b = static_cast<std::byte>(state >> 56);
    state *= 11400714785074694797u;
  }
  return buffer;
}

bool has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

} // namespace

TEST_CASE("checksum64 is XXH3 with 64 bits and seed 0, for every length class of the algorithm") {
  struct {
    std::size_t size;
    std::uint64_t expected;
  } const vectors[] = {{0, 0x2d06800538d394c2},   {1, 0xc44bdff4074eecdb},    {6, 0x27b56a84cd2d7325},
                       {12, 0xa713daf0dfbb77e7},  {24, 0xa3fe70bf9d3510eb},   {48, 0x397da259ecba1f11},
                       {80, 0xbcdefbbb2c47c90a},  {195, 0xcd94217ee362ec3a},  {403, 0xcdeb804d65c6dea4},
                       {512, 0x617e49599013cb6b}, {2048, 0xdd59e2c3a5f038e0}, {2240, 0x6e73a90539cf2948},
                       {2367, 0xcb37aeb9e5d361ed}};
  for (auto& vector : vectors) {
    INFO("size " << vector.size);
    CHECK(checksum64(self_test_buffer(vector.size)) == vector.expected);
  }
}

TEST_CASE("a digest is XXH3 with 128 bits and prints its high half first") {
  CHECK(digest_of({}).to_string() == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_of(self_test_buffer(1)).low == 0xc44bdff4074eecdb);
  CHECK(digest_of(self_test_buffer(1)).high == 0xa6cd5e9392000f6a);
}

TEST_CASE("an empty digest is the one nobody computed") {
  CHECK(digest{}.empty());
  CHECK_FALSE(digest_of({}).empty());
}

TEST_CASE("the plain and the AVX2 code give the same checksums") {
  SKIP_UNLESS(has_avx2(), "this processor has no AVX2");
  std::mt19937_64 random(1);
  for (std::size_t size = 0; size < 5000; size += 1 + size / 16) {
    bytes buffer(size);
    for (auto& b : buffer)
      b = static_cast<std::byte>(random());
    INFO("size " << size);
    CHECK(checksum_kernel_baseline.checksum64(buffer.data(), size) ==
          checksum_kernel_avx2.checksum64(buffer.data(), size));
    CHECK(checksum_kernel_baseline.digest_of(buffer.data(), size) ==
          checksum_kernel_avx2.digest_of(buffer.data(), size));
  }
}

TEST_CASE("one flipped bit changes the checksum and the digest") {
  auto buffer = self_test_buffer(300);
  auto sum = checksum64(buffer);
  auto whole = digest_of(buffer);
  for (std::size_t bit = 0; bit < buffer.size() * 8; ++bit) {
    auto mask = static_cast<std::byte>(1u << (bit % 8));
    buffer[bit / 8] ^= mask;
    CHECK(checksum64(buffer) != sum);
    CHECK(digest_of(buffer) != whole);
    buffer[bit / 8] ^= mask;
  }
}
