#include "engine/format/description.hpp"

#include <catch2/catch.hpp>

using namespace varve;

namespace {

description sample() {
  description x;
  x.key = "object";
  x.add("name", "t1/\"x\"\n");
  x.add_number("scn", 18446744073709551615u, "no end");
  auto& group = x.add_group("counts");
  group.add_number("entries", 3);
  auto& list = x.add_list("streams");
  list.add_group("stream").add_number("id", 1);
  auto& item = list.add_group("stream");
  item.add_number("id", 2);
  item.add("dropped", "yes", "at 7");
  x.add_list("blocks");
  auto& words = x.add_list("words");
  words.add("plain", "a\\b");
  words.add_group("empty");
  return x;
}

} // namespace

TEST_CASE("text is indented, with notes, one line for a plain item of a list, and no value makes a line") {
  CHECK(to_text(sample()) == "object\n"
                             "  name t1/\"x\"?\n"
                             "  scn 18446744073709551615 (no end)\n"
                             "  counts\n"
                             "    entries 3\n"
                             "  streams\n"
                             "    stream: id 1\n"
                             "    stream: id 2, dropped yes (at 7)\n"
                             "  blocks none\n"
                             "  words\n"
                             "    plain a\\b\n"
                             "    empty\n");
}

TEST_CASE("JSON has bare numbers, arrays for lists, no notes, and only ASCII") {
  CHECK(to_json(sample()) == "{\n"
                             "  \"name\": \"t1/\\\"x\\\"\\u000a\",\n"
                             "  \"scn\": 18446744073709551615,\n"
                             "  \"counts\": {\n"
                             "    \"entries\": 3\n"
                             "  },\n"
                             "  \"streams\": [\n"
                             "    {\n"
                             "      \"id\": 1\n"
                             "    },\n"
                             "    {\n"
                             "      \"id\": 2,\n"
                             "      \"dropped\": \"yes\"\n"
                             "    }\n"
                             "  ],\n"
                             "  \"blocks\": [],\n"
                             "  \"words\": [\n"
                             "    \"a\\\\b\",\n"
                             "    \"\"\n"
                             "  ]\n"
                             "}\n");
  description x;
  x.add("reason", "");
  x.add("bytes", "\xff\x01");
  CHECK(to_json(x) == "{\n  \"reason\": \"\",\n  \"bytes\": \"\\u00ff\\u0001\"\n}\n");
}
