// Real file systems that are full, write-protected or gone, under a real engine. They need the right to
// mount: where that is missing, a test is skipped.
#include "tests/harness/engine_host.hpp"
#include "tests/harness/made_bytes.hpp"
#include "tests/harness/skip.hpp"
#include "tests/harness/tmpfs_mount.hpp"

#include <array>
#include <atomic>
#include <sched.h>
#include <sys/mount.h>
#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

/// What this program mounts is its own: nobody else sees it, and it is gone when the program is, however that
/// ends. Before anything starts a thread, for it holds for those that come after.
[[maybe_unused]] const bool own_mounts =
    ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;

constexpr std::uint64_t mib = 1 << 20;

std::string large_text(lsn at) {
  return noise(64 << 10, at + 1);
}

/// Hands log over from LSN 0 on, at full speed, until it is told to stop. What is not accepted comes again.
class busy_host {
public:
  busy_host(log_stream& to, lsn end, std::function<std::string(lsn)> text_of)
      : thread_([this, &to, end, text_of = std::move(text_of)] {
          for (lsn at = 0; at < end && !stopping_;) {
            auto text = text_of(at);
            auto answer = to.append({at, at + 1, 1000 + at, as_bytes(text)});
            ++outcomes_[static_cast<std::size_t>(answer.outcome)];
            if (answer.outcome != append_outcome::accepted) {
              std::this_thread::yield();
              continue;
            }
            accepted_ = ++at;
            if (at % 32 == 1)
              static_cast<void>(to.flush()); // so that much is acknowledged when the disk is full
          }
        }) {}
  ~busy_host() { stop(); }
  /// How far it came.
  lsn stop() {
    stopping_ = true;
    if (thread_.joinable())
      thread_.join();
    return accepted_;
  }
  bool accepted(lsn upto) {
    return engine_host::eventually([&] { return accepted_ >= upto; });
  }
  bool was_told(append_outcome what) {
    return engine_host::eventually([&] { return outcomes_[static_cast<std::size_t>(what)] > 0; });
  }
  /// Nothing but accepted and full.
  bool was_only_held() const {
    std::uint64_t sum = 0;
    for (auto& each : outcomes_)
      sum += each;
    return sum == outcomes_[static_cast<std::size_t>(append_outcome::accepted)] +
                      outcomes_[static_cast<std::size_t>(append_outcome::full)];
  }

private:
  std::atomic<bool> stopping_{false};
  std::atomic<lsn> accepted_{0};
  std::array<std::atomic<std::uint64_t>, 7> outcomes_{};
  std::thread thread_;
};

/// Entries [0, upto) of stream 1 come back, whole and equal, and whatever follows them.
void check_restored(engine_host& h, lsn upto) {
  auto all = h.restored();
  REQUIRE(all.size() >= upto);
  for (lsn at = 0; at < all.size(); ++at) {
    bool equal = all[at] == "1/" + std::to_string(at) + ":" + large_text(at);
    INFO("LSN " << at);
    REQUIRE(equal);
  }
}

/// Fills a file system to the last byte.
void fill(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary | std::ios::app);
  std::string page(4096, 'x');
  while (out.write(page.data(), static_cast<std::streamsize>(page.size())) && out.flush()) {
  }
}

/// A directory mounted over another one: what lies in it outlives the mount.
class bind_mount {
public:
  bind_mount(std::filesystem::path what, std::filesystem::path where)
      : what_(std::move(what)), where_(std::move(where)) {
    mount();
  }
  ~bind_mount() { unmount(); }
  bind_mount(const bind_mount&) = delete;
  bind_mount& operator=(const bind_mount&) = delete;
  bool mounted() const { return is_there_; }
  void mount() { is_there_ = ::mount(what_.c_str(), where_.c_str(), nullptr, MS_BIND, nullptr) == 0; }
  bool unmount() { return std::exchange(is_there_, false) && ::umount2(where_.c_str(), MNT_DETACH) == 0; }

private:
  const std::filesystem::path what_, where_;
  bool is_there_ = false;
};

std::string mode_of_case() {
  return GENERATE(as<std::string>{}, "mandatory", "optional");
}

} // namespace

