#include "engine/base/coding.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace varve;

namespace {

bytes varint(std::uint64_t value) {
  bytes target;
  byte_writer(target).put_varint(value);
  return target;
}

bytes raw(std::initializer_list<unsigned> values) {
  bytes target;
  for (auto x : values)
    target.push_back(static_cast<std::byte>(x));
  return target;
}

} // namespace

TEST_CASE("fixed-width integers are little-endian") {
  bytes target;
  byte_writer out(target);
  out.put(std::uint8_t{0x01});
  out.put(std::uint16_t{0x0203});
  out.put(std::uint32_t{0x04050607});
  out.put(std::uint64_t{0x08090a0b0c0d0e0f});
  CHECK(to_hex(target) == "010302070605040f0e0d0c0b0a0908");
  byte_reader in(target);
  CHECK(in.get<std::uint8_t>() == 0x01);
  CHECK(in.get<std::uint16_t>() == 0x0203);
  CHECK(in.get<std::uint32_t>() == 0x04050607);
  CHECK(in.get<std::uint64_t>() == 0x08090a0b0c0d0e0f);
  CHECK(in.at_end());
}

TEST_CASE("varints take seven bits a byte, least significant first") {
  CHECK(to_hex(varint(0)) == "00");
  CHECK(to_hex(varint(127)) == "7f");
  CHECK(to_hex(varint(128)) == "8001");
  CHECK(to_hex(varint(300)) == "ac02");
  CHECK(to_hex(varint(std::numeric_limits<std::uint64_t>::max())) == "ffffffffffffffffff01");
}

TEST_CASE("every varint comes back, whatever its magnitude") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10'000; ++i) {
    auto value = random() >> (random() % 64);
    auto encoded = varint(value);
    byte_reader in(encoded);
    CHECK(in.get_varint() == value);
    CHECK(in.at_end());
  }
}

TEST_CASE("a varint that is not in its shortest form, too long or cut off is refused") {
  for (auto& encoded : {raw({0x80, 0x00}), raw({0xff, 0x80, 0x00}),                               // padded
                        raw({0x80}), raw({}),                                                     // cut off
                        raw({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}),        // 65 bits
                        raw({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01})}) // 11 bytes
  {
    INFO(to_hex(encoded));
    byte_reader in(encoded);
    CHECK(in.get_varint() == 0);
    CHECK_FALSE(in.ok());
  }
}

TEST_CASE("after the first failure a reader gives only zeros and stays failed") {
  auto encoded = raw({1, 2, 3});
  byte_reader in(encoded);
  CHECK(in.get<std::uint32_t>() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.get<std::uint8_t>() == 0);
  CHECK(in.get_bytes(1).empty());
  CHECK(in.get_string().empty());
  CHECK(in.get_count(0) == 0);
  CHECK_FALSE(in.at_end());
}

TEST_CASE("strings carry their length and any byte") {
  bytes target;
  byte_writer out(target);
  out.put_string(std::string_view("a\0b", 3));
  out.put_string("");
  byte_reader in(target);
  CHECK(in.get_string() == std::string_view("a\0b", 3));
  CHECK(in.get_string().empty());
  CHECK(in.at_end());
}

TEST_CASE("a string longer than the bytes left is refused") {
  auto encoded = raw({4, 'a', 'b', 'c'});
  byte_reader in(encoded);
  CHECK(in.get_string().empty());
  CHECK_FALSE(in.ok());
}

TEST_CASE("a count of items that cannot fit into the bytes left is refused") {
  auto encoded = raw({3, 0, 0, 0, 0, 0, 0});
  CHECK(byte_reader(encoded).get_count(2) == 3);
  CHECK(byte_reader(encoded).get_count(3) == 0);
  auto huge = varint(std::numeric_limits<std::uint64_t>::max());
  byte_reader in(huge);
  CHECK(in.get_count(1) == 0);
  CHECK_FALSE(in.ok());
}

TEST_CASE("bytes a reader returns point into the source") {
  auto encoded = raw({9, 8, 7});
  byte_reader in(encoded);
  CHECK(in.get_bytes(2).data() == encoded.data());
  CHECK(in.offset() == 2);
  CHECK(in.remaining() == 1);
}
