#include "tests/contract/catalog_contract.hpp"
#include "tests/harness/skip.hpp"
#include "tests/harness/temp_dir.hpp"
#include "tests/harness/tmpfs_mount.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace varve;
using varve::test::temp_dir;

namespace {

constexpr auto owned_variable = "VARVE_TEST_OWNED_CATALOG";

std::unique_ptr<catalog> open(const temp_dir& dir, catalog_mode mode = catalog_mode::read_write) {
  auto opened = open_rocksdb_catalog(dir.string(), mode);
  INFO((opened.ok() ? std::string() : opened.error().to_string()));
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

void set(catalog& target, const std::string& name, const std::string& value, durability how) {
  change_set changes;
  changes.put(setting_record{tenant_id{0}, name, value});
  auto outcome = target.apply(changes, how);
  INFO((outcome.ok() ? std::string() : outcome.error().to_string()));
  REQUIRE(outcome.ok());
}

std::optional<std::string> get(const catalog& source, const std::string& name) {
  return source.snapshot()->setting(tenant_id{0}, name).value();
}

/// This program again as another process, which opens the catalog, sets `from` = `child`, says so, and waits
/// for its end.
class owner_process {
public:
  explicit owner_process(const temp_dir& dir) {
    int to_child[2], from_child[2];
    REQUIRE(::pipe2(to_child, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(from_child, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, from_child[1], 3);
    std::string name = "test", spec = "owner process";
    char* arguments[] = {name.data(), spec.data(), nullptr};
    REQUIRE(::setenv(owned_variable, dir.string().c_str(), 1) == 0);
    auto failed = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environ);
    ::unsetenv(owned_variable);
    ::posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failed == 0);
    ::close(to_child[0]);
    ::close(from_child[1]);
    input_ = to_child[1];
    char ready = 0;
    auto got = ::read(from_child[0], &ready, 1);
    ::close(from_child[0]);
    REQUIRE(got == 1);
  }
  ~owner_process() { kill(); }

  void kill() {
    if (pid_ == 0)
      return;
    ::kill(pid_, SIGKILL);
    ::close(input_);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

private:
  pid_t pid_ = 0;
  int input_ = -1;
};

/// While it lives, no file of this process may grow past `bytes`: writes fail with EFBIG as on a full medium.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    auto lowered = before_;
    lowered.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &lowered) == 0);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int);
};

/// While it lives, this process can open no file more.
class no_more_files {
public:
  no_more_files() {
    int next = ::dup(0);
    REQUIRE(next > 0);
    ::close(next);
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto lowered = before_;
    lowered.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  }
  ~no_more_files() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

std::vector<std::filesystem::path> files(const temp_dir& dir, const std::string& start,
                                         const std::string& end) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    auto name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(end) && entry.file_size() > 0)
      found.push_back(entry.path());
  }
  return found;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// A catalog with data files as well as a log, closed.
void make_catalog(const temp_dir& dir) {
  for (int i = 0; i < 3; ++i) { // every opening turns the log of the last run into a data file
    auto target = open(dir);
    for (int n = 0; n < 20; ++n)
      set(*target, "name" + std::to_string(n), std::string(50, 'v'), durability::buffered);
  }
}

} // namespace

TEST_CASE("owner process", "[.helper]") { // what owner_process runs
  const char* directory = std::getenv(owned_variable);
  REQUIRE(directory != nullptr);
  auto opened = open_rocksdb_catalog(directory, catalog_mode::read_write);
  REQUIRE(opened.ok());
  set(**opened, "from", "child", durability::buffered);
  char byte = 'r';
  REQUIRE(::write(3, &byte, 1) == 1);
  while (::read(0, &byte, 1) > 0) {
  }
}

TEST_CASE("the RocksDB catalog keeps the catalog contract") {
  temp_dir dir("catalog");
  auto catalog = open(dir);
  test::check_catalog_contract(*catalog);
}

TEST_CASE("the memory and the RocksDB catalog give the same answers to the same changes") {
  auto seed = GENERATE(1u, 2u, 3u);
  temp_dir dir("catalog");
  auto memory = make_memory_catalog();
  auto disk = open(dir);
  test::check_same_answers(*memory, *disk, seed, 60);
  disk.reset();
  disk = open(dir);
  CHECK(test::all_answers(*memory->snapshot()) == test::all_answers(*disk->snapshot()));
}

