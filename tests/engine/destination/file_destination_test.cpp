#include "engine/destination/file_destination.hpp"
#include "tests/contract/destination_contract.hpp"
#include "tests/harness/skip.hpp"
#include "tests/harness/temp_dir.hpp"
#include "tests/harness/tmpfs_mount.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace varve::test {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<destination> open_at(const fs::path& root, std::string_view tag = "w1",
                                     open_mode mode = open_mode::create_if_needed) {
  auto opened = open_destination({destination_kind::file, root.string()}, mode, tag);
  if (!opened.ok())
    FAIL(opened.error().to_string());
  return std::move(*opened);
}

error refusal(const fs::path& root, open_mode mode = open_mode::create_if_needed) {
  auto opened = open_destination({destination_kind::file, root.string()}, mode, "w1");
  REQUIRE_FALSE(opened.ok());
  return opened.error();
}

void write_file(const fs::path& path, std::string_view content) {
  std::ofstream(path) << content;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Everything on the medium, hidden names too.
names files_below(const fs::path& root) {
  names found;
  for (auto& entry : fs::recursive_directory_iterator(root))
    if (!entry.is_directory())
      found.push_back(fs::relative(entry.path(), root).string());
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace

TEST_CASE("file_destination keeps the destination contract") {
  temp_dir dir("file-destination");
  check_destination_contract([&] { return open_at(dir / "root"); });
}

TEST_CASE("the root is made when its parent is there, and only when asked to") {
  temp_dir dir("file-destination");
  CHECK(refusal(dir / "root", open_mode::read_only).code == errc::invalid_destination);
  CHECK_FALSE(fs::exists(dir / "root"));
  auto without_parent = refusal(dir / "absent/root");
  CHECK(without_parent.code == errc::invalid_destination);
  CHECK_THAT(without_parent.message, Catch::Contains("absent/root") && Catch::Contains("parent"));
  CHECK_FALSE(without_parent.hint.empty());
  open_at(dir / "root");
  CHECK(fs::is_directory(dir / "root"));
  open_at(dir / "root", "w1", open_mode::read_only);
}

TEST_CASE("a destination that is a file, or lies below one, is refused by name") {
  temp_dir dir("file-destination");
  write_file(dir / "file", "x");
  for (auto path : {dir / "file", dir / "file/root"})
    for (auto mode : {open_mode::create_if_needed, open_mode::read_only}) {
      auto refused = refusal(path, mode);
      CHECK(refused.code == errc::invalid_destination);
      CHECK(refused.sys_errno == ENOTDIR);
      CHECK_THAT(refused.message, Catch::Contains(path.string()));
    }
  CHECK(read_file(dir / "file") == "x");
}

TEST_CASE("an unwritable directory is refused for writing and can be read") {
  temp_dir dir("file-destination");
  auto root = dir / "root";
  fs::create_directory(root);
  // For root nothing is unwritable but a whole medium.
  std::optional<tmpfs_mount> mount;
  if (::geteuid() == 0)
    mount.emplace(root, 1 << 20);
  SKIP_UNLESS(!mount || mount->mounted(), mount->why());
  REQUIRE(open_at(root)->create("a", as_bytes("x")).ok());
  if (mount)
    REQUIRE(mount->protect());
  else
    fs::permissions(root, fs::perms::owner_read | fs::perms::owner_exec);
  auto refused = refusal(root);
  auto text = text_of(*open_at(root, "w1", open_mode::read_only), "a");
  if (!mount)
    fs::permissions(root, fs::perms::owner_all);
  CHECK(refused.code == errc::invalid_destination);
  CHECK_THAT(refused.message, Catch::Contains("not writable"));
  CHECK(text == "x");
}

TEST_CASE("a medium that turns read-only says so and stays readable") {
  temp_dir dir("file-destination");
  tmpfs_mount mount(dir.path(), 1 << 20);
  SKIP_UNLESS(mount.mounted(), mount.why());
  auto where = open_at(dir / "root");
  REQUIRE(where->create("a", as_bytes("x")).ok());
  REQUIRE(mount.protect());
  auto refused = where->create("b", as_bytes("y"));
  REQUIRE(refused.code() == errc::io_error);
  CHECK(refused.error().sys_errno == EROFS);
  CHECK_THAT(refused.error().hint, Catch::Contains("writable"));
  CHECK(where->remove("a").code() == errc::io_error);
  CHECK(text_of(*where, "a") == "x");
}

TEST_CASE("a destination opened for reading changes nothing") {
  temp_dir dir("file-destination");
  REQUIRE(open_at(dir.path())->create("a/b", as_bytes("x")).ok());
  auto reader = open_at(dir.path(), "w2", open_mode::read_only);
  CHECK(reader->create("c/d", as_bytes("y")).code() == errc::not_supported);
  CHECK(reader->open_segment("c/d").code() == errc::not_supported);
  CHECK(reader->remove("a/b").code() == errc::not_supported);
  CHECK(probe_destination(*reader, "probe").code() == errc::not_supported);
  CHECK(files_below(dir.path()) == names{"a/b"});
}

TEST_CASE("a full medium is no_space, leaves nothing half made, and takes more when there is room") {
  temp_dir dir("file-destination");
  tmpfs_mount mount(dir.path(), 1 << 20);
  SKIP_UNLESS(mount.mounted(), mount.why());
  auto where = open_at(dir / "root");
  bytes large(900 << 10, std::byte{7}), more(400 << 10, std::byte{8});
  REQUIRE(where->create("large", large).ok());

  auto created = where->create("a/more", more);
  REQUIRE(created.code() == errc::no_space);
  CHECK(created.error().sys_errno == ENOSPC);
  CHECK_THAT(created.error().hint, Catch::Contains("room"));
  CHECK(files_below(dir / "root") == names{"large"});

  auto segment = segment_at(*where, "segment");
  REQUIRE(append_text(*segment, "kept").ok());
  REQUIRE(segment->sync().ok());
  const bytes_view parts[] = {more};
  auto appended = segment->append(parts);
  CHECK(appended.code() == errc::no_space);
  CHECK(segment->size() == 4);

  REQUIRE(where->remove("large").ok());
  // Given up for good: bytes after a hole of unknown content would be worth nothing.
  CHECK(segment->append(parts).code() == errc::no_space);
  CHECK(segment->sync().code() == errc::no_space);
  CHECK(segment->synced_size() == 4);
  CHECK(where->create("a/more", more).ok());
  std::byte kept[4];
  REQUIRE(where->read("segment", 0, kept).value() == 4);
  CHECK(as_text(kept) == "kept");
}

TEST_CASE("what a crash left aside is neither listed nor read nor in the way") {
  temp_dir dir("file-destination");
  auto first = open_at(dir / "root");
  fs::create_directories(dir / "root/a");
  for (int i = 0; i < 3; ++i)
    write_file(dir / "root/a" / (".w1-" + std::to_string(i) + ".tmp"), "half");
  write_file(dir / "root/.w2-0.tmp", "half");
  CHECK(listed(*first, "").empty());
  CHECK(first->list_folder("a").value().empty());
  CHECK(first->read_all("a/.w1-0.tmp", 10).code() == errc::invalid_argument);
  REQUIRE(first->create("a/object", as_bytes("whole")).ok());
  CHECK(listed(*first, "") == names{"a/object"});
  CHECK(read_file(dir / "root/a/.w1-0.tmp") == "half");
}

TEST_CASE("a create leaves nothing aside, whether it won or not") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  REQUIRE(where->create("a/object", as_bytes("first")).ok());
  REQUIRE(where->create("a/object", as_bytes("second")).code() == errc::already_exists);
  CHECK(files_below(dir / "root") == names{"a/object"});
}

TEST_CASE("objects are closed to strangers") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  REQUIRE(where->create("a/object", as_bytes("x")).ok());
  segment_at(*where, "a/segment");
  for (auto name : {"root", "root/a", "root/a/object", "root/a/segment"}) {
    INFO(name);
    CHECK((fs::status(dir / name).permissions() & fs::perms::others_all) == fs::perms::none);
  }
}

