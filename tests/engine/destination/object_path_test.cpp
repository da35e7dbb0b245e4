#include "engine/destination/destination.hpp"

#include <catch2/catch.hpp>

namespace varve {

TEST_CASE("names of letters, digits, dots, dashes and underscores are object paths, alone and in folders") {
  for (std::string path : {"a", "Z", "0", "_", "-", "a.b", "a..b", "a.", "t1001/commits/00000042",
                           "a/b/c/d/e", "r1_p3/e5_s7.seg"}) {
    INFO(path);
    CHECK(is_object_path(path));
  }
}

TEST_CASE("near misses of object paths are refused") {
  using namespace std::string_literals;
  for (std::string path :
       {""s,     "/"s,   "/a"s,   "a/"s,  "a//b"s, "."s,    ".."s,  "a/."s,         "a/.."s, "../a"s, ".a"s,
        "a/.b"s, "a b"s, "a\\b"s, "a:b"s, "a*"s,   "a\0b"s, "a\n"s, "caf\xc3\xa9"s, "a/b/"s, "a~"s}) {
    INFO(path);
    CHECK_FALSE(is_object_path(path));
  }
}

TEST_CASE("a component has at most 255 bytes and a path at most 1024") {
  auto longest = std::string(255, 'a');
  CHECK(is_object_path(longest));
  CHECK_FALSE(is_object_path(longest + "a"));
  CHECK_FALSE(is_object_path("b/" + longest + "a/c"));
  auto path = longest + "/" + longest + "/" + longest + "/" + longest; // 1023
  CHECK(is_object_path(path));
  CHECK_FALSE(is_object_path(path + "/b"));
  std::string steps = "a";
  while (steps.size() < 1023)
    steps += "/a";
  REQUIRE(steps.size() == 1023);
  CHECK(is_object_path(steps));
  CHECK_FALSE(is_object_path(steps + "/a"));
}

} // namespace varve
