#include "engine/directory_lock.hpp"
#include "tests/harness/sync_watch.hpp"
#include "tests/harness/temp_dir.hpp"
#include "tests/harness/user_reads.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <unistd.h>

using namespace varve;
using varve::test::sync_watch;
using varve::test::temp_dir;
using varve::test::user_reads;

TEST_CASE("directory lock: one at a time, and the second is told who has it") {
  temp_dir dir;
  auto data = (dir / "data").string();
  {
    auto first = directory_lock::take(data);
    REQUIRE(first.ok());
    auto second = directory_lock::take(data);
    REQUIRE(second.code() == errc::already_open);
    CHECK(user_reads(second.error(), data));
    CHECK(user_reads(second.error(), "process " + std::to_string(::getpid()) + "."));
  }
  CHECK(directory_lock::take(data).ok());
}

TEST_CASE("directory lock: whoever it was moved to has it") {
  temp_dir dir;
  std::unique_ptr<directory_lock> held;
  {
    auto taken = directory_lock::take(dir.string());
    REQUIRE(taken.ok());
    held = std::make_unique<directory_lock>(std::move(*taken));
  }
  CHECK(directory_lock::take(dir.string()).code() == errc::already_open);
  held.reset();
  CHECK(directory_lock::take(dir.string()).ok());
}

TEST_CASE("directory lock: a file that a dead process left keeps nobody out") {
  temp_dir dir;
  std::ofstream(dir / "LOCK") << "99999999999999999999999999999999999999999999999999\n";
  auto first = directory_lock::take(dir.string());
  REQUIRE(first.ok());
  auto second = directory_lock::take(dir.string());
  REQUIRE_FALSE(second.ok());
  CHECK_FALSE(user_reads(second.error(), "9999"));
}

TEST_CASE("directory lock: a directory that cannot be had is named with the reason") {
  temp_dir dir;
  CHECK(directory_lock::take("").code() == errc::invalid_argument);
  auto orphan = (dir / "no" / "data").string();
  auto parentless = directory_lock::take(orphan);
  REQUIRE_FALSE(parentless.ok());
  CHECK(user_reads(parentless.error(), orphan));
  CHECK(parentless.error().sys_errno == ENOENT);
  std::ofstream(dir / "file") << "a file";
  auto file = directory_lock::take((dir / "file").string());
  REQUIRE_FALSE(file.ok());
  CHECK(user_reads(file.error(), (dir / "file").string()));
  CHECK(file.error().sys_errno == ENOTDIR);
}

TEST_CASE("directory lock: a data directory that was made survives a power failure, or is not there") {
  temp_dir dir;
  auto data = dir / "data";
  for (auto& name : {data.string(), data.string() + "/"}) {
    CAPTURE(name);
    sync_watch watch;
    watch.fail_next(EIO);
    auto failed = directory_lock::take(name);
    REQUIRE(failed.code() == errc::io_error);
    CHECK(user_reads(failed.error(), dir.string()));
    CHECK_FALSE(std::filesystem::exists(data));
    REQUIRE(directory_lock::take(name).ok());
    CHECK(watch.times(dir.string()) == 2);
    CHECK(directory_lock::take(name).ok());
    CHECK(watch.synced().size() == 2); // it was there
    std::filesystem::remove_all(data);
  }
}
