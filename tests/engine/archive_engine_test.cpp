#include "engine/archive_engine_impl.hpp"
#include "engine/destination/destination.hpp"
#include "engine/reader/restore_reader.hpp"
#include "engine/reader/verify.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <thread>

using namespace varve;
using varve::test::temp_dir;

namespace {

constexpr tenant_id shop{1001};
constexpr stream_id first{1}, second{2};

/// An engine on a directory, with a destination beside it, and a host that counts its log.
struct host {
  temp_dir dir;
  std::string data = dir.path() / "data";
  std::string uri = "file://" + (dir.path() / "archive").string();
  std::unique_ptr<archive_engine> engine;
  archive_options options;

  host() { options.data_directory = data; }

  void open() {
    auto opened = archive_engine::open(options);
    INFO((opened.ok() ? "" : opened.error().to_string()));
    REQUIRE(opened.ok());
    engine = std::move(*opened);
  }
  void run(std::string_view text) {
    auto done = engine->execute(text);
    INFO(text << ": " << (done.ok() ? "" : done.error().to_string()));
    REQUIRE(done.ok());
  }
  void begin() {
    open();
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    run("ALTER SYSTEM ARCHIVELOG");
  }
  std::unique_ptr<log_stream> stream(stream_id id, stream_options how = {}) {
    auto opened = engine->open_stream(shop, id, how);
    REQUIRE(opened.ok());
    return std::move(*opened);
  }
  std::string status() {
    auto rows = engine->query("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
    REQUIRE(rows.ok());
    return rows->rows.empty() ? "" : rows->rows[0][0].value_or("NULL");
  }
  /// "lsn:payload" of everything a restore gives.
  std::vector<std::string> restored(restore_options how = {}) {
    how.tenant = shop;
    auto where = open_destination(*parse_destination_uri(uri), open_mode::read_only, "test");
    REQUIRE(where.ok());
    auto reader = restore_reader::open(*where, how);
    INFO((reader.ok() ? "" : reader.error().to_string()));
    REQUIRE(reader.ok());
    std::vector<std::string> all;
    for (;;) {
      auto batch = (*reader)->next();
      INFO((batch.ok() ? "" : batch.error().to_string()));
      REQUIRE(batch.ok());
      if (!*batch)
        return all;
      for (auto& entry : (*batch)->entries)
        all.push_back(std::to_string(entry.lsn) + ":" + std::string(as_text(entry.payload)));
    }
  }
};

append_answer put(log_stream& to, lsn at, scn when, std::string_view text) {
  return to.append({at, at + text.size(), when, as_bytes(text)});
}

/// A catalog in memory whose writes fail when it is told so.
class failing_catalog final : public catalog {
public:
  failing_catalog(const change_set& first, const std::atomic<bool>& fails) : fails_(fails) {
    REQUIRE(inner_->apply(first, durability::synced).ok());
  }
  std::shared_ptr<const catalog_snapshot> snapshot() const override { return inner_->snapshot(); }
  status apply(const change_set& changes, varve::durability how) override {
    if (fails_)
      return fail(errc::catalog_error, "write catalog: the medium is gone");
    return inner_->apply(changes, how);
  }

private:
  std::unique_ptr<catalog> inner_ = make_memory_catalog();
  const std::atomic<bool>& fails_;
};

/// An engine over a catalog of the test's.
std::unique_ptr<archive_engine> open_over(std::unique_ptr<catalog> where, archive_options options) {
  auto lock = directory_lock::take(options.data_directory);
  REQUIRE(lock.ok());
  auto environment = system_environment(options);
  auto made = archive_engine_impl::open(std::move(options), std::move(*lock), std::move(where), environment);
  REQUIRE(made.ok());
  return std::move(*made);
}

/// Asks the engine in return, as a host may.
struct error_listener : archive_listener {
  archive_engine* engine = nullptr;
  std::mutex mutex;
  std::condition_variable told;
  std::vector<std::string> errors;
  errc asked = errc::closed;

