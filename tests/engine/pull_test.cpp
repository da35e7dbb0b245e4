// Pull mode: a host that is asked for its log.
#include "tests/engine/stopping_host.hpp"
#include "tests/harness/moment_copy.hpp"

#include <future>
#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

/// The log of a database that keeps entries [oldest, end) of one stream, each of 10 LSNs.
class host_source : public log_source {
public:
  result<lsn> start_lsn() override {
    std::lock_guard lock{mutex_};
    ++starts_;
    return start_;
  }
  result<lsn> oldest_lsn() override {
    std::lock_guard lock{mutex_};
    return oldest_;
  }
  result<batch> read(lsn from, std::size_t bytes_max) override {
    std::unique_lock lock{mutex_};
    asked_.push_back(from);
    changed_.notify_all();
    inside_ = true;
    changed_.wait(lock, [&] { return !blocks_ || from < end(); });
    inside_ = false;
    if (failing_)
      return *failing_;
    if (from < oldest_)
      return fail(errc::entry_not_exist, "segment " + std::to_string(oldest_ / 10 - 1) + " was recycled");
    given_.clear();
    batch made;
    std::size_t bytes = 0;
    for (auto i = from / 10; i < log_.size() && bytes < bytes_max && given_.size() < 100; ++i) {
      given_.push_back(log_[i]);
      bytes += log_[i].second.size();
    }
    for (std::size_t i = 0; i < given_.size(); ++i)
      made.entries.push_back(
          {from + 10 * i, from + 10 * i + 10, given_[i].first, as_bytes(given_[i].second)});
    if (from / 10 + given_.size() == log_.size())
      made.nothing_before = quiet_until_;
    return made;
  }

  void write(std::size_t count, std::size_t size = 0) {
    std::lock_guard lock{mutex_};
    write_locked(count, size);
  }
  /// Writes, and recycles below `oldest` before anybody could read it.
  void write_and_lose(std::size_t count, lsn oldest) {
    std::lock_guard lock{mutex_};
    write_locked(count, 0);
    oldest_ = oldest;
  }
  void recycle_below(lsn oldest) {
    std::lock_guard lock{mutex_};
    oldest_ = oldest;
  }
  void replay_from(lsn start) {
    std::lock_guard lock{mutex_};
    start_ = start;
  }
  void say_quiet_until(scn upto) {
    std::lock_guard lock{mutex_};
    quiet_until_ = upto;
  }
  void fail_with(std::optional<error> why) {
    std::lock_guard lock{mutex_};
    failing_ = std::move(why);
  }
  /// A read at the end waits for more instead of giving nothing.
  void block_at_end(bool blocks) {
    std::lock_guard lock{mutex_};
    blocks_ = blocks;
    changed_.notify_all();
  }

  lsn end() const { return 10 * log_.size(); }
  std::vector<lsn> asked() {
    std::lock_guard lock{mutex_};
    return asked_;
  }
  unsigned starts() {
    std::lock_guard lock{mutex_};
    return starts_;
  }
  bool is_inside_a_read() {
    std::lock_guard lock{mutex_};
    return inside_;
  }
  /// Waits until it was asked for log from `from` on so often; false: it was not within a generous time.
  bool is_asked(lsn from, std::ptrdiff_t times = 1) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return std::count(asked_.begin(), asked_.end(), from) >= times; });
  }
  /// As a restore must give entries [from, to).
  strings texts(lsn from, lsn to) {
    std::lock_guard lock{mutex_};
    strings all;
    for (; from < to; from += 10)
      all.push_back("1/" + std::to_string(from) + ":" + log_[from / 10].second);
    return all;
  }

private:
  void write_locked(std::size_t count, std::size_t size) {
    for (; count > 0; --count) {
      auto text = std::to_string(end());
      text.resize(std::max(size, text.size()), 'x');
      log_.emplace_back(100 + log_.size(), text);
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<scn, std::string>> log_, given_;
  std::vector<lsn> asked_;
  lsn start_ = 0, oldest_ = 0;
  scn quiet_until_ = 0;
  bool blocks_ = false, inside_ = false;
  unsigned starts_ = 0;
  std::optional<error> failing_;
};

stream_options from(host_source& source) {
  stream_options how;
  how.source = &source;
  return how;
}

void archived_upto(log_stream& stream, lsn end) {
  auto until = std::chrono::seconds(60);
  auto durable = stream.flush().get_for(until);
  REQUIRE(durable);
  INFO((durable->outcome.ok() ? "" : durable->outcome.error().to_string()));
  REQUIRE(durable->outcome.ok());
  REQUIRE(durable->position.next_lsn == end);
}

} // namespace