TEST_CASE("a symbolic link is never followed, neither as an object nor as a folder") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  fs::create_directory(dir / "outside");
  write_file(dir / "outside/secret", "secret");
  fs::create_symlink(dir / "outside/secret", dir / "root/object");
  fs::create_symlink(dir / "outside/new", dir / "root/dangling");
  fs::create_symlink(dir / "outside", dir / "root/folder");
  std::byte target[6];

  CHECK(where->read_all("object", 100).code() == errc::io_error);
  CHECK(where->read("object", 0, target).code() == errc::io_error);
  CHECK(where->size("object").code() == errc::io_error);
  CHECK(where->remove("object").code() == errc::io_error);
  CHECK(where->create("object", as_bytes("x")).code() == errc::already_exists);
  CHECK(where->create("dangling", as_bytes("x")).code() == errc::already_exists);
  CHECK(where->open_segment("dangling").code() == errc::already_exists);

  auto below = where->create("folder/new", as_bytes("x"));
  CHECK(below.code() == errc::io_error);
  CHECK_THAT(below.error().hint, Catch::Contains("symbolic"));
  CHECK(where->open_segment("folder/new").code() == errc::io_error);
  CHECK(where->read_all("folder/secret", 100).code() == errc::io_error);
  CHECK(where->remove("folder/secret").code() == errc::io_error);
  CHECK(where->list("folder", [](const object_info&) {}).code() == errc::io_error);
  CHECK(where->list_folder("folder").code() == errc::io_error);

  CHECK(listed(*where, "").empty());
  CHECK(files_below(dir / "outside") == names{"secret"});
  CHECK(read_file(dir / "outside/secret") == "secret");
}