  void on_error(const error& why) override {
    auto answer = engine->query("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG").code();
    std::lock_guard lock{mutex};
    asked = answer;
    errors.push_back(why.message);
    told.notify_all();
  }
  bool heard() {
    std::unique_lock lock{mutex};
    return told.wait_for(lock, std::chrono::seconds(60), [&] { return !errors.empty(); });
  }
};

} // namespace

TEST_CASE("what flush calls durable is restored, in order, once") {
  host h;
  h.begin();
  auto s = h.stream(first);
  CHECK(put(*s, 0, 100, "hello").outcome == append_outcome::accepted);
  CHECK(put(*s, 5, 101, "world").outcome == append_outcome::accepted);
  auto durable = s->flush().get();
  INFO((durable.outcome.ok() ? "" : durable.outcome.error().to_string()));
  REQUIRE(durable.outcome.ok());
  CHECK(durable.position.next_lsn == 10);
  CHECK(s->archived_position().next_lsn == 10);
  CHECK(h.restored() == std::vector<std::string>{"0:hello", "5:world"});
  CHECK(h.status() == "DOING");
}

TEST_CASE("archiving goes on after a reopen where it stood") {
  host h;
  h.begin();
  {
    auto s = h.stream(first);
    put(*s, 0, 100, "hello");
    REQUIRE(s->flush().get().outcome.ok());
  }
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  h.open();
  auto s = h.stream(first);
  CHECK(s->resume_lsn() == stream_position{5, 100});
  CHECK(put(*s, 5, 101, "again").outcome == append_outcome::accepted);
  REQUIRE(s->flush().get().outcome.ok());
  CHECK(h.restored() == std::vector<std::string>{"0:hello", "5:again"});
}

TEST_CASE("NOARCHIVELOG seals the piece and a later ARCHIVELOG is a new round") {
  host h;
  h.begin();
  auto s = h.stream(first);
  put(*s, 0, 100, "hello");
  REQUIRE(s->flush().get().outcome.ok());
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.status() == "STOP");
  CHECK(put(*s, 5, 101, "lost").outcome == append_outcome::not_archiving);
  auto again = h.engine->execute("ALTER SYSTEM NOARCHIVELOG");
  CHECK(again.code() == errc::already_no_archive);
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 50, 200, "later").outcome == append_outcome::accepted);
  auto durable = s->flush().get();
  INFO((durable.outcome.ok() ? "" : durable.outcome.error().to_string()));
  REQUIRE(durable.outcome.ok());
  auto rounds =
      h.engine->query("SELECT LOG_ARCHIVE_ROUND FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
  CHECK(rounds->rows[0][0].value_or("NULL") == "2");
  CHECK(h.restored() == std::vector<std::string>{"50:later"});
  restore_options old;
  old.round = round_id{1};
  CHECK(h.restored(old) == std::vector<std::string>{"0:hello"});
}

TEST_CASE("a gap, a conflict, an SCN that goes back and a large entry are refused and take nothing") {
  host h;
  h.options.entry_bytes_max = 1000;
  h.begin();
  auto s = h.stream(first);
  put(*s, 0, 100, "hello");
  auto gap = put(*s, 7, 101, "x");
  CHECK(gap.failed.code == errc::lsn_gap);
  CHECK(gap.expected_lsn == 5);
  CHECK(put(*s, 0, 100, "hello").outcome == append_outcome::repeated);
  CHECK(put(*s, 0, 100, "HELLO").failed.code == errc::lsn_conflict);
  CHECK(put(*s, 3, 100, "loxyz").failed.code == errc::lsn_conflict);
  CHECK(put(*s, 5, 99, "x").failed.code == errc::scn_goes_back);
  CHECK(put(*s, 5, 101, std::string(1001, 'x')).failed.code == errc::entry_too_large);
  CHECK(put(*s, 5, 101, "after").outcome == append_outcome::accepted);
  REQUIRE(s->advance(500).ok());
  CHECK(put(*s, 10, 400, "x").failed.code == errc::scn_goes_back);
  REQUIRE(s->flush().get().outcome.ok());
  CHECK(h.restored() == std::vector<std::string>{"0:hello", "5:after"});
}

TEST_CASE("a repeat of the last committed block is compared with what was archived") {
  host h;
  h.begin();
  auto s = h.stream(first);
  put(*s, 0, 100, "hello");
  REQUIRE(s->flush().get().outcome.ok());
  auto until_known = [&](std::string_view text) {
    for (;;) {
      auto answer = put(*s, 0, 100, text);
      if (answer.outcome != append_outcome::full)
        return answer;
      std::this_thread::yield();
    }
  };
  CHECK(until_known("hello").outcome == append_outcome::repeated);
  CHECK(until_known("jello").failed.code == errc::lsn_conflict);
}

TEST_CASE("a stream and a data directory have one user at a time") {
  host h;
  h.begin();
  auto s = h.stream(first);
  CHECK(h.engine->open_stream(shop, first, {}).code() == errc::already_open);
  auto second_engine = archive_engine::open(h.options);
  REQUIRE(second_engine.code() == errc::already_open);
  CHECK(second_engine.error().message.find(std::to_string(::getpid())) != std::string::npos);
  s.reset();
  CHECK(h.engine->open_stream(shop, first, {}).ok());
}

