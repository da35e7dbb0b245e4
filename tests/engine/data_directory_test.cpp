#include "engine/data_directory.hpp"
#include "tests/harness/engine_host.hpp"
#include "tests/harness/user_reads.hpp"

#include <sys/resource.h>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

constexpr auto view = "SELECT LOG_ARCHIVE_ROUND, STATUS, START_PIECE_ID, MIN_FIRST_TIME, MAX_NEXT_TIME, "
                      "INPUT_BYTES, OUTPUT_BYTES, LIMITING_STREAM, DESTINATION FROM CDB_OB_BACKUP_ARCHIVELOG "
                      "WHERE TENANT_ID = 1001";
constexpr auto windows = "SELECT * FROM VARVE_RESTORABLE_WINDOWS";
constexpr auto pieces = "SELECT * FROM CDB_OB_BACKUP_PIECE_FILES ORDER BY BACKUP_PIECE_ID";

/// Two rounds, the second under way; the engine is closed.
struct archived_round : engine_host {
  strings round, piece_rows, window_rows;
  archived_round() {
    begin("log_archive_piece_switch_interval=1d");
    {
      auto s = stream(1);
      put(*s, 0, 100, "hello");
      flush();
      run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
      put(*s, 50, 200, "new");
      put(*s, 53, 200 + one_day, "day");
      flush();
      while (rows("SELECT STATUS FROM CDB_OB_BACKUP_PIECE_FILES WHERE BACKUP_PIECE_ID = 2")[0] != "FROZEN")
        flush();
      round = rows(view);
      piece_rows = rows(pieces);
      window_rows = rows(windows);
    }
    REQUIRE(engine->close().ok());
    engine.reset();
  }
};

} // namespace

TEST_CASE("data directory: a SELECT works beside a live owner and sees what was told before") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  auto beside = [&](std::string_view select) { return query_data_directory(h.data, select, 0); };
  h.rows(view); // the owner has written what waited for its next batch
  auto got = beside("SELECT STATUS, INPUT_BYTES FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
  REQUIRE(got.ok());
  CHECK(got->columns == strings{"STATUS", "INPUT_BYTES"});
  REQUIRE(got->rows.size() == 1);
  CHECK(got->rows[0][0] == "DOING");
  CHECK(got->rows[0][1] == "5");
  CHECK_FALSE(beside("DELETE FROM CDB_OB_BACKUP_ARCHIVELOG").ok());
  CHECK(beside("SELECT 1 FROM no_such_view").code() == errc::unknown_view);
}

