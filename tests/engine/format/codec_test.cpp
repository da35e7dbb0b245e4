#include "engine/format/codec.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace varve;

namespace {

bytes repetitive(std::size_t size) {
  bytes raw(size);
  for (std::size_t i = 0; i < size; ++i)
    raw[i] = static_cast<std::byte>("log record "[i % 11]);
  return raw;
}

bytes noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bytes raw(size);
  std::generate(raw.begin(), raw.end(), [&] { return static_cast<std::byte>(random()); });
  return raw;
}

} // namespace

TEST_CASE("a body that shrinks comes back byte for byte, also when one compressor does many sizes") {
  compressor packer;
  decompressor unpacker;
  for (auto used : {codec::lz4, codec::zstd})
    for (std::size_t size : {100u, 300'000u, 64u << 10, 3u << 20, 2u << 20, 1000u}) {
      auto raw = repetitive(size);
      auto stored = packer.compress(used, raw);
      REQUIRE(stored.ok());
      REQUIRE_FALSE(stored->empty());
      CHECK(stored->size() < raw.size());
      bytes target(size);
      REQUIRE(unpacker.decompress(used, *stored, target).ok());
      CHECK(target == raw);
    }
}

TEST_CASE("a body that would not shrink is given back as nothing") {
  compressor packer;
  for (auto used : {codec::lz4, codec::zstd})
    for (std::size_t size : {0u, 1u, 2u, 10u, 5000u, 300'000u}) {
      auto stored = packer.compress(used, noise(size, size));
      REQUIRE(stored.ok());
      CHECK(stored->empty());
    }
  CHECK(packer.compress(codec::none, repetitive(1000))->empty());
}

TEST_CASE("what a codec did not write is refused or gives bytes of the size asked for, and never crashes") {
  compressor packer;
  decompressor unpacker;
  std::mt19937_64 random(5);
  std::size_t refused = 0;
  for (auto used : {codec::lz4, codec::zstd}) {
    auto raw = repetitive(2000);
    auto good = to_bytes(*packer.compress(used, raw));
    for (int i = 0; i < 5000; ++i) {
      auto stored = good;
      for (auto changes = 1 + random() % 3; changes > 0; --changes)
        stored[random() % stored.size()] = static_cast<std::byte>(random());
      if (random() % 4 == 0)
        stored.resize(random() % stored.size());
      bytes target(2000);
      auto done = unpacker.decompress(used, stored, target);
      if (!done.ok()) {
        CHECK(done.code() == errc::checksum_error);
        ++refused;
      }
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("a body of another size than its header says is refused") {
  compressor packer;
  decompressor unpacker;
  for (auto used : {codec::lz4, codec::zstd}) {
    auto stored = to_bytes(*packer.compress(used, repetitive(2000)));
    bytes smaller(1999), larger(2001);
    CHECK(unpacker.decompress(used, stored, smaller).code() == errc::checksum_error);
    CHECK(unpacker.decompress(used, stored, larger).code() == errc::checksum_error);
  }
  bytes target(3);
  CHECK(unpacker.decompress(codec::none, repetitive(2), target).code() == errc::checksum_error);
  CHECK(unpacker.decompress(codec::none, repetitive(3), target).ok());
  CHECK(target == repetitive(3));
  CHECK(unpacker.decompress(codec::none, {}, {}).ok());
}

TEST_CASE("three codecs are known, and others are refused by number") {
  CHECK(is_known_codec(0));
  CHECK(is_known_codec(1));
  CHECK(is_known_codec(2));
  CHECK_FALSE(is_known_codec(3));
  CHECK_FALSE(is_known_codec(255));
  bytes target(1);
  auto refused = decompressor().decompress(static_cast<codec>(3), {}, target);
  CHECK(refused.code() == errc::unknown_version);
  CHECK(refused.error().message == "unknown codec 3");
}
