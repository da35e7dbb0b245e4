#include "engine/model/destination_uri.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("a file destination is an absolute path, written without needless slashes") {
  auto plain = parse_destination_uri("file:///backup/db1");
  REQUIRE(plain.ok());
  CHECK(plain->kind == destination_kind::file);
  CHECK(plain->path == "/backup/db1");
  CHECK(parse_destination_uri("file:////backup//db1/")->path == "/backup/db1");
  CHECK(parse_destination_uri("file:///backup/..x/.y")->path == "/backup/..x/.y");
}

TEST_CASE("a memory destination has a name") {
  auto parsed = parse_destination_uri("memory://one");
  REQUIRE(parsed.ok());
  CHECK(parsed->kind == destination_kind::memory);
  CHECK(parsed->path == "one");
}

TEST_CASE("a printed destination parses back") {
  for (auto text : {"file:///backup/db1", "memory://one"}) {
    CHECK(parse_destination_uri(text)->to_string() == text);
    CHECK(*parse_destination_uri(parse_destination_uri(text)->to_string()) == *parse_destination_uri(text));
  }
}

TEST_CASE("what is no destination is refused, quoted and explained") {
  for (auto text : {"", "/backup", "file:/backup", "file://", "file:///", "file://backup", "file:///a/../b",
                    "file:///a/./b", "file:///a/..", "http://x", "FILE:///a", "memory://"}) {
    INFO(text);
    auto parsed = parse_destination_uri(text);
    REQUIRE(parsed.code() == errc::invalid_destination);
    CHECK(parsed.error().message.find("'" + std::string(text) + "'") != std::string::npos);
    CHECK_FALSE(parsed.error().hint.empty());
  }
}

TEST_CASE("a destination is plain text, and so is the refusal of one that is not") {
  using namespace std::string_view_literals;
  for (auto text :
       {"file:///a\0b"sv, "file:///a\nb"sv, "file:///a\x1b[2J"sv, "file:///\xff"sv, "memory://\r"sv}) {
    auto parsed = parse_destination_uri(text);
    REQUIRE(parsed.code() == errc::invalid_destination);
    CHECK(parsed.error().message.find("?") != std::string::npos);
    CHECK(std::all_of(parsed.error().message.begin(), parsed.error().message.end(),
                      [](char c) { return c >= ' ' && c < '\x7f'; }));
  }
  CHECK(parse_destination_uri("file:///größer/全").ok());
}

TEST_CASE("a file destination takes no parameters") {
  auto parsed = parse_destination_uri("file:///a?b=c");
  REQUIRE(parsed.code() == errc::not_supported);
  CHECK(parsed.error().message.starts_with("destination 'file:///a?…': setting '?' is not supported"));
}

TEST_CASE("what may be credentials of a destination is in no error") {
  for (auto text : {"file:///a?access_key=secret", "os://b?access_key=secret", "file://a?access_key=secret",
                    "oss://b/p?access_key=secret", "/a?access_key=secret", "file://user:secret@/x",
                    "S3://key:secret@b", "http://u:secret@h/", "oss//u:secret@h", "memory://u:secret@a"}) {
    INFO(text);
    auto parsed = parse_destination_uri(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().to_string().find("secret") == std::string::npos);
  }
  auto late = "file://secret" + std::string(3000, 'x') + "@host/";
  CHECK(parse_destination_uri(late).error().to_string().find("secret") == std::string::npos);
}

TEST_CASE("a destination has at most 2048 characters") {
  auto longest = "file:///" + std::string(2048 - 8, 'x');
  CHECK(parse_destination_uri(longest).ok());
  CHECK(parse_destination_uri(longest + "x").code() == errc::invalid_destination);
}

TEST_CASE("destinations of kinds that are not built are refused by name") {
  for (std::string scheme : {"oss", "s3", "cos", "nfs"}) {
    auto parsed = parse_destination_uri(scheme + "://bucket/path");
    REQUIRE(parsed.code() == errc::not_supported);
    CHECK(parsed.error().message.find(scheme + "://") == 0);
  }
}
