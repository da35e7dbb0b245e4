#include "engine/base/bytes.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("bytes become two lower-case hex digits each") {
  CHECK(to_hex(as_bytes(std::string_view("\x00\xff\x12", 3))) == "00ff12");
  CHECK(to_hex({}).empty());
}

TEST_CASE("text and bytes are views of each other") {
  std::string_view text("a\0b", 3);
  CHECK(as_bytes(text).size() == 3);
  CHECK(as_text(as_bytes(text)) == text);
}

TEST_CASE("bytes are equal when length and content are, also when empty") {
  CHECK(equal(as_bytes("abc"), as_bytes("abc")));
  CHECK_FALSE(equal(as_bytes("abc"), as_bytes("abd")));
  CHECK_FALSE(equal(as_bytes("abc"), as_bytes("ab")));
  CHECK(equal({}, as_bytes("")));
}

TEST_CASE("append puts bytes behind those that are there") {
  auto target = to_bytes(as_bytes("ab"));
  append(target, as_bytes("cd"));
  append(target, {});
  CHECK(as_text(target) == "abcd");
}
