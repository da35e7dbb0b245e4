#include "engine/shell/restored_files.hpp"
#include "tests/engine/shell/program.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {
namespace {
log_entry entry(lsn at, std::string_view payload) {
  return {at, at + payload.size(), at + 1000, as_bytes(payload)};
}
} // namespace

TEST_CASE("a directory gets one complete file a stream") {
  test::temp_dir dir;
  auto target = (dir / "out").string();
  auto files = restored_files::open(target, restore_format::raw, false).value();
  REQUIRE(files->begin(stream_id{9}).ok());
  auto first = entry(0, "hello "), second = entry(6, "world");
  REQUIRE(files->write(stream_id{1}, {&first, 1}).ok());
  REQUIRE(files->write(stream_id{2}, {&second, 1}).ok());
  REQUIRE(files->write(stream_id{1}, {&second, 1}).ok());
  CHECK_FALSE(std::filesystem::exists(target + "/stream_1"));
  CHECK(std::filesystem::exists(target + "/stream_1.partial"));
  REQUIRE(files->finish().ok());
  CHECK(test::read_file(target + "/stream_1") == "hello world");
  CHECK(test::read_file(target + "/stream_2") == "world");
  CHECK(test::read_file(target + "/stream_9").empty());
  CHECK(files->bytes_of(stream_id{1}) == 11);
  CHECK_FALSE(std::filesystem::exists(target + "/stream_1.partial"));
}

TEST_CASE("a file that is there is refused, or replaced when asked") {
  test::temp_dir dir;
  test::write_file((dir / "stream_1").string(), "precious");
  auto refusing = restored_files::open(dir.string(), restore_format::raw, false).value();
  CHECK(refusing->begin(stream_id{1}).code() == errc::already_exists);
  auto replacing = restored_files::open(dir.string(), restore_format::raw, true).value();
  REQUIRE(replacing->begin(stream_id{1}).ok());
  CHECK(test::read_file((dir / "stream_1").string()) == "precious");
  REQUIRE(replacing->finish().ok());
  CHECK(test::read_file((dir / "stream_1").string()).empty());
}

TEST_CASE("what an earlier run left half done is begun anew") {
  test::temp_dir dir;
  test::write_file((dir / "stream_1.partial").string(), "half of something");
  auto files = restored_files::open(dir.string(), restore_format::raw, false).value();
  auto one = entry(0, "x");
  REQUIRE(files->write(stream_id{1}, {&one, 1}).ok());
  REQUIRE(files->finish().ok());
  CHECK(test::read_file((dir / "stream_1").string()) == "x");
}

TEST_CASE("more streams than files may be open at once are written all the same") {
  test::temp_dir dir;
  auto files = restored_files::open(dir.string(), restore_format::raw, false).value();
  for (std::uint64_t round = 0; round < 2; ++round)
    for (std::uint64_t stream = 0; stream < 500; ++stream) {
      auto text = std::to_string(stream) + "," + std::to_string(round) + ";";
      auto one = entry(round, text);
      REQUIRE(files->write(stream_id{stream}, {&one, 1}).ok());
    }
  REQUIRE(files->finish().ok());
  CHECK(test::read_file((dir / "stream_0").string()) == "0,0;0,1;");
  CHECK(test::read_file((dir / "stream_499").string()) == "499,0;499,1;");
}

TEST_CASE("entries are JSON objects, a line each") {
  bytes text;
  auto one = entry(7, "ab");
  encode_entries(stream_id{3}, {&one, 1}, restore_format::entries, text);
  CHECK(as_text(text) == "{\"stream\":3,\"lsn\":7,\"next_lsn\":9,\"scn\":1007,\"payload\":\"6162\"}\n");
}

} // namespace varve::shell
