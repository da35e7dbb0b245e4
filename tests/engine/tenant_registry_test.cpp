// Tenants that come and go.
#include "catalog/catalog.hpp"
#include "engine/reader/committed_state.hpp"
#include "tests/engine/stopping_host.hpp"
#include "tests/harness/engine_host.hpp"

#include <future>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

constexpr auto running = "SELECT TENANT_ID, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG";
constexpr auto history = "SELECT TENANT_ID, LOG_ARCHIVE_ROUND, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY "
                         "WHERE TENANT_ID > 1";

/// One tenant with an entry, archived; its stream is closed again.
struct archived_entry : engine_host {
  archived_entry() {
    options.stop_timeout = 200 * one_ms;
    begin("log_archive_piece_switch_interval=1d");
    write(0, 100);
  }
  void write(lsn at, scn when) {
    auto s = stream(1);
    CHECK(put(*s, at, when, "x").outcome == append_outcome::accepted);
    flush();
  }
};

} // namespace

TEST_CASE("tenant registry: a dropped tenant ends its round and leaves what runs, not what is archived") {
  archived_entry h;
  constexpr tenant_id bank{1002};
  REQUIRE(h.engine->register_tenant(bank, "bank").ok()); // by the standing order
  REQUIRE(h.engine->drop_tenant(h.shop).ok());
  CHECK(h.rows(running) == strings{"1 BEGINNING", "1002 BEGINNING"});
  CHECK(h.rows(history) == strings{"1001 1 STOP", "1002 1 BEGINNING"});
  CHECK(h.rows("SELECT STATUS FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = 1001") == strings{"FROZEN"});
  CHECK(h.engine->open_stream(h.shop, stream_id{1}, {}).code() == errc::invalid_argument);
  CHECK(h.engine->execute("ALTER SYSTEM NOARCHIVELOG TENANT = shop").code() == errc::invalid_argument);
  CHECK(h.engine->drop_tenant(h.shop).code() == errc::invalid_argument);
  CHECK(h.restored_round(1) == strings{"1/0:x"});
  h.verify();
  CHECK(h.engine->register_tenant(tenant_id{1003}, "shop").ok()); // the name is free
  h.reopen();
  CHECK(h.rows("SELECT TENANT_ID FROM CDB_OB_BACKUP_ARCHIVELOG") == strings{"1", "1002", "1003"});
}

TEST_CASE("tenant registry: a tenant that is registered again is numbered on") {
  archived_entry h;
  REQUIRE(h.engine->drop_tenant(h.shop).ok());
  bool reopens = GENERATE(false, true);
  if (reopens)
    h.reopen();
  REQUIRE(h.engine->register_tenant(h.shop, "shop").ok());
  h.write(1, 200 + one_day);
  CHECK(h.rows(history) == strings{"1001 1 STOP", "1001 2 DOING"});
  CHECK(h.rows("SELECT ROUND_ID, BACKUP_PIECE_ID, STATUS FROM CDB_OB_BACKUP_PIECE_FILES") ==
        strings{"1 1 FROZEN", "2 2 ACTIVE"});
  CHECK(h.restored() == strings{"1/0:x", "1/1:x"});
  h.verify();
}

TEST_CASE("tenant registry: a tenant with an open stream is not dropped, and neither one that is not there") {
  archived_entry h;
  auto s = h.stream(1);
  auto refused = h.engine->drop_tenant(h.shop);
  CHECK(refused.code() == errc::invalid_argument);
  CHECK(refused.error().message.find("open streams: 1") != std::string::npos);
  CHECK(put(*s, 1, 200, "y").outcome == append_outcome::accepted); // it goes on
  h.flush();
  CHECK(h.engine->open_stream(h.shop, stream_id{2}, {}).ok());
  CHECK(h.engine->drop_tenant(tenant_id{7}).code() == errc::invalid_argument);
}

TEST_CASE(
    "tenant registry: dropping waits for no dead destination, which hears of it when the tenant is back") {
  archived_entry h;
  h.take_commits_away();
  REQUIRE(h.engine->drop_tenant(h.shop).ok());
  CHECK(h.rows(running) == strings{"1 DOING"});
  CHECK(h.rows(history) == strings{"1001 1 STOP"});
  h.bring_commits_back();
  REQUIRE(h.engine->register_tenant(h.shop, "shop").ok());
  h.write(1, 200 + one_day);
  CHECK(h.rows(history) == strings{"1001 1 STOP", "1001 2 DOING"});
  CHECK(h.restored() == strings{"1/0:x", "1/1:x"});
  h.verify();
}

TEST_CASE("tenant registry: a kill within ARCHIVELOG begins the round where backup_dest says by then") {
  archived_entry h;
  h.take_commits_away();
  h.run("ALTER SYSTEM NOARCHIVELOG"); // the first destination has not heard of it
  auto second = "file://" + (h.dir.path() / "second").string();
  h.run("ALTER SYSTEM SET backup_dest = '" + second + "'");
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  {
    // What ARCHIVELOG writes before it begins the round.
    auto where = open_rocksdb_catalog(h.data + "/catalog", catalog_mode::read_write);
    REQUIRE(where.ok());
    REQUIRE((*where)->snapshot()->outbox(h.shop)->size() == 1);
    change_set changes;
    changes.put(tenant_record{h.shop, "shop", true});
    REQUIRE((*where)->apply(changes, durability::synced).ok());
  }
  h.open();
  h.write(1, 200 + one_day);
  CHECK(h.column("LOG_ARCHIVE_ROUND, STATUS, DESTINATION") == "2 DOING " + second);
  h.bring_commits_back();
  CHECK(h.restored() == strings{"1/0:x"});
  h.uri = second;
  CHECK(h.restored() == strings{"1/1:x"});
}

