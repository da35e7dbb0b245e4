// What an engine goes on with when it is opened again, in whatever state the last one left.
#include "engine/data_directory.hpp"
#include "tests/harness/engine_host.hpp"
#include "tests/harness/moment_copy.hpp"

#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

TEST_CASE("a host that hands over at full speed while its tenant is taken over archives every entry once") {
  engine_host h;
  h.options.block_bytes = 4 << 10;
  h.begin();
  lsn next = 0;
  for (int life = 0; life < 12; ++life) {
    auto a = h.stream(1), b = h.stream(2);
    auto first = next;
    for (; next < first + 3000; ++next)
      for (auto* s : {a.get(), b.get()}) {
        auto text = std::to_string(next);
        auto answer = s->append({next, next + 1, 1000 + next, as_bytes(text)});
        INFO("LSN " << next << ": " << answer.failed.to_string());
        REQUIRE(answer.outcome == append_outcome::accepted);
      }
    h.flush();
    a.reset();
    b.reset();
    h.reopen();
  }
  for (std::uint64_t stream : {1U, 2U}) {
    restore_options one;
    one.stream = stream_id{stream};
    auto all = h.restored(one);
    REQUIRE(all.size() == next);
    for (lsn i = 0; i < next; ++i)
      REQUIRE(all[i] == std::to_string(stream) + "/" + std::to_string(i) + ":" + std::to_string(i));
  }
  h.verify();
}

namespace {

/// What a kill leaves of an engine that has archived "hello" and whose NOARCHIVELOG its destination did not
/// answer: opened again by h.open(), the destination still away.
void leave_stopping(engine_host& h) {
  h.options.stop_timeout = 3 * one_second;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  h.take_commits_away();
  std::thread dba{[&] { static_cast<void>(h.engine->execute("ALTER SYSTEM NOARCHIVELOG")); }};
  bool stopping = h.says("STATUS", "STOPPING");
  auto left = h.dir.path() / "left";
  moment_copy({{h.data, left}});
  dba.join();
  REQUIRE(stopping);
  s.reset();
  h.engine.reset();
  h.options.data_directory = left;
}

} // namespace

TEST_CASE("a NOARCHIVELOG that an engine did not finish is finished by the next one") {
  engine_host h;
  leave_stopping(h);
  h.bring_commits_back();
  h.open();
  while (h.column("STATUS") != "STOP")
    std::this_thread::yield();
  h.run("ALTER SYSTEM ARCHIVELOG");
  auto s = h.stream(1);
  put(*s, 6, 200, "again");
  h.flush();
  CHECK(h.restored_round(1) == strings{"1/0:hello"});
  CHECK(h.restored_round(2) == strings{"1/6:again"});
}

TEST_CASE("ARCHIVELOG for all names the tenants whose round an earlier life has not ended yet") {
  engine_host h;
  leave_stopping(h);
  h.open();
  auto done = h.engine->execute("ALTER SYSTEM ARCHIVELOG");
  REQUIRE(done.ok());
  REQUIRE(done->front().warnings.size() == 1);
  CHECK(done->front().warnings[0].find("is STOPPING") != std::string::npos);
  h.bring_commits_back();
  while (h.column("STATUS") != "STOP")
    std::this_thread::yield();
  h.run(done->front().warnings[0].substr(done->front().warnings[0].find("ALTER SYSTEM"),
                                         std::string("ALTER SYSTEM ARCHIVELOG TENANT_ID = 1001").size()));
  auto s = h.stream(1);
  put(*s, 6, 200, "again");
  h.flush();
  CHECK(h.restored_round(2) == strings{"1/6:again"});
}

TEST_CASE("NOARCHIVELOG ends although the destination is dead, which is told of it when it is back") {
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.begin("log_archive_checkpoint_interval=5s");
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  h.take_commits_away();
  put(*s, 5, 101, "given up");
  auto waiting = s->flush();
  auto stopped = h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(stopped[0].warnings.size() == 1);
  CHECK(waiting.get().outcome.code() == errc::canceled);
  CHECK(h.column("STATUS") == "STOP");
  CHECK(h.engine->flush(engine_host::shop).get().outcome.code() == errc::not_archiving);

  SECTION("by the engine that stopped it") {}
  SECTION("by the next engine") {
    s.reset();
    h.reopen();
    s = h.stream(1);
  }
  SECTION("when the next round begins, whose first entries were waiting for it") {
    h.run("ALTER SYSTEM ARCHIVELOG");
    CHECK(put(*s, 50, 300, "new").outcome == append_outcome::accepted);
    auto later = s->flush();
    h.bring_commits_back();
    auto durable = later.get_for(std::chrono::seconds(60));
    REQUIRE(durable);
    INFO((durable->outcome.ok() ? "" : durable->outcome.error().to_string()));
    CHECK(durable->outcome.ok());
    CHECK(h.column("LOG_ARCHIVE_ROUND") == "2");
    CHECK(h.column("STATUS") == "DOING");
    CHECK(h.restored_round(1) == strings{"1/0:hello"});
    CHECK(h.restored_round(2) == strings{"1/50:new"});
    h.verify();
    return;
  }
  h.bring_commits_back();
  h.run("ALTER SYSTEM ARCHIVELOG");
  put(*s, 50, 300, "new");
  h.flush();
  CHECK(h.restored_round(1) == strings{"1/0:hello"});
  CHECK(h.restored_round(2) == strings{"1/50:new"});
  h.verify();
}