TEST_CASE("data directory: where there is no catalog, a SELECT says so and makes none") {
  temp_dir dir;
  auto got = query_data_directory((dir / "data").string(), "SELECT 1", 0);
  REQUIRE(got.code() == errc::file_not_exist);
  CHECK(user_reads(got.error(), (dir / "data").string()));
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("data directory: a catalog made again says what the lost one said, and archiving goes on") {
  archived_round h;
  std::filesystem::remove_all(h.data);
  auto made = rebuild_catalog(h.data, h.uri);
  INFO((made.ok() ? "" : made.error().to_string()));
  REQUIRE(made.ok());
  CHECK(made->tenants == 1);
  CHECK(made->rounds == 2);
  CHECK(made->pieces == 3);
  CHECK(made->streams == 1);
  CHECK_FALSE(made->damaged);
  CHECK(made->notes.empty());
  h.open();
  CHECK(h.rows(view) == h.round);
  CHECK(h.rows(pieces) == h.piece_rows);
  CHECK(h.rows(windows) == h.window_rows);
  CHECK_FALSE(h.window_rows.empty());
  auto s = h.stream(1);
  CHECK(s->resume_lsn() == stream_position{56, 200 + one_day});
  CHECK(put(*s, 56, 300 + one_day, "on").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.restored_round(1) == strings{"1/0:hello"});
  CHECK(h.restored_round(2) == strings{"1/50:new", "1/53:day", "1/56:on"});
  h.verify();
}

TEST_CASE("data directory: settings and names are not archived, so they stay") {
  archived_round h;
  h.open();
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory compression=zstd_1.3.8'");
  h.engine.reset();
  REQUIRE(rebuild_catalog(h.data, h.uri).ok());
  h.open();
  auto shown = h.run("SHOW PARAMETERS LIKE 'backup_log_archive_option'");
  CHECK(shown[0].rows[0][6] == "MANDATORY COMPRESSION=zstd_1.3.8");
  CHECK(h.engine->register_tenant(tenant_id{1002}, "shop").code() == errc::invalid_argument);
  CHECK(h.rows(view) == h.round);
}

TEST_CASE("data directory: the piece length that was lost with the catalog can be said again at once") {
  archived_round h;
  std::filesystem::remove_all(h.data);
  REQUIRE(rebuild_catalog(h.data, h.uri).ok());
  h.open();
  REQUIRE(h.column("STATUS") == "DOING");
  h.run("ALTER SYSTEM SET backup_dest_option = 'log_archive_piece_switch_interval=2d'");
  auto s = h.stream(1);
  put(*s, 56, 200 + 2 * one_day, "later");
  h.flush();
  // Back to what the round in force is not: no.
  auto refused = h.engine->execute("ALTER SYSTEM SET backup_dest_option = ''");
  CHECK(refused.code() == errc::not_supported);
  CHECK(h.rows("SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES WHERE ROUND_ID = 2") == strings{"3"});
  h.verify();
}

TEST_CASE("data directory: a catalog that cannot be opened is put aside, and said where") {
  archived_round h;
  std::ofstream(std::filesystem::path(h.data) / "catalog" / "CURRENT") << "damaged";
  REQUIRE(archive_engine::open(h.options).code() == errc::catalog_error);
  auto made = rebuild_catalog(h.data, h.uri);
  INFO((made.ok() ? "" : made.error().to_string()));
  REQUIRE(made.ok());
  REQUIRE(made->notes.size() == 1);
  CHECK(made->notes[0].find(h.data + "/catalog.damaged") != std::string::npos);
  CHECK(std::filesystem::exists(h.data + "/catalog.damaged/CURRENT"));
  h.open();
  CHECK(h.rows(view) == h.round);
  CHECK(h.rows(pieces) == h.piece_rows);
}

/// Claim: a catalog is put aside for damage only. Method: so few file descriptors that opening it fails, at
/// every place where one is needed.
TEST_CASE("data directory: a catalog that cannot be opened for want of descriptors is left alone") {
  archived_round h;
  h.open();
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory compression=zstd_1.3.8'");
  h.engine.reset();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  auto lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(lowest >= 0);
  ::close(lowest);
  std::size_t refused = 0, by_catalog = 0;
  for (auto spare = 1U;; ++spare) {
    REQUIRE(spare < 200);
    auto lowered = before;
    lowered.rlim_cur = static_cast<rlim_t>(lowest) + spare;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    auto made = rebuild_catalog(h.data, h.uri);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    INFO(spare << " to spare: " << (made.ok() ? "" : made.error().to_string()));
    REQUIRE_FALSE(std::filesystem::exists(h.data + "/catalog.damaged"));
    if (made.ok() && !made->damaged)
      break;
    ++refused;
    if (!made.ok() && user_reads(made.error(), "catalog " + h.data))
      ++by_catalog;
  }
  CHECK(refused > 0);
  CHECK(by_catalog > 0);
  h.open();
  CHECK(h.run("SHOW PARAMETERS LIKE 'backup_log_archive_option'")[0].rows[0][6] ==
        "MANDATORY COMPRESSION=zstd_1.3.8");
  CHECK(h.rows(view) == h.round);
}

TEST_CASE("data directory: what cannot be read is said, and the rest is in the catalog") {
  archived_round h;
  std::filesystem::path seal;
  for (auto& each : std::filesystem::directory_iterator(h.archive / "t1001" / "r1_p1"))
    if (each.path().filename().string().starts_with("seal-"))
      seal = each.path();
  REQUIRE(!seal.empty());
  std::filesystem::resize_file(seal, 10);
  auto made = rebuild_catalog(h.data, h.uri);
  REQUIRE(made.ok());
  CHECK(made->damaged);
  REQUIRE_FALSE(made->notes.empty());
  CHECK(made->notes[0].find(seal.filename().string()) != std::string::npos);
  h.open();
  CHECK(h.rows(view) == h.round);
  auto rows = h.rows(pieces);
  REQUIRE(rows.size() == 3);
  CHECK(strings(rows.begin() + 1, rows.end()) == strings(h.piece_rows.begin() + 1, h.piece_rows.end()));
}

TEST_CASE("data directory: it is not rebuilt under its owner, from another's archive, or from nothing") {
  archived_round h;
  h.open();
  auto owned = rebuild_catalog(h.data, h.uri);
  REQUIRE(owned.code() == errc::already_open);
  CHECK(user_reads(owned.error(), std::to_string(::getpid())));
  h.engine.reset();
  archived_round other;
  auto foreign = rebuild_catalog(h.data, other.uri);
  REQUIRE(foreign.code() == errc::foreign_destination);
  CHECK(user_reads(foreign.error(), other.uri));
  CHECK_FALSE(rebuild_catalog(h.data, h.uri + "/t1001").ok());
  CHECK_FALSE(rebuild_catalog(h.data, "nonsense").ok());
  h.open();
  CHECK(h.rows(view) == h.round);
}