TEST_CASE("the checkpoint is the slowest stream's, and an advance moves it") {
  host h;
  h.begin();
  auto a = h.stream(first);
  auto b = h.stream(second);
  put(*a, 0, 100, "a");
  put(*b, 0, 200, "b");
  put(*b, 1, 300, "B");
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  auto checkpoint = [&] {
    auto rows = h.engine->query("SELECT MAX_NEXT_TIME, LIMITING_STREAM FROM CDB_OB_BACKUP_ARCHIVELOG "
                                "WHERE TENANT_ID = 1001");
    REQUIRE(rows.ok());
    return rows->rows[0][1].value_or("NULL");
  };
  CHECK(checkpoint() == "1");
  REQUIRE(a->advance(1000).ok());
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  CHECK(checkpoint() == "2");
  restore_options until;
  until.until = 299;
  CHECK(h.restored(until) == std::vector<std::string>{"0:a", "0:b"});
  REQUIRE(h.engine->advance(shop, 5000).ok());
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  until.until = 5000;
  CHECK(h.restored(until) == std::vector<std::string>{"0:a", "0:b", "1:B"});
}

TEST_CASE("the checkpoint never goes back, and names the stream that would have it so") {
  host h;
  h.begin();
  auto a = h.stream(first);
  put(*a, 0, 1000, "a");
  put(*a, 1, 5000, "A");
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  auto row = [&](const std::string& column) {
    auto rows = h.engine->query("SELECT " + column + " FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
    REQUIRE(rows.ok());
    return rows->rows[0][0].value_or("NULL");
  };
  auto before = row("MAX_NEXT_TIME");
  CHECK(row("LIMITING_STREAM") == "1");
  auto b = h.stream(second); // supports nothing yet
  put(*a, 2, 9000, "x");
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  CHECK(row("MAX_NEXT_TIME") == before);
  CHECK(row("LIMITING_STREAM") == "2");
  put(*b, 0, 8000, "b");
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  CHECK(row("MAX_NEXT_TIME") > before);
  CHECK(row("LIMITING_STREAM") == "2");
}

TEST_CASE(
    "two engines on one destination: the one that is taken over is fenced and loses nothing acknowledged") {
  host one;
  one.begin();
  auto s = one.stream(first);
  put(*s, 0, 100, "hello");
  REQUIRE(s->flush().get().outcome.ok());

  // A copy of the data directory, as a fail-over host would have: same archive, same destination.
  host two;
  REQUIRE(one.engine->close().ok());
  std::filesystem::copy(one.data, two.data, std::filesystem::copy_options::recursive);
  s.reset();
  one.engine.reset();
  one.open();
  two.open();
  auto of_one = one.stream(first);
  CHECK(put(*of_one, 5, 101, "one").outcome == append_outcome::accepted);
  REQUIRE(of_one->flush().get().outcome.ok());
  auto of_two = two.stream(first);
  CHECK(put(*of_two, 5, 101, "one").outcome == append_outcome::accepted);
  CHECK(put(*of_two, 8, 102, "two").outcome == append_outcome::accepted);
  auto taken = of_two->flush().get();
  INFO((taken.outcome.ok() ? "" : taken.outcome.error().to_string()));
  REQUIRE(taken.outcome.ok());
  CHECK(put(*of_one, 8, 102, "ONE").outcome == append_outcome::accepted);
  CHECK(of_one->flush().get().outcome.code() == errc::fenced);
  CHECK(put(*of_one, 8, 102, "ONE").outcome == append_outcome::fenced);
  CHECK(one.restored() == std::vector<std::string>{"0:hello", "5:one", "8:two"});
}

TEST_CASE("an archive of many streams, blocks and segments verifies and restores") {
  host h;
  h.options.block_bytes = 4 << 10;
  h.options.segment_bytes = 1 << 20;
  h.options.sync_bytes = 64 << 10;
  h.options.budget_bytes = 16 << 20;
  h.options.entry_bytes_max = 1 << 20;
  h.begin();
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory compression=lz4_1.0'");
  std::vector<std::unique_ptr<log_stream>> streams;
  for (std::uint64_t i = 1; i <= 5; ++i)
    streams.push_back(h.stream(stream_id{i}));
  std::vector<lsn> at(5, 0);
  std::size_t count = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    auto k = i * 7919 % 5;
    std::string text =
        "entry " + std::to_string(i) + " " + std::string(i * 31 % 900, static_cast<char>('a' + i % 26));
    auto answer = streams[k]->append_wait({at[k], at[k] + text.size(), 1000 + i, as_bytes(text)});
    REQUIRE(answer.outcome == append_outcome::accepted);
    at[k] += text.size();
    ++count;
  }
  REQUIRE(h.engine->flush(shop).get().outcome.ok());
  CHECK(h.restored().size() == count);
  auto where = open_destination(*parse_destination_uri(h.uri), open_mode::read_only, "test");
  auto report = verify_archive(**where, {});
  REQUIRE(report.ok());
  for (auto& problem : report->problems)
    UNSCOPED_INFO(describe(problem));
  CHECK(report->problems.empty());
}

