#include "engine/shell/log_input.hpp"
#include "tests/engine/shell/program.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace varve::shell {
namespace {

std::string text_at(log_input& input, std::uint64_t offset, std::size_t max) {
  return std::string(as_text(input.read(offset, max).value()));
}

/// A named pipe that somebody writes into, as `varve archive` sees it.
struct pipe_file {
  test::temp_dir dir{"pipe"};
  std::string path = (dir / "pipe").string();
  std::thread writer;
  explicit pipe_file(std::string content) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    writer = std::thread([p = path, c = std::move(content)] { test::write_file(p, c); });
  }
  ~pipe_file() { writer.join(); }
};

} // namespace

TEST_CASE("files are one stream of bytes in the order given") {
  test::temp_dir dir;
  test::write_file((dir / "a").string(), "0123");
  test::write_file((dir / "b").string(), "");
  test::write_file((dir / "c").string(), "456789");
  auto input = log_input::open({(dir / "a").string(), (dir / "b").string(), (dir / "c").string()}).value();
  CHECK(input.total() == 10u);
  CHECK(text_at(input, 0, 100) == "0123");
  CHECK(text_at(input, 2, 1) == "2");
  CHECK(text_at(input, 4, 100) == "456789");
  CHECK(text_at(input, 10, 100).empty());
  CHECK(input.name_at(3) == (dir / "a").string());
  CHECK(input.name_at(4) == (dir / "c").string());
  CHECK(input.waits_at(0) == -1);
}

TEST_CASE("a file counts with the size it had when it was opened") {
  test::temp_dir dir;
  auto path = (dir / "a").string();
  test::write_file(path, "0123");
  auto input = log_input::open({path}).value();
  std::string longer = "01234567";
  test::write_file(path, longer);
  CHECK(text_at(input, 0, 100) == "0123");
  test::write_file(path, "01");
  auto shorter = input.read(0, 100);
  CHECK(shorter.code() == errc::io_error);
  CHECK(shorter.error().message.find(path) != std::string::npos);
}

TEST_CASE("a pipe is read once and kept until it is released") {
  test::temp_dir dir;
  test::write_file((dir / "a").string(), "0123");
  pipe_file pipe(std::string(300'000, 'x') + "end");
  auto input = log_input::open({(dir / "a").string(), pipe.path}).value();
  CHECK(input.total() == std::nullopt);
  CHECK(input.waits_at(3) == -1);
  CHECK(input.waits_at(4) >= 0);
  std::uint64_t at = 4;
  while (true) {
    auto bytes = input.read(at, 1000).value();
    if (bytes.empty())
      break;
    at += bytes.size();
  }
  CHECK(at == 4 + 300'003);
  CHECK(input.total() == at);
  CHECK(text_at(input, at - 3, 10) == "end");
  CHECK(text_at(input, 4, 1) == "x");
  input.release_below(at - 3);
  CHECK(text_at(input, at - 3, 10) == "end");
  CHECK(input.read(4, 1).code() == errc::io_error);
}

TEST_CASE("what was released before it was read is skipped") {
  pipe_file pipe(std::string(1'000'000, 'x') + "end");
  auto input = log_input::open({pipe.path}).value();
  input.release_below(1'000'000);
  CHECK(text_at(input, 1'000'000, 10) == "end");
  CHECK(input.read(0, 1).code() == errc::io_error);
}

TEST_CASE("inputs that cannot be are refused by name") {
  test::temp_dir dir;
  test::write_file((dir / "a").string(), "0123");
  CHECK(log_input::open({(dir / "gone").string()}).code() == errc::file_not_exist);
  CHECK(log_input::open({dir.string()}).code() == errc::invalid_argument);
  CHECK(log_input::open({"-", (dir / "a").string()}).code() == errc::invalid_argument);
}

} // namespace varve::shell
