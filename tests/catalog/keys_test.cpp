#include "catalog/keys.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace varve;

TEST_CASE("every key family has its own byte and name, in the order of bytes") {
  std::set<std::string_view> names;
  std::string bytes;
  for (const auto& info : key_families()) {
    names.insert(info.name);
    bytes.push_back(static_cast<char>(info.family));
    CHECK(family_of(family_prefix(info.family)) == &info);
    CHECK(info.version >= 1);
  }
  CHECK(names.size() == 13);
  CHECK(std::ranges::is_sorted(bytes));
  CHECK(std::ranges::adjacent_find(bytes) == bytes.end());
  CHECK(family_of("") == nullptr);
  CHECK(family_of("x") == nullptr);
}

TEST_CASE("the order of keys is the order of numbers") {
  std::string before;
  for (std::uint64_t n : {0ull, 1ull, 255ull, 256ull, 65535ull, 65536ull, 1ull << 40, ~0ull}) {
    auto key = tenant_prefix(key_family::piece, tenant_id{n});
    CHECK(key.size() == 9);
    CHECK(before < key);
    before = key;
  }
}

TEST_CASE("a key reader gives back what a key writer wrote, and no more") {
  key_writer writer(key_family::setting);
  writer.number(std::uint64_t{0x0102030405060708});
  writer.number(std::uint32_t{0xfffefdfc});
  writer.number(std::uint8_t{7});
  writer.text("rest");
  auto key = writer.take();

  key_reader reader(key_family::setting, key);
  CHECK(reader.number<std::uint64_t>() == 0x0102030405060708);
  CHECK(reader.number<std::uint32_t>() == 0xfffefdfc);
  CHECK(reader.number<std::uint8_t>() == 7);
  CHECK(!reader.at_end());
  CHECK(reader.text() == "rest");
  CHECK(reader.at_end());
  CHECK(reader.number<std::uint8_t>() == 0);
  CHECK(!reader.ok());

  CHECK(!key_reader(key_family::tenant, key).ok());
  CHECK(!key_reader(key_family::tenant, "").ok());
}

TEST_CASE("the end of a prefix lies after all keys that start with it and before all others") {
  CHECK(prefix_end("a") == "b");
  CHECK(prefix_end(std::string("a\x00", 2)) == "a\x01");
  CHECK(prefix_end("a\xff\xff") == "b");
  CHECK(prefix_end("").empty());
}

TEST_CASE("messages name a key in words, and a strange one in hex") {
  auto piece = tenant_prefix(key_family::piece, tenant_id{1001}) + std::string("\0\0\0\0\0\0\0\2", 8) +
               std::string("\0\0\0\0\0\0\0\3", 8);
  CHECK(describe_key(piece + std::string("\0\0\0\1", 4)) == "piece/1001/2/3/1");
  CHECK(describe_key(tenant_prefix(key_family::setting, tenant_id{0}) + "backup_dest") ==
        "setting/0/backup_dest");
  CHECK(describe_key("i") == "identity");
  CHECK(describe_key("ix") == "identity (key 6978)");
  CHECK(describe_key("t12") == "tenant/0 (key 743132)");
  CHECK(describe_key("xyz") == "key 78797a");
}
