#include "engine/destination/posix_file.hpp"
#include "tests/harness/skip.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace varve {
namespace {

posix_file folder_of(const test::temp_dir& dir) {
  return {::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir.string()};
}

/// Files of this process may not grow past a size while it lives, and growing them is an error, not a signal.
class size_limit {
public:
  explicit size_limit(rlim_t bytes_max) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes_max;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int);
};

} // namespace

TEST_CASE("writing is at the offset it is told, reading ends at the end of the file") {
  test::temp_dir dir("posix-file");
  auto file = posix_file::open_at(folder_of(dir), "f", O_RDWR | O_CREAT | O_EXCL, 0600).value();
  const bytes_view parts[] = {as_bytes("ab"), {}, as_bytes("cde")};
  REQUIRE(file.write_all(3, parts).ok());
  std::byte target[10];
  CHECK(file.read_up_to(0, target).value() == 8);
  CHECK(as_text({target, 8}) == std::string_view("\0\0\0abcde", 8));
  CHECK(file.read_up_to(8, target).value() == 0);
  CHECK(file.sync().ok());
  CHECK(file.info().value().st_size == 8);
}

TEST_CASE("every sync of a file or a folder is counted, and nothing else is") {
  test::temp_dir dir("posix-file");
  auto folder = folder_of(dir);
  auto file = posix_file::open_at(folder, "f", O_RDWR | O_CREAT | O_EXCL, 0600).value();
  auto before = posix_file::syncs();
  const bytes_view parts[] = {as_bytes("ab")};
  REQUIRE(file.write_all(0, parts).ok());
  CHECK(posix_file::syncs() == before);
  REQUIRE(file.sync_data().ok());
  CHECK(posix_file::syncs() == before + 1);
  REQUIRE(file.sync().ok());
  REQUIRE(folder.sync().ok());
  CHECK(posix_file::syncs() == before + 3);
}

TEST_CASE("a write that the system cuts short goes on and reports the true cause") {
  test::temp_dir dir("posix-file");
  auto file = posix_file::open_at(folder_of(dir), "f", O_RDWR | O_CREAT | O_EXCL, 0600).value();
  size_limit limit(10);
  const bytes_view fits[] = {as_bytes("012345")};
  REQUIRE(file.write_all(0, fits).ok());
  const bytes_view too_long[] = {as_bytes("67"), as_bytes("89abcdef")};
  auto written = file.write_all(6, too_long);
  REQUIRE(written.code() == errc::io_error);
  CHECK(written.error().sys_errno == EFBIG);
  CHECK(file.info().value().st_size == 10);
}

TEST_CASE("an offset past what a file can have is an error, not a wrong place") {
  test::temp_dir dir("posix-file");
  auto file = posix_file::open_at(folder_of(dir), "f", O_RDWR | O_CREAT | O_EXCL, 0600).value();
  const bytes_view parts[] = {as_bytes("x")};
  CHECK(file.write_all(~std::uint64_t{0}, parts).error().sys_errno == EFBIG);
  CHECK(file.info().value().st_size == 0);
}

TEST_CASE("an error names the operation, the full path and the errno") {
  test::temp_dir dir("posix-file");
  auto absent = posix_file::open_at(folder_of(dir), "absent", O_RDONLY);
  REQUIRE(absent.code() == errc::file_not_exist);
  CHECK_THAT(absent.error().message,
             Catch::Contains("open " + (dir / "absent").string()) && Catch::Contains("errno 2"));
}

TEST_CASE("a write to a full device is no_space") {
  auto full = posix_file(::open("/dev/full", O_WRONLY | O_CLOEXEC), "/dev/full");
  SKIP_UNLESS(full.is_open(), "there is no /dev/full here");
  const bytes_view parts[] = {as_bytes("x")};
  CHECK(full.write_all(0, parts).code() == errc::no_space);
}

TEST_CASE("a moved file is owned once and closed once") {
  test::temp_dir dir("posix-file");
  auto first = posix_file::open_at(folder_of(dir), "f", O_RDWR | O_CREAT, 0600).value();
  auto number = first.descriptor();
  posix_file second = std::move(first);
  CHECK_FALSE(first.is_open()); // NOLINT: what a moved-from file is, is the claim
  CHECK(second.descriptor() == number);
  first = std::move(second);
  CHECK(first.descriptor() == number);
  first.close();
  CHECK_FALSE(first.is_open());
  CHECK(::fcntl(number, F_GETFD) == -1);
}

} // namespace varve