TEST_CASE(
    "a destination that its log fills up: the host is held, nothing is lost, and it goes on with room") {
  engine_host h;
  listening told;
  std::filesystem::create_directory(h.archive);
  tmpfs_mount small(h.archive, 32 * mib);
  SKIP_UNLESS(small.mounted(), small.why());
  h.options.budget_bytes = 16 * mib;
  h.options.entry_bytes_max = 256 << 10;
  h.options.segment_bytes = 4 * mib;
  h.options.sync_bytes = 1 * mib;
  auto mode = mode_of_case();
  h.begin();
  h.engine->set_listener(&told);
  h.run("ALTER SYSTEM SET backup_log_archive_option = '" + mode + "'");
  auto s = h.stream(1);
  lsn durable = 0;
  {
    constexpr lsn all = 800; // 50 MiB
    busy_host host(*s, all, large_text);
    REQUIRE(h.says("COMMENT", "VARVE_NO_SPACE"));
    REQUIRE(host.was_told(append_outcome::full));
    CHECK(h.column("STATUS") == "DOING");
    durable = s->archived_position().next_lsn;
    CHECK(s->recyclable_lsn() == (mode == "mandatory" ? durable : lsn_max));
    // As it stands now, full as it is.
    check_restored(h, durable);
    h.verify();
    REQUIRE(small.resize(128 * mib));
    REQUIRE(host.accepted(all));
    CHECK(host.was_only_held());
  }
  h.flush();
  CHECK(h.column("COMMENT") == "");
  check_restored(h, 800);
  CHECK(h.restored().size() == 800);
  h.verify();
}

TEST_CASE("a catalog on a full file system: the archive goes on, and the next open has a catalog again") {
  engine_host h;
  auto disk = h.dir.path() / "disk";
  std::filesystem::create_directory(disk);
  tmpfs_mount small(disk, 32 * mib);
  SKIP_UNLESS(small.mounted(), small.why());
  h.options.data_directory = h.data = (disk / "data").string();
  bool both = GENERATE(false, true);
  if (both) {
    h.archive = disk / "archive";
    h.uri = "file://" + h.archive.string();
  }
  h.begin();
  auto s = h.stream(1);
  lsn at = 0;
  auto hand_over = [&](lsn from) {
    auto text = large_text(from);
    append_answer answer;
    // Memory comes back as the destination takes what was handed over, and a slow machine may be behind.
    engine_host::eventually([&] {
      answer = s->append({from, from + 1, 1000 + from, as_bytes(text)});
      return answer.outcome != append_outcome::full;
    });
    INFO(answer.failed.to_string());
    return answer.outcome;
  };
  auto next = [&] { REQUIRE(hand_over(at++) == append_outcome::accepted); };
  next();
  h.flush();
  auto durable = at;
  fill(disk / "ballast");
  // Statements and views fail once the catalog could not write.
  std::string long_name(2'000, 'z');
  bool refused = engine_host::eventually([&] {
    return h.engine->execute("ALTER SYSTEM SET backup_zone = '" + long_name + "'").code() ==
           errc::catalog_error;
  });
  REQUIRE(refused);
  next();
  auto waiting = s->flush();
  if (!both) {
    // The destination has room, and needs no catalog.
    auto answer = waiting.get_for(std::chrono::seconds(60));
    REQUIRE(answer);
    CHECK(answer->outcome.ok());
    durable = at;
  }
  check_restored(h, durable);
  h.verify();
  if (both) // after all that time
    CHECK_FALSE(waiting.get_for(std::chrono::seconds(0)));
  std::filesystem::remove(disk / "ballast");
  auto answer = waiting.get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(h.engine->query("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG").code() ==
        errc::catalog_error); // as long as this engine is open
  next();
  h.flush();
  s.reset();
  h.reopen();
  s = h.stream(1);
  // Its catalog is behind, so what it expects is an estimate, which is no more than what is archived.
  auto expected = s->expected_lsn();
  CHECK(expected <= at);
  for (auto again = expected; again < at; ++again) {
    auto outcome = hand_over(again); // the takeover may know meanwhile that it is there
    REQUIRE((outcome == append_outcome::accepted || outcome == append_outcome::repeated));
  }
  next();
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.rows("SELECT NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS") == strings{std::to_string(at)});
  check_restored(h, at);
  CHECK(h.restored().size() == at);
  h.verify();
}