TEST_CASE("a break survives a restart, also where the destination never heard of it") {
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.begin("log_archive_checkpoint_interval=5s");
  listening host;
  h.engine->set_listener(&host);
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  bool away = GENERATE(false, true);
  if (away)
    h.take_commits_away();
  REQUIRE(s->log_recycled(50).ok());
  CHECK(host.heard("interrupted"));
  CHECK(put(*s, 5, 101, "x").outcome == append_outcome::interrupted);
  auto breaks = [&] {
    return h.rows("SELECT ROUND_ID, STREAM_ID, FIRST_MISSING_LSN, OLDEST_LEFT_LSN FROM VARVE_BREAKS");
  };
  CHECK(breaks() == strings{"1 1 5 50"});
  s.reset();
  h.reopen();
  CHECK(breaks() == strings{"1 1 5 50"});
  if (away)
    h.bring_commits_back();
  CHECK(h.column("STATUS") == "INTERRUPTED");
  s = h.stream(1);
  CHECK(put(*s, 50, 102, "x").outcome == append_outcome::interrupted);
  h.flush();
  CHECK(h.column("STATUS") == "INTERRUPTED");
  CHECK(h.column("COMMENT").find("from LSN 5 to 50") != std::string::npos);
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  CHECK(put(*s, 50, 103, "new").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(breaks() == strings{"1 1 5 50"});
  CHECK(h.rows("SELECT LOG_ARCHIVE_ROUND, STATUS, COMMENT LIKE '%from LSN 5 to 50%' "
               "FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY WHERE TENANT_ID = 1001") ==
        strings{"1 STOP 1", "2 DOING 0"});
  CHECK(h.rows("SELECT TABLE_ID, START_LSN, NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS") ==
        strings{"1 50 53"});
  CHECK(h.restored_round(1) == strings{"1/0:hello"});
  CHECK(h.restored_round(2) == strings{"1/50:new"});
  s.reset();
  static_cast<void>(h.engine->close());
  h.engine.reset();
  std::filesystem::remove_all(h.data);
  REQUIRE(rebuild_catalog(h.data, h.uri).ok());
  h.open();
  CHECK(breaks() == strings{"1 1 5 50"});
}

TEST_CASE("ARCHIVELOG and NOARCHIVELOG at once leave no round behind and the next one is numbered on") {
  engine_host h;
  h.begin();
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.column("STATUS") == "STOP");
  h.run("ALTER SYSTEM ARCHIVELOG");
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  CHECK(h.restored() == strings{"1/0:hello"});
  h.verify();
}

TEST_CASE("a dropped stream that is opened again goes on where it ended") {
  engine_host h;
  h.begin();
  auto a = h.stream(1), b = h.stream(2);
  put(*a, 0, 100, "hello");
  put(*b, 0, 100, "world");
  h.flush();
  b.reset();
  REQUIRE(h.engine->drop_stream(engine_host::shop, stream_id{2}, 5).ok());
  h.flush();
  h.flush();
  auto reopened = GENERATE(false, true);
  if (reopened) {
    a.reset();
    h.reopen();
    a = h.stream(1);
  }
  b = h.stream(2);
  CHECK(b->expected_lsn() == 5);
  CHECK(put(*b, 0, 300, "WORLD").outcome != append_outcome::accepted);
  CHECK(put(*b, 5, 300, "again").outcome == append_outcome::accepted);
  put(*a, 5, 400, "more");
  h.flush();
  CHECK(h.restored() == strings{"1/0:hello", "2/0:world", "2/5:again", "1/5:more"});
  h.verify();
}

TEST_CASE("a stream that no round of this life needed does not hold back its checkpoint, nor bind it to its "
          "old log") {
  engine_host h;
  h.begin();
  auto a = h.stream(1), b = h.stream(2);
  put(*a, 0, 100, "a");
  put(*b, 0, 100, "b");
  h.flush();
  b.reset();
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  put(*a, 1, 200, "A");
  h.flush();
  a.reset();
  h.reopen();
  a = h.stream(1);
  put(*a, 2, 300, "AA");
  REQUIRE(a->advance(400).ok());
  h.flush();
  CHECK(h.column("LIMITING_STREAM") == "1");
  b = h.stream(2);
  CHECK(put(*b, 70, 500, "later").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.restored_round(2) == strings{"1/1:A", "1/2:AA", "2/70:later"});
  h.verify();
}