TEST_CASE("a catalog that cannot be written is told to the listener once; archiving goes on") {
  std::atomic<bool> fails{false};
  host h;
  error_listener listens;
  auto engine = open_over(std::make_unique<failing_catalog>(change_set{}, fails), h.options);
  listens.engine = engine.get();
  h.engine = std::move(engine);
  h.engine->set_listener(&listens);
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  REQUIRE(h.engine->register_tenant(shop, "shop").ok());
  h.run("ALTER SYSTEM ARCHIVELOG");
  auto s = h.stream(first);
  put(*s, 0, 100, "hello");
  REQUIRE(s->flush().get().outcome.ok());
  CHECK(listens.errors.empty());
  fails = true;
  put(*s, 5, 200, "world");
  REQUIRE(s->flush().get().outcome.ok());
  REQUIRE(listens.heard());
  CHECK(h.engine->execute("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'").code() ==
        errc::catalog_error);
  s.reset();
  static_cast<void>(h.engine->close());
  CHECK(listens.errors == std::vector<std::string>{"write catalog: the medium is gone"});
  CHECK(listens.asked == errc::ok);
  CHECK(h.restored() == std::vector<std::string>{"0:hello", "5:world"});
}

TEST_CASE("a tenant that is to archive and has no destination takes no log") {
  std::atomic<bool> fails{false};
  host h;
  change_set left;
  left.put(tenant_record{shop, "shop", true});
  h.engine = open_over(std::make_unique<failing_catalog>(left, fails), h.options);
  auto s = h.stream(first);
  CHECK(put(*s, 0, 100, "hello").outcome == append_outcome::not_archiving);
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'; ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 0, 100, "hello").outcome == append_outcome::accepted);
  REQUIRE(s->flush().get().outcome.ok());
}

TEST_CASE("a tenant that could not be dropped gives streams as before") {
  std::atomic<bool> fails{false};
  host h;
  change_set left;
  left.put(tenant_record{shop, "shop", false});
  h.engine = open_over(std::make_unique<failing_catalog>(left, fails), h.options);
  fails = true;
  CHECK(h.engine->drop_tenant(shop).code() == errc::catalog_error);
  CHECK(h.engine->open_stream(shop, first, {}).ok());
}

TEST_CASE("entry_bytes_max is refused where a full engine might never take such an entry, with the largest") {
  host h;
  h.options.budget_bytes = 16 << 20;
  h.options.block_bytes = 4 << 10;
  h.options.threads = 1;
  constexpr std::uint32_t largest = 2'075'648; // (16 MiB - 2 * (4 KiB + 2 slabs)) / 8 - 2 slabs
  h.options.entry_bytes_max = largest + 1;
  auto refused = archive_engine::open(h.options);
  REQUIRE(refused.code() == errc::invalid_argument);
  CHECK(refused.error().message.find("entry_bytes_max") != std::string::npos);
  CHECK(refused.error().message.find(std::to_string(largest)) != std::string::npos);

  h.options.entry_bytes_max = largest;
  h.begin();
  for (std::uint64_t other = 2000; other < 2100; ++other) // the share of each gets small
    REQUIRE(h.engine->register_tenant(tenant_id{other}, "t" + std::to_string(other)).ok());
  std::mt19937_64 random(5);
  std::string noise(largest, ' ');
  for (auto& c : noise)
    c = static_cast<char>(random());
  auto s = h.stream(first);
  auto answer = put(*s, 0, 100, noise);
  INFO(answer.failed.to_string());
  REQUIRE(answer.outcome == append_outcome::accepted);
  REQUIRE(s->flush().get().outcome.ok());
  CHECK(h.restored() == std::vector<std::string>{"0:" + noise});
}