TEST_CASE("what was applied is there after reopening") {
  temp_dir dir("catalog");
  set(*open(dir), "a", "1", durability::synced);
  set(*open(dir), "b", "2", durability::buffered);
  auto catalog = open(dir);
  CHECK(get(*catalog, "a") == "1");
  CHECK(get(*catalog, "b") == "2");
}

TEST_CASE("what was applied, buffered too, survives a kill of the process") {
  temp_dir dir("catalog");
  owner_process owner(dir);
  owner.kill();
  CHECK(get(*open(dir), "from") == "child");
}

TEST_CASE("a second owner is refused with already_open and a hint") {
  temp_dir dir("catalog");
  auto refused = [&] {
    auto second = open_rocksdb_catalog(dir.string(), catalog_mode::read_write);
    REQUIRE(second.code() == errc::already_open);
    CHECK(second.error().message.find(dir.string()) != std::string::npos);
    CHECK(!second.error().hint.empty());
  };
  SECTION("in the same process") {
    auto first = open(dir);
    refused();
    first.reset();
    CHECK(open(dir));
  }
  SECTION("in the same process, while only a snapshot is left") {
    auto first = open(dir);
    set(*first, "a", "1", durability::buffered);
    auto snapshot = first->snapshot();
    first.reset();
    refused();
    CHECK(snapshot->setting(tenant_id{0}, "a").value() == "1");
    snapshot.reset();
    CHECK(open(dir));
  }
  SECTION("in another process") {
    owner_process owner(dir);
    refused();
    owner.kill();
    CHECK(open(dir));
  }
}

TEST_CASE("a reader beside a live owner sees what was written before it opened") {
  temp_dir dir("catalog");
  owner_process owner(dir);
  auto reader = open(dir, catalog_mode::read_only);
  CHECK(get(*reader, "from") == "child");

  change_set changes;
  changes.put(setting_record{tenant_id{0}, "a", "1"});
  CHECK(reader->apply(changes, durability::buffered).code() == errc::not_supported);
  CHECK(get(*reader, "from") == "child"); // a refusal is no failed write: reading goes on
}