TEST_CASE("the path to the root may lead through a symbolic link") {
  temp_dir dir("file-destination");
  fs::create_directory(dir / "real");
  fs::create_directory_symlink(dir / "real", dir / "link");
  auto where = open_at(dir / "link");
  REQUIRE(where->create("a", as_bytes("x")).ok());
  CHECK(read_file(dir / "real/a") == "x");

  fs::create_directory(dir / "other");
  fs::remove(dir / "link");
  fs::create_directory_symlink(dir / "other", dir / "link");
  CHECK(where->create("b", as_bytes("x")).code() == errc::invalid_destination);
  CHECK(fs::is_empty(dir / "other"));
}

TEST_CASE("folders and pipes with the name of an object are no objects and hold nobody up") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  fs::create_directory(dir / "root/folder");
  REQUIRE(::mkfifo((dir / "root/pipe").c_str(), 0600) == 0);
  for (auto name : {"folder", "pipe"}) {
    INFO(name);
    CHECK(where->read_all(name, 10).code() == errc::io_error);
    CHECK(where->size(name).code() == errc::io_error);
    CHECK(where->remove(name).code() == errc::io_error);
    CHECK(where->create(name, as_bytes("x")).code() == errc::already_exists);
  }
  CHECK(listed(*where, "").empty());
}

TEST_CASE("a stranger's file with another name is neither listed nor touched") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  REQUIRE(where->create("a/object", as_bytes("x")).ok());
  write_file(dir / "root/a/read me", "y");
  fs::create_directory(dir / "root/lost+found");
  CHECK(listed(*where, "") == names{"a/object"});
  CHECK(where->list_folder("").value() == names{"a"});
  REQUIRE(where->remove("a/object").ok());
  CHECK(files_below(dir / "root") == names{"a/read me"});
}

TEST_CASE("a root that was removed, moved or replaced is invalid_destination for every call") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  REQUIRE(where->create("t1/commits/1", as_bytes("x")).ok());
  std::string what;
  SECTION("removed") {
    fs::remove_all(dir / "root");
    what = "gone";
  }
  SECTION("removed and made again") {
    fs::remove_all(dir / "root");
    fs::create_directory(dir / "root");
  }
  SECTION("moved away") {
    fs::rename(dir / "root", dir / "moved");
    what = "gone";
  }
  SECTION("moved away and another one in its place") {
    fs::rename(dir / "root", dir / "moved");
    fs::create_directory(dir / "root");
    what = "replaced";
  }
  SECTION("a file in its place") {
    fs::rename(dir / "root", dir / "moved");
    write_file(dir / "root", "x");
    what = "replaced";
  }
  auto created = where->create("t1/commits/2", as_bytes("y"));
  REQUIRE(created.code() == errc::invalid_destination);
  CHECK_THAT(created.error().message, Catch::Contains((dir / "root").string()) && Catch::Contains(what));
  CHECK_THAT(created.error().hint, Catch::Contains("mount"));
  CHECK(where->open_segment("t1/segment").code() == errc::invalid_destination);
  CHECK(where->list("", [](const object_info&) {}).code() == errc::invalid_destination);
  CHECK(where->list_folder("t1/commits").code() == errc::invalid_destination);
  CHECK(where->remove("t1/commits/1").code() == errc::invalid_destination);
  // "No such object" must not be said of a place that is not there: it would read as lost log.
  std::byte target[1];
  CHECK(where->read_all("t1/commits/3", 10).code() == errc::invalid_destination);
  CHECK(where->read("t1/commits/3", 0, target).code() == errc::invalid_destination);
  CHECK(where->size("t1/commits/3").code() == errc::invalid_destination);
  if (fs::is_directory(dir / "root"))
    CHECK(fs::is_empty(dir / "root"));
}

TEST_CASE("an unmount under the handle never turns into writes to the directory below") {
  temp_dir dir("file-destination");
  tmpfs_mount mount(dir.path(), 1 << 20);
  SKIP_UNLESS(mount.mounted(), mount.why());
  auto where = open_at(dir.path());
  auto segment = segment_at(*where, "segment");
  REQUIRE(mount.unmount());
  CHECK(where->create("a", as_bytes("x")).code() == errc::invalid_destination);
  CHECK(where->open_segment("b").code() == errc::invalid_destination);
  CHECK(where->list_folder("").code() == errc::invalid_destination);
  static_cast<void>(append_text(*segment, "x"));
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("a folder that another removed and made again is used as if it were new") {
  temp_dir dir("file-destination");
  auto where = open_at(dir / "root");
  REQUIRE(where->create("a/b/1", as_bytes("x")).ok());
  fs::remove_all(dir / "root/a");
  REQUIRE(where->create("a/b/2", as_bytes("y")).ok());
  fs::remove_all(dir / "root/a");
  fs::create_directories(dir / "root/a/b");
  REQUIRE(where->create("a/b/3", as_bytes("z")).ok());
  CHECK(listed(*where, "") == names{"a/b/3"});
}

} // namespace varve::test