// What the round waits for was shown as tenant 0's.
TEST_CASE("tenant registry: a kill within a tenant's first ARCHIVELOG leaves its round to the next life") {
  engine_host h;
  h.open();
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  REQUIRE(h.engine->register_tenant(h.shop, "shop").ok());
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  {
    // What ARCHIVELOG writes before it begins the round.
    auto where = open_rocksdb_catalog(h.data + "/catalog", catalog_mode::read_write);
    REQUIRE(where.ok());
    change_set changes;
    changes.put(tenant_record{h.shop, "shop", true});
    REQUIRE((*where)->apply(changes, durability::synced).ok());
  }
  h.open();
  auto s = h.stream(1), silent = h.stream(2);
  put(*s, 0, 100, "x");
  CHECK(h.says("COMMENT", "stream 2"));
  CHECK(h.rows("SELECT TENANT_ID FROM CDB_OB_BACKUP_ARCHIVELOG") == strings{"1", "1001"});
  put(*silent, 0, 101, "y");
  h.flush();
  CHECK(h.column("LOG_ARCHIVE_ROUND, STATUS") == "1 DOING");
}

// The older one would have been told first, for ever.
TEST_CASE("tenant registry: of two destinations that are owed an end the last one hears of it first") {
  archived_entry h;
  h.take_commits_away(); // for good
  h.run("ALTER SYSTEM NOARCHIVELOG");
  h.archive = h.dir.path() / "second";
  h.uri = "file://" + h.archive.string();
  h.run("ALTER SYSTEM SET backup_dest = '" + h.uri + "'");
  h.run("ALTER SYSTEM ARCHIVELOG");
  h.write(1, 200 + one_day);
  h.take_commits_away();
  h.run("ALTER SYSTEM NOARCHIVELOG");
  h.bring_commits_back();
  h.reopen();
  auto where = open_destination(*parse_destination_uri(h.uri), open_mode::read_only, "test");
  REQUIRE(where.ok());
  CHECK(h.eventually([&] {
    auto state = read_committed_state(**where, h.shop, nullptr);
    return state.ok() && *state && (*state)->commit.record.round.status == round_status::stop;
  }));
  CHECK(h.restored() == strings{"1/1:x"});
}

// NOARCHIVELOG says that it is over before it waits; a drop leaves the tenant's record until it is.
TEST_CASE("tenant registry: a drop that a kill interrupted has not happened, and the round goes on") {
  auto was = GENERATE(round_status::doing, round_status::interrupted, round_status::beginning);
  CAPTURE(to_string(was));
  engine_host h;
  h.options.stop_timeout = 200 * one_ms;
  h.begin();
  if (was != round_status::beginning) {
    auto s = h.stream(1);
    CHECK(put(*s, 0, 100, "x").outcome == append_outcome::accepted);
    h.flush();
    if (was == round_status::interrupted) {
      REQUIRE(s->log_recycled(7).ok());
      CHECK(h.eventually([&] { return h.rows(history) == strings{"1001 1 INTERRUPTED"}; }));
    }
  }
  auto before = h.rows(history);
  REQUIRE(before == strings{"1001 1 " + std::string(to_string(was))});
  REQUIRE(h.engine->close().ok());
  h.engine.reset();
  {
    auto where = open_rocksdb_catalog(h.data + "/catalog", catalog_mode::read_write);
    REQUIRE(where.ok());
    auto row = (*where)->snapshot()->round_status(h.shop).value().value();
    row.round.status = round_status::stopping;
    change_set changes;
    changes.put(row);
    REQUIRE((*where)->apply(changes, durability::synced).ok());
  }
  h.open();
  CHECK(h.rows(history) == before);
  auto s = h.stream(1);
  if (was == round_status::interrupted) {
    CHECK(put(*s, 7, 200, "y").outcome == append_outcome::interrupted);
    s.reset();
    h.run("ALTER SYSTEM NOARCHIVELOG");
    CHECK(h.rows(history) == strings{"1001 1 STOP"});
    CHECK(h.restored() == strings{"1/0:x"});
    return;
  }
  auto next = s->expected_lsn();
  CHECK(put(*s, next, 200, "y").outcome == append_outcome::accepted);
  h.flush();
  s.reset();
  CHECK(h.rows(history) == strings{"1001 1 DOING"});
  CHECK(h.restored().back() == "1/" + std::to_string(next) + ":y");
  REQUIRE(h.engine->drop_tenant(h.shop).ok());
  CHECK(h.rows(history) == strings{"1001 1 STOP"});
}

// A stream that was opened while the round of a dropped tenant ended was left over: what pulled it went on
// without a tenant, nobody could stop it any more, and close() never returned.
TEST_CASE("tenant registry: no stream is opened of a tenant that is being dropped") {
  stopping_host h;
  h.begin();
  auto dropping = std::async(std::launch::async, [&] {
    h.clock.stop_this_thread();
    return h.engine->drop_tenant(h.shop).ok();
  });
  CHECK(h.clock.wait_until_it_stands());
  auto refused = h.engine->open_stream(h.shop, stream_id{1}, {}).code();
  h.clock.let_go();
  CHECK(dropping.get());
  CHECK(refused == errc::invalid_argument);
  REQUIRE(h.engine->register_tenant(h.shop, "shop").ok());
  CHECK(h.engine->open_stream(h.shop, stream_id{1}, {}).ok());
}