TEST_CASE("a reader goes on reading its moment while the owner writes on") {
  temp_dir dir("catalog");
  make_catalog(dir);
  auto owner = open(dir);
  auto reader = open(dir, catalog_mode::read_only);
  for (int round = 0; round < 3; ++round) {
    for (int n = 0; n < 20; ++n)
      set(*owner, "name" + std::to_string(n), "later" + std::string(200'000, 'x'), durability::buffered);
    change_set changes;
    changes.erase_archived_facts();
    REQUIRE(owner->apply(changes, durability::buffered).ok());
  }
  CHECK(get(*reader, "name7") == std::string(50, 'v'));
  CHECK(get(*open(dir, catalog_mode::read_only), "name7")->starts_with("later"));
}

TEST_CASE("reading where there is no catalog is file_not_exist, and makes none") {
  temp_dir dir("catalog");
  CHECK(open_rocksdb_catalog(dir.string(), catalog_mode::read_only).code() == errc::file_not_exist);
  CHECK(open_rocksdb_catalog((dir / "absent").string(), catalog_mode::read_only).code() ==
        errc::file_not_exist);
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("an owner makes the directories on the way; a file in the way is an error that names it") {
  temp_dir dir("catalog");
  REQUIRE(open_rocksdb_catalog((dir / "a" / "b").string(), catalog_mode::read_write).ok());
  write_file(dir / "file", "not a directory");
  for (const auto& path : {(dir / "file").string(), (dir / "file" / "below").string()}) {
    auto opened = open_rocksdb_catalog(path, catalog_mode::read_write);
    REQUIRE(!opened.ok());
    CHECK(opened.error().message.find(path) != std::string::npos);
  }
}

TEST_CASE("after a failed write the catalog refuses everything until it is opened again") {
  temp_dir dir("catalog");
  auto catalog = open(dir);
  set(*catalog, "a", "1", durability::synced);
  auto before = catalog->snapshot();
  change_set large, small;
  large.put(setting_record{tenant_id{0}, "a", std::string(1 << 20, 'x')});
  small.put(setting_record{tenant_id{0}, "a", "2"});
  {
    file_size_limit limit(64 << 10);
    auto failed = catalog->apply(large, durability::synced);
    REQUIRE(failed.code() == errc::catalog_error);
    CHECK(failed.error().message.find(dir.string()) != std::string::npos);
  }
  // There is room again, but nobody knows what of it is there.
  CHECK(catalog->apply(small, durability::buffered).code() == errc::catalog_error);
  CHECK(catalog->snapshot()->identity().code() == errc::catalog_error);
  CHECK(catalog->snapshot()->settings().code() == errc::catalog_error);
  CHECK(before->setting(tenant_id{0}, "a").value() == "1"); // older than the failure: still one known moment

  before.reset();
  catalog.reset();
  catalog = open(dir);
  auto now = get(*catalog, "a");
  CHECK((now == "1" || now == std::string(1 << 20, 'x'))); // all or nothing
  set(*catalog, "a", "2", durability::synced);
  CHECK(get(*catalog, "a") == "2");
}

TEST_CASE("garbage in a file of the catalog is catalog_error with the way out, never a wrong answer") {
  auto file = GENERATE(as<std::string>{}, "CURRENT", "MANIFEST-", ".sst");
  auto damage = GENERATE(as<std::string>{}, "random bytes", "zeros", "nothing", "no file");
  auto mode = GENERATE(catalog_mode::read_only, catalog_mode::read_write);
  CAPTURE(file, damage, mode);
  temp_dir dir("catalog");
  make_catalog(dir);
  auto victims = file == ".sst" ? files(dir, "", file) : files(dir, file, "");
  REQUIRE(!victims.empty());
  test::record_source from(7);
  for (const auto& victim : victims) {
    auto content = read_file(victim);
    for (auto& c : content)
      c = damage == "zeros" ? '\0' : static_cast<char>(from.below(256));
    write_file(victim, damage == "nothing" ? "" : content);
    if (damage == "no file")
      std::filesystem::remove(victim);
  }
  auto opened = open_rocksdb_catalog(dir.string(), mode);
  INFO((opened.ok() ? "opened" : opened.error().to_string()));
  auto outcome = opened.ok() ? (*opened)->snapshot()->settings().code() : opened.code();
  REQUIRE(outcome == errc::catalog_error);
  if (!opened.ok())
    CHECK(opened.error().hint.find("varve rebuild-catalog") != std::string::npos);
}

TEST_CASE("a flipped bit anywhere in the data files is refused or harmless") {
  temp_dir dir("catalog");
  make_catalog(dir);
  const auto right = open(dir, catalog_mode::read_only)->snapshot()->settings().value();
  auto victims = files(dir, "", ".sst");
  REQUIRE(!victims.empty());
  auto victim = victims.front();
  const auto content = read_file(victim);
  int refused = 0;
  test::record_source from(11);
  for (int i = 0; i < 100; ++i) {
    auto damaged = content;
    auto at = from.below(damaged.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << from.below(8)));
    write_file(victim, damaged);
    CAPTURE(at);
    auto opened = open_rocksdb_catalog(dir.string(), catalog_mode::read_only);
    auto settings =
        opened.ok() ? (*opened)->snapshot()->settings() : result<std::vector<setting_record>>(opened.error());
    if (settings.ok())
      CHECK(*settings == right);
    else
      CHECK((++refused > 0 && settings.code() == errc::catalog_error));
  }
  CHECK(refused > 50); // most bytes of a data file are data
}

TEST_CASE("damage in the middle of the log is refused; a torn last record is a crash and is dropped") {
  temp_dir dir("catalog");
  {
    auto catalog = open(dir);
    for (int n = 0; n < 3; ++n)
      set(*catalog, "name" + std::to_string(n), std::string(100, 'v'), durability::synced);
  }
  auto logs = files(dir, "", ".log");
  REQUIRE(logs.size() == 1);
  auto content = read_file(logs[0]);
  SECTION("middle") {
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    write_file(logs[0], content);
    CHECK(open_rocksdb_catalog(dir.string(), catalog_mode::read_write).code() == errc::catalog_error);
  }
  SECTION("torn end") {
    write_file(logs[0], content.substr(0, content.size() - 10));
    auto catalog = open(dir);
    CHECK(get(*catalog, "name1") == std::string(100, 'v'));
    CHECK(!get(*catalog, "name2"));
  }
  SECTION("the last record zeroed whole, which looks the same") {
    const auto record_bytes = content.size() / 3; // three of one size
    write_file(logs[0], content.substr(0, 2 * record_bytes) + std::string(record_bytes, '\0'));
    auto catalog = open(dir);
    CHECK(get(*catalog, "name1") == std::string(100, 'v'));
    CHECK(!get(*catalog, "name2"));
  }
}

TEST_CASE("a data file that is damaged where a record lies is the error of who reads that record") {
  temp_dir dir("catalog");
  make_catalog(dir);
  open(dir).reset(); // so that nothing is in the log alone
  for (const auto& file : files(dir, "", ".sst")) {
    auto content = read_file(file);
    content[10] = static_cast<char>(content[10] ^ 1); // in its first block
    write_file(file, content);
  }
  auto catalog = open(dir, catalog_mode::read_only);
  auto read = catalog->snapshot()->setting(tenant_id{0}, "name7");
  REQUIRE(read.code() == errc::catalog_error);
  CHECK(read.error().message.find("name7") != std::string::npos);
  CHECK(read.error().hint.find("varve rebuild-catalog") != std::string::npos);
}

TEST_CASE("a catalog of which only the log is left is not taken for an empty directory") {
  temp_dir dir("catalog");
  set(*open(dir), "a", "1", durability::synced);
  REQUIRE(files(dir, "", ".sst").empty());
  std::filesystem::remove(dir / "CURRENT");
  auto opened = open_rocksdb_catalog(dir.string(), catalog_mode::read_write);
  REQUIRE(opened.code() == errc::catalog_error);
  CHECK(opened.error().message.find("CURRENT is gone") != std::string::npos);
}

TEST_CASE("where no file can be opened the catalog is not called damaged") {
  temp_dir dir("catalog");
  make_catalog(dir);
  std::filesystem::create_directory(dir / "empty");
  auto refused = [&](const std::string& directory) {
    auto opened = [&] {
      no_more_files limit;
      return open_rocksdb_catalog(directory, catalog_mode::read_write);
    }();
    REQUIRE_FALSE(opened.ok());
    INFO(opened.error().to_string());
    CHECK(opened.code() == errc::io_error);
    CHECK(opened.error().message.find("Too many open files") != std::string::npos);
    CHECK(opened.error().hint.find("rebuild-catalog") == std::string::npos);
    return opened.error().message;
  };
  CHECK(refused(dir.string()).find(dir.string()) != std::string::npos);
  CHECK(refused((dir / "new").string()).find(dir.string()) !=
        std::string::npos); // its entry cannot be synced
  CHECK(refused((dir / "empty").string()).find("list catalog directory") != std::string::npos);
  CHECK(get(*open(dir), "name7") == std::string(50, 'v'));
}

TEST_CASE("a directory that cannot be looked into is an error, not a place without a catalog") {
  temp_dir dir("catalog");
  std::filesystem::create_symlink("loop", dir / "loop");
  auto opened = open_rocksdb_catalog((dir / "loop").string(), catalog_mode::read_only);
  REQUIRE(opened.code() == errc::io_error);
  CHECK(opened.error().message.find("look into catalog directory " + (dir / "loop").string()) !=
        std::string::npos);
}

TEST_CASE("a catalog without a MiB of room is no_space and says how much there is") {
  temp_dir dir("catalog");
  std::filesystem::create_directory(dir / "small");
  test::tmpfs_mount small(dir / "small", 512 << 10);
  SKIP_UNLESS(small.mounted(), small.why());
  auto opened = open_rocksdb_catalog((dir / "small" / "catalog").string(), catalog_mode::read_write);
  REQUIRE(opened.code() == errc::no_space);
  CHECK(opened.error().message.find("bytes are free") != std::string::npos);
}

TEST_CASE("a directory is named from where the process stands, too") {
  temp_dir dir("catalog");
  struct standing {
    std::filesystem::path before = std::filesystem::current_path();
    explicit standing(const std::filesystem::path& there) { std::filesystem::current_path(there); }
    ~standing() { std::filesystem::current_path(before); }
  } here(dir.path());
  set(*open_rocksdb_catalog("catalog", catalog_mode::read_write).value(), "a", "1", durability::synced);
  CHECK(get(*open_rocksdb_catalog((dir / "catalog").string(), catalog_mode::read_only).value(), "a") == "1");
}

TEST_CASE("opening many times leaves few files behind") {
  temp_dir dir("catalog");
  for (int i = 0; i < 30; ++i)
    set(*open(dir), "a", std::to_string(i), durability::buffered);
  CHECK(files(dir, "LOG", "").size() <= 3);
  // What an opening leaves is deleted in the background, or by a later one.
  bool few = false;
  for (int i = 0; i < 60 && !few; ++i) {
    CHECK(get(*open(dir), "a") == "29");
    few = files(dir, "", "").size() < 20;
  }
  CHECK(few);
}