TEST_CASE(
    "a destination that is remounted read-only is said to be, interrupts nothing, and is gone on with") {
  engine_host h;
  listening told;
  std::filesystem::create_directory(h.archive);
  tmpfs_mount disk(h.archive, 32 * mib);
  SKIP_UNLESS(disk.mounted(), disk.why());
  std::atomic<unix_ns> time{1'700'000'000 * one_second};
  h.options.now = [&] { return time.load(); };
  h.options.stop_timeout = 100 * one_ms;
  auto mode = mode_of_case();
  h.begin("log_archive_checkpoint_interval=5s");
  h.engine->set_listener(&told);
  h.run("ALTER SYSTEM SET backup_log_archive_option = '" + mode + "'");
  auto s = h.stream(1);
  put(*s, 0, 100, "before");
  h.flush();
  // A file that is open for writing keeps a file system writable: an idle tenant has none after a while.
  REQUIRE(engine_host::eventually([&] {
    time += one_second;
    return disk.protect();
  }));
  put(*s, 6, 101, "meanwhile");
  auto waiting = s->flush();
  CHECK(h.says("COMMENT", "Read-only file system"));
  time += one_hour;
  CHECK(h.says("COMMENT", "(for 1h"));
  CHECK(h.column("STATUS") == "DOING");
  CHECK(put(*s, 15, 102, "more").outcome == append_outcome::accepted);
  CHECK_FALSE(waiting.get_for(std::chrono::seconds(0)));
  CHECK(h.restored() == strings{"1/0:before"});
  h.verify();
  // A restart changes nothing of that.
  if (mode == "optional") {
    s.reset();
    h.reopen();
    h.engine->set_listener(&told);
    s = h.stream(1);
    CHECK(put(*s, 6, 101, "meanwhile").outcome == append_outcome::accepted);
    waiting = s->flush();
    CHECK(h.says("COMMENT", "Read-only file system"));
    CHECK(put(*s, 15, 102, "more").outcome == append_outcome::accepted);
  }
  REQUIRE(disk.unprotect());
  auto answer = waiting.get_for(std::chrono::seconds(60));
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.column("COMMENT") == "");
  CHECK(h.rows("SELECT * FROM VARVE_BREAKS").empty());
  CHECK(h.restored() == strings{"1/0:before", "1/6:meanwhile", "1/15:more"});
  h.verify();
}

TEST_CASE(
    "a destination that is unmounted in the middle gets nothing in its place, and goes on when mounted") {
  engine_host h;
  auto store = h.dir.path() / "store";
  std::filesystem::create_directory(store);
  std::filesystem::create_directory(h.archive);
  bind_mount disk(store, h.archive);
  SKIP_UNLESS(disk.mounted(), "mounting is not possible here");
  h.begin("log_archive_checkpoint_interval=5s");
  h.run("ALTER SYSTEM SET backup_log_archive_option = '" + mode_of_case() + "'");
  auto s = h.stream(1);
  auto short_text = [](lsn at) { return std::to_string(at); };
  busy_host host(*s, lsn_max, short_text); // log comes all the time
  auto below = [&] { return std::distance(std::filesystem::directory_iterator(h.archive), {}); };
  REQUIRE(host.accepted(1)); // else there is no round yet
  for (int time = 0; time < 3; ++time) {
    h.flush();
    CHECK(below() > 0);
    REQUIRE(disk.unmount());
    auto waiting = s->flush();
    CHECK(h.says("COMMENT", "unmounted or replaced"));
    CHECK(h.column("STATUS") == "DOING");
    CHECK(below() == 0);
    disk.mount();
    REQUIRE(disk.mounted());
    auto answer = waiting.get_for(std::chrono::seconds(60));
    REQUIRE(answer);
    CHECK(answer->outcome.ok());
  }
  auto end = host.stop();
  h.flush();
  CHECK(h.column("COMMENT") == "");
  auto all = h.restored();
  REQUIRE(all.size() == end);
  for (lsn at = 0; at < end; ++at)
    REQUIRE(all[at] == "1/" + std::to_string(at) + ":" + short_text(at));
  h.verify();
  REQUIRE(disk.unmount());
  CHECK(below() == 0);
}