TEST_CASE("everything that a source has is archived, and what it gets later, too") {
  host_source source;
  engine_host h;
  h.begin();
  source.write(1000, 5000);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(10'000));
  archived_upto(*s, 10'000);
  CHECK(h.restored() == source.texts(0, 10'000));
  source.write(500);
  REQUIRE(source.is_asked(15'000));
  archived_upto(*s, 15'000);
  CHECK(h.restored() == source.texts(0, 15'000));
  h.verify();
}

TEST_CASE("a source that waits inside a read holds up nobody but its stream") {
  host_source source;
  engine_host h;
  h.options.threads = 1;
  h.begin();
  source.block_at_end(true);
  source.write(3);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(30));
  auto other = h.stream(2);
  put(*other, 0, 200, "pushed");
  h.flush();
  CHECK(h.restored() == strings{"1/0:0", "1/10:10", "1/20:20", "2/0:pushed"});
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.column("STATUS") == "STOP");
  h.run("ALTER SYSTEM ARCHIVELOG");
  source.write(1);
  REQUIRE(source.is_asked(40));
  put(*other, 6, 300, "again");
  archived_upto(*s, 40);
  CHECK(h.restored_round(2).back() == "2/6:again");
  source.block_at_end(false);
}

TEST_CASE("a source is read from its replay point on, and from nowhere before ARCHIVELOG") {
  host_source source;
  source.write(10);
  source.replay_from(40);
  engine_host h;
  h.open();
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  REQUIRE(h.engine->register_tenant(engine_host::shop, "shop").ok());
  auto s = h.stream(1, from(source));
  CHECK(h.engine->flush(engine_host::shop).get().outcome.code() == errc::not_archiving);
  CHECK(source.asked().empty());
  h.run("ALTER SYSTEM ARCHIVELOG");
  REQUIRE(source.is_asked(100));
  archived_upto(*s, 100);
  CHECK(h.restored() == source.texts(40, 100));
  CHECK(source.starts() == 1);
}

TEST_CASE("what a source says will not come moves the checkpoint of a quiet stream") {
  host_source source;
  engine_host h;
  h.begin();
  source.write(1);
  source.say_quiet_until(5'000'000);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(10, 2)); // what the first answer said has been taken
  h.flush();
  CHECK(h.column("MAX_NEXT_TIME") == "1970-01-01 00:00:00.005000");
}

TEST_CASE("log that a source recycled before it was archived interrupts the round, which says what is gone") {
  host_source source;
  engine_host h;
  listening host;
  h.begin();
  h.engine->set_listener(&host);
  source.write(5);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(50));
  archived_upto(*s, 50);
  source.write_and_lose(5, 80);
  CHECK(host.heard("interrupted"));
  CHECK(h.column("STATUS") == "INTERRUPTED");
  auto comment = h.column("COMMENT");
  INFO(comment);
  CHECK(comment.find("stream 1: log from LSN 50 to 80 is gone") != std::string::npos);
  CHECK(comment.find("segment 7 was recycled") != std::string::npos);
  CHECK(h.restored() == source.texts(0, 50));
  // The way back: a new round, from where the host can replay.
  source.replay_from(80);
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  REQUIRE(source.is_asked(100));
  archived_upto(*s, 100);
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.restored_round(2) == source.texts(80, 100));
}

TEST_CASE("a source that fails is named in COMMENT, asked again, and forgiven") {
  host_source source;
  engine_host h;
  h.begin();
  source.write(5);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(50));
  archived_upto(*s, 50);
  source.fail_with(fail(errc::io_error, "cannot read redo file 7"));
  CHECK(h.says("COMMENT", "cannot read redo file 7"));
  CHECK(h.column("COMMENT").find("stream 1") != std::string::npos);
  CHECK(h.column("STATUS") == "DOING");
  source.write(5);
  source.fail_with({});
  REQUIRE(source.is_asked(100));
  archived_upto(*s, 100);
  CHECK(h.column("COMMENT") == "");
  CHECK(h.restored() == source.texts(0, 100));
}

TEST_CASE("a source that fails before it said where its log begins is named while the round waits for it") {
  host_source source;
  engine_host h;
  h.begin();
  source.fail_with(fail(errc::io_error, "cannot read redo file 7"));
  auto s = h.stream(1, from(source));
  CHECK(h.says("COMMENT", "cannot read redo file 7"));
  CHECK(h.column("STATUS") == "BEGINNING");
}

TEST_CASE("an engine that is opened again asks its source from where the archive ends") {
  host_source source;
  engine_host h;
  h.begin();
  source.write(5);
  {
    auto s = h.stream(1, from(source));
    REQUIRE(source.is_asked(50));
    archived_upto(*s, 50);
  }
  auto before = source.asked().size();
  source.recycle_below(50); // nobody needs it any more
  h.reopen();
  source.write(5);
  auto s = h.stream(1, from(source));
  CHECK(s->resume_lsn().next_lsn == 50);
  REQUIRE(source.is_asked(100));
  archived_upto(*s, 100);
  auto asked = source.asked();
  for (auto i = before; i < asked.size(); ++i)
    CHECK(asked[i] >= 50);
  CHECK(source.starts() == 1);
  CHECK(h.restored() == source.texts(0, 100));
}

// What the host let go it was told is archived, and the catalog learns that later: a kill in between left an
// engine that expected log which nobody has, or needs, any more, and interrupted the round for it.
TEST_CASE("log that was archived and let go is not missed by an engine whose catalog is behind") {
  host_source source;
  engine_host h;
  h.begin();
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
  auto left = h.dir.path() / "left";
  bool pulled = GENERATE(true, false);
  auto open = [&] { return pulled ? h.stream(1, from(source)) : h.stream(1); };
  auto write = [&](log_stream& to) {
    auto at = source.end();
    source.write(5);
    if (pulled)
      REQUIRE(source.is_asked(source.end()));
    for (; !pulled && at < source.end(); at += 10) {
      auto text = std::to_string(at);
      REQUIRE(to.append({at, at + 10, 100 + at / 10, as_bytes(text)}).outcome == append_outcome::accepted);
    }
  };
  {
    auto s = open();
    write(*s);
    archived_upto(*s, 50);
    h.rows("SELECT 1"); // the catalog has written what waited
    moment_copy({{h.data, left}});
    write(*s);
    archived_upto(*s, 100);
    CHECK(s->recyclable_lsn() == 100);
  }
  static_cast<void>(h.engine->close());
  h.engine.reset();
  h.options.data_directory = left;
  source.recycle_below(100);
  h.open();
  auto s = open();
  if (!pulled) {
    REQUIRE(s->expected_lsn() == 50);
    REQUIRE(s->log_recycled(100).ok());
    REQUIRE(h.eventually([&] { return s->expected_lsn() == 100; }));
  }
  write(*s);
  archived_upto(*s, 150);
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.rows("SELECT * FROM VARVE_BREAKS").empty());
  CHECK(h.restored() == source.texts(0, 150));
  h.verify();
}

TEST_CASE("a source is not called any more once its stream or its engine is closed") {
  host_source source, other;
  engine_host h, another;
  another.begin();
  h.begin();
  source.write(5);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(50));
  bool by_engine = GENERATE(false, true);
  if (by_engine)
    CHECK(h.engine->close().ok());
  s.reset();
  auto calls = source.asked().size();
  source.write(5);
  // In this time, one that is still read is asked again.
  auto t = another.stream(1, from(other));
  CHECK(other.is_asked(0, 5));
  CHECK(source.asked().size() == calls);
  if (by_engine)
    return;
  s = h.stream(1);
  CHECK(s->expected_lsn() == 50);
  CHECK(put(*s, 50, 500, "pushed").outcome == append_outcome::accepted);
}

// A destructor that found the engine closed did not ask the puller to stop, which goes on as long as close()
// waits for the last flush: the host freed its source under a read.
TEST_CASE("a stream that is closed while its engine is being closed waits for the read under way") {
  host_source source;
  stopping_host h;
  h.options.stop_timeout = one_minute;
  h.begin();
  source.block_at_end(true);
  source.write(5);
  auto s = h.stream(1, from(source));
  REQUIRE(source.is_asked(50));
  auto closing = std::async(std::launch::async, [&] {
    h.clock.stop_this_thread();
    return h.engine->close().ok();
  });
  CHECK(h.clock.wait_until_it_stands());
  CHECK(source.is_inside_a_read());
  h.on_wait = [&] { source.block_at_end(false); }; // the destructor, for the puller
  s.reset();
  CHECK_FALSE(source.is_inside_a_read());
  source.block_at_end(false);
  h.clock.let_go();
  CHECK(closing.get());
}
