// What a file destination has made durable by the time it answers. A power failure cannot be had in a test,
// but what it would spare is known: bytes whose file was synced, under names whose folder was synced after
// them.
#include "tests/contract/destination_contract.hpp"
#include "tests/harness/sync_watch.hpp"
#include "tests/harness/temp_dir.hpp"

#include <cerrno>
#include <filesystem>

namespace varve::test {
namespace {

namespace fs = std::filesystem;

struct on_disk {
  on_disk() {
    auto opened = open_destination({destination_kind::file, root.string()}, open_mode::create_if_needed, "w");
    if (!opened.ok())
      FAIL(opened.error().to_string());
    where = std::move(*opened);
  }
  std::string at(const std::string& path) const { return (root / path).string(); }

  temp_dir dir{"file-sync"};
  const fs::path root = fs::canonical(dir.path()) / "root";
  std::shared_ptr<destination> where;
  sync_watch watch;
};

} // namespace

TEST_CASE("an object's bytes are synced before it has its name, its folder when it has it") {
  on_disk f;
  REQUIRE(f.where->create("a/first", as_bytes("x")).ok());
  std::size_t bytes_synced = 0, name_synced = 0;
  f.watch.on_sync([&](const std::string& path) {
    bool named = fs::exists(f.at("a/object"));
    if (path == f.at("a"))
      name_synced += named;
    else if (path.starts_with(f.at("a/")) && fs::file_size(path) == 5)
      bytes_synced += !named;
  });
  REQUIRE(f.where->create("a/object", as_bytes("bytes")).ok());
  CHECK(bytes_synced == 1);
  CHECK(name_synced == 1);
}

TEST_CASE("the name of each folder that is new is synced in the folder above it") {
  on_disk f;
  REQUIRE(f.where->create("a/b/object", as_bytes("x")).ok());
  CHECK(f.watch.times(f.root.string()) == 1);
  CHECK(f.watch.times(f.at("a")) == 1);
  // Somebody else may have made them and not have come to the sync yet.
  fs::create_directories(f.root / "c/d");
  auto segment = segment_at(*f.where, "c/d/segment");
  CHECK(f.watch.times(f.root.string()) == 2);
  CHECK(f.watch.times(f.at("c")) == 1);
}

TEST_CASE("a taken name is reported when it is as durable as one that was made now") {
  on_disk f;
  fs::create_directories(f.root / "a");
  fs::copy_file("/proc/self/comm", f.root / "a/object");
  REQUIRE(f.where->create("a/object", as_bytes("x")).code() == errc::already_exists);
  CHECK(f.watch.times(f.at("a")) == 1);
}

TEST_CASE("the first sync of a segment makes its bytes and its name durable, each later one its bytes") {
  on_disk f;
  auto segment = segment_at(*f.where, "a/segment");
  REQUIRE(append_text(*segment, "one").ok());
  CHECK(f.watch.times(f.at("a/segment")) == 0);
  REQUIRE(segment->sync().ok());
  CHECK(f.watch.times(f.at("a/segment")) == 1);
  CHECK(f.watch.times(f.at("a")) == 1);
  REQUIRE(append_text(*segment, "two").ok());
  REQUIRE(segment->sync().ok());
  CHECK(f.watch.times(f.at("a/segment")) == 2);
  CHECK(f.watch.times(f.at("a")) == 1);
}

TEST_CASE("a removed object stays away: its folder is synced") {
  on_disk f;
  REQUIRE(f.where->create("a/object", as_bytes("x")).ok());
  REQUIRE(f.where->create("a/other", as_bytes("x")).ok());
  auto before = f.watch.times(f.at("a"));
  REQUIRE(f.where->remove("a/object").ok());
  CHECK(f.watch.times(f.at("a")) == before + 1);
}

TEST_CASE("a segment whose sync failed is never synced again, though the kernel would say yes") {
  on_disk f;
  auto segment = segment_at(*f.where, "a/segment");
  REQUIRE(append_text(*segment, "durable").ok());
  REQUIRE(segment->sync().ok());
  REQUIRE(append_text(*segment, "dropped by the kernel").ok());
  f.watch.fail_next(EIO);
  CHECK(segment->sync().code() == errc::io_error);
  CHECK(segment->sync().code() == errc::io_error);
  CHECK_FALSE(append_text(*segment, "more").ok());
  CHECK(f.watch.times(f.at("a/segment")) == 2);
  CHECK(segment->synced_size() == 7);
}

TEST_CASE("an object whose bytes or whose name could not be synced was not created") {
  on_disk f;
  REQUIRE(f.where->create("a/first", as_bytes("x")).ok());
  f.watch.fail_next(EIO);
  CHECK(f.where->create("a/object", as_bytes("x")).code() == errc::io_error);
  CHECK(text_of(*f.where, "a/object") == name_of(errc::file_not_exist));
  // The name may be there by then: whether it is created is not known.
  f.watch.on_sync([&](const std::string& path) {
    if (path == f.at("a"))
      f.watch.fail_next(EIO);
  });
  CHECK(f.where->create("a/object", as_bytes("x")).code() == errc::io_error);
}

} // namespace varve::test
