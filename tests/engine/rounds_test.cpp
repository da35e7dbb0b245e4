// Rounds and pieces as a DBA sees them: statements, views, and what a restore gives.
#include "engine/data_directory.hpp"
#include "engine/reader/piece_catalogue.hpp"
#include "tests/harness/engine_host.hpp"
#include "tests/harness/moment_copy.hpp"

#include <atomic>
#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

const scn monday = *parse_time("2021-05-03 08:00:00");
const scn tuesday = monday + one_day, wednesday = tuesday + one_day, thursday = wednesday + one_day;
constexpr auto daily = "log_archive_piece_switch_interval=1d";

strings pieces(engine_host& h, const std::string& columns) {
  return h.rows("SELECT " + columns + " FROM CDB_OB_BACKUP_PIECE_FILES ORDER BY BACKUP_PIECE_ID");
}

void advance(log_stream& stream, scn upto) {
  REQUIRE(stream.advance(upto).ok());
}

} // namespace

TEST_CASE("each ARCHIVELOG begins the next round, and piece numbers go on across rounds") {
  engine_host h;
  h.begin(daily);
  auto s = h.stream(1);
  put(*s, 0, monday, "mon");
  put(*s, 3, tuesday, "tue");
  h.flush();
  auto round = "LOG_ARCHIVE_ROUND, STATUS, START_PIECE_ID, BACKUP_PIECE_ID";
  CHECK(h.column(round) == "1 DOING 1 2");
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.column(round) == "1 STOP 1 2");
  h.run("ALTER SYSTEM ARCHIVELOG");
  CHECK(h.column("LOG_ARCHIVE_ROUND") == "2");
  put(*s, 100, thursday, "thu");
  h.flush();
  CHECK(h.column(round) == "2 DOING 3 3");
  CHECK(pieces(h, "ROUND_ID, BACKUP_PIECE_ID, START_PIECE_ID, STATUS") ==
        strings{"1 1 1 FROZEN", "1 2 1 FROZEN", "2 3 3 ACTIVE"});
  CHECK(h.restored_round(1) == strings{"1/0:mon", "1/3:tue"});
  CHECK(h.restored_round(2) == strings{"1/100:thu"});
  h.verify();

  auto where = open_destination(*parse_destination_uri(h.uri), open_mode::read_only, "test");
  REQUIRE(where.ok());
  auto known = read_piece_catalogue(**where, engine_host::shop, {});
  REQUIRE(known.ok());
  REQUIRE(*known);
  REQUIRE((*known)->rounds.size() == 2);
  CHECK((*known)->rounds[0].ended_at != 0);
  CHECK((*known)->rounds[0].last_piece == piece_id{2});
  CHECK((*known)->rounds[1].ended_at == 0);
}

TEST_CASE("a round that has no entry yet shows no piece of an earlier round as its own") {
  engine_host h;
  h.begin(daily);
  auto s = h.stream(1);
  put(*s, 0, monday, "mon");
  h.flush();
  h.run("ALTER SYSTEM NOARCHIVELOG; ALTER SYSTEM ARCHIVELOG");
  advance(*s, thursday);
  h.flush();
  CHECK(h.column("LOG_ARCHIVE_ROUND, STATUS, START_PIECE_ID, BACKUP_PIECE_ID") == "2 DOING 2 2");
}

TEST_CASE("log of another day lies in another piece, whose bounds meet, and a restore crosses them") {
  engine_host h;
  h.begin(daily);
  auto a = h.stream(1), b = h.stream(2);
  put(*a, 0, monday, "a0");
  h.flush(); // the first block that is packed makes the piece
  put(*b, 0, monday + one_hour, "b0");
  put(*a, 2, tuesday - 1, "a2");
  put(*a, 4, tuesday, "a4");
  put(*b, 2, wednesday + one_hour, "b2");
  put(*a, 6, wednesday + 2 * one_hour, "a6");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, START_TS, MAX_TS") ==
        strings{"1 2021-05-03 08:00:00.000000 2021-05-04 08:00:00.000000",
                "2 2021-05-04 08:00:00.000000 2021-05-05 08:00:00.000000",
                "3 2021-05-05 08:00:00.000000 2021-05-06 08:00:00.000000"});
  strings all{"1/0:a0", "2/0:b0", "1/2:a2", "1/4:a4", "2/2:b2", "1/6:a6"};
  CHECK(h.restored() == all);
  restore_options until;
  until.until = tuesday;
  CHECK(h.restored(until) == strings{"1/0:a0", "2/0:b0", "1/2:a2", "1/4:a4"});
  restore_options one;
  one.stream = stream_id{2};
  CHECK(h.restored(one) == strings{"2/0:b0", "2/2:b2"});
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(h.restored() == all);
  h.verify();
}

TEST_CASE("a piece freezes when its slowest stream has passed it, and not before") {
  engine_host h;
  h.begin(daily);
  auto fast = h.stream(1), slow = h.stream(2);
  put(*fast, 0, monday, "f");
  put(*slow, 0, monday, "s");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, STATUS") == strings{"1 ACTIVE"});
  put(*fast, 1, tuesday, "f");
  put(*fast, 2, wednesday, "f");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, STATUS") == strings{"1 FREEZING", "2 FREEZING", "3 ACTIVE"});
  CHECK(h.column("LIMITING_STREAM") == "2");
  put(*slow, 1, tuesday + 1, "s");
  h.flush();
  // Its next entry may have the same SCN: what ends the piece is the first SCN that supports its end.
  while (pieces(h, "STATUS")[0] != "FROZEN")
    h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, STATUS") == strings{"1 FROZEN", "2 FREEZING", "3 ACTIVE"});
  CHECK(pieces(h, "CHECKPOINT_TS")[0] == pieces(h, "MAX_TS")[0]);
  advance(*fast, thursday);
  advance(*slow, thursday);
  h.flush();
  while (pieces(h, "STATUS")[2] != "FROZEN")
    h.flush();
  CHECK(pieces(h, "STATUS") == strings{"FROZEN", "FROZEN", "FROZEN"});
  put(*slow, 2, thursday + one_hour, "s");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, STATUS")[3] == "4 ACTIVE");
  CHECK(h.restored() == strings{"1/0:f", "2/0:s", "1/1:f", "2/1:s", "1/2:f", "2/2:s"});
  h.verify();
}

TEST_CASE("days without log belong to the piece of the next entry") {
  engine_host h;
  h.begin(daily);
  auto s = h.stream(1);
  put(*s, 0, monday, "before");
  put(*s, 6, monday + 365 * one_day, "a year later");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, START_TS, MAX_TS") ==
        strings{"1 2021-05-03 08:00:00.000000 2021-05-04 08:00:00.000000",
                "2 2021-05-04 08:00:00.000000 2022-05-04 08:00:00.000000"});
  CHECK(h.restored() == strings{"1/0:before", "1/6:a year later"});
}

TEST_CASE("another length of pieces holds from the next piece on, and no splitting is for the next round") {
  engine_host h;
  h.begin(daily);
  auto s = h.stream(1);
  put(*s, 0, monday, "mon");
  h.flush();
  h.run("ALTER SYSTEM SET backup_dest_option = 'log_archive_piece_switch_interval=2d'");
  put(*s, 3, tuesday - 1, "still monday's");
  put(*s, 17, wednesday, "wed");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, MAX_TS") ==
        strings{"1 2021-05-04 08:00:00.000000", "2 2021-05-06 08:00:00.000000"});
  auto whole = "ALTER SYSTEM SET backup_dest_option = 'log_archive_piece_switch_interval=0'";
  CHECK(h.engine->execute(whole).code() == errc::not_supported);
  h.run("ALTER SYSTEM NOARCHIVELOG");
  h.run(whole);
  h.run("ALTER SYSTEM ARCHIVELOG");
  put(*s, 100, thursday, "thu");
  put(*s, 103, thursday + 30 * one_day, "later");
  h.flush();
  CHECK(h.rows("SELECT ROUND_ID, BACKUP_PIECE_ID, START_PIECE_ID, MAX_TS, STATUS FROM "
               "CDB_OB_BACKUP_PIECE_FILES WHERE ROUND_ID = 2") == strings{"2 0 0 MAX ACTIVE"});
  CHECK(h.column("START_PIECE_ID") == "0");
  CHECK(h.restored_round(2) == strings{"1/100:thu", "1/103:later"});
  h.verify();
}

TEST_CASE("an engine that is opened again goes on in the pieces that were open") {
  engine_host h;
  h.begin(daily);
  auto killed = GENERATE(false, true);
  {
    auto fast = h.stream(1), slow = h.stream(2);
    put(*fast, 0, monday, "f0");
    put(*slow, 0, monday, "s0");
    put(*fast, 2, tuesday, "f2");
    h.flush();
    if (killed) {
      // What a kill would leave now.
      auto left = h.dir.path() / "left";
      moment_copy({{h.data, left}});
      h.options.data_directory = left;
    }
  }
  h.reopen();
  auto fast = h.stream(1), slow = h.stream(2);
  put(*slow, 2, monday + one_hour, "s2");
  put(*fast, 4, tuesday + one_hour, "f4");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, START_TS, STATUS") ==
        strings{"1 2021-05-03 08:00:00.000000 FREEZING", "2 2021-05-04 08:00:00.000000 ACTIVE"});
  put(*slow, 4, wednesday, "s4");
  h.flush();
  while (pieces(h, "STATUS")[0] != "FROZEN")
    h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, INPUT_BYTES") == strings{"1 6", "2 4", "3 2"});
  CHECK(h.restored() == strings{"1/0:f0", "2/0:s0", "2/2:s2", "1/2:f2", "1/4:f4", "2/4:s4"});
  h.verify();
}

TEST_CASE("what a kill kept from the catalog is in the views again after the next commit") {
  engine_host h;
  h.begin(daily);
  {
    auto s = h.stream(1);
    put(*s, 0, monday, "mon");
    h.flush();
    REQUIRE(h.rows("SELECT STATUS FROM CDB_OB_BACKUP_PIECE_FILES") == strings{"ACTIVE"});
    auto left = h.dir.path() / "left";
    moment_copy({{h.data, left}});
    put(*s, 3, tuesday, "tue");
    put(*s, 6, wednesday, "wed");
    h.flush();
    while (pieces(h, "STATUS")[0] != "FROZEN")
      h.flush();
    h.options.data_directory = left;
  }
  h.reopen();
  auto s = h.stream(1);
  put(*s, s->expected_lsn(), thursday, "thu");
  h.flush();
  CHECK(pieces(h, "BACKUP_PIECE_ID, STATUS, INPUT_BYTES")[0] == "1 FROZEN 3");
}

TEST_CASE("a piece keeps the day it was made on, whoever goes on with it") {
  engine_host h;
  std::atomic<unix_ns> now{*parse_time("2021-05-09 10:00:00")};
  h.options.now = [&now] { return now.load(); };
  h.begin(daily);
  {
    auto s = h.stream(1);
    put(*s, 0, monday, "mon");
    h.flush();
  }
  now += 3 * one_day;
  h.reopen();
  auto s = h.stream(1);
  put(*s, 3, monday + 1, "mon");
  put(*s, 6, tuesday, "tue");
  h.flush();
  CHECK(pieces(h, "CREATE_DATE") == strings{"20210509", "20210512"});
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(pieces(h, "CREATE_DATE") == strings{"20210509", "20210512"});
  s.reset();
  h.engine.reset();
  REQUIRE(rebuild_catalog(h.data, h.uri).ok());
  h.open();
  CHECK(pieces(h, "CREATE_DATE") == strings{"20210509", "20210512"});
}

TEST_CASE("the row of a round has every column, and all of them say what is so") {
  engine_host h;
  h.options.now = [] { return *parse_time("2021-05-09 10:00:00"); };
  h.begin(daily);
  auto a = h.stream(1), b = h.stream(2);
  put(*a, 0, monday, std::string(3 << 20, 'a'));
  put(*b, 7, monday + one_hour, "b");
  put(*b, 8, monday + 2 * one_hour, "b");
  advance(*a, tuesday);
  h.flush();
  auto got = h.engine->query("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001");
  REQUIRE(got.ok());
  CHECK(got->columns == strings{"INCARNATION", "LOG_ARCHIVE_ROUND", "TENANT_ID", "STATUS", "START_PIECE_ID",
                                "BACKUP_PIECE_ID", "MIN_FIRST_TIME", "MAX_NEXT_TIME", "INPUT_BYTES",
                                "OUTPUT_BYTES", "COMPRESSION_RATIO", "INPUT_BYTES_DISPLAY",
                                "OUTPUT_BYTES_DISPLAY", "COMMENT", "LIMITING_STREAM", "COMMIT_SEQ",
                                "DESTINATION"});
  CHECK(h.column("INCARNATION, LOG_ARCHIVE_ROUND, TENANT_ID, STATUS, START_PIECE_ID, BACKUP_PIECE_ID") ==
        "1 1 1001 DOING 1 1");
  CHECK(h.column("MIN_FIRST_TIME") == "2021-05-03 09:00:00.000000");
  // One nanosecond before stream 2's last entry, whose SCN its next one may have, too.
  CHECK(h.column("MAX_NEXT_TIME") == "2021-05-03 09:59:59.999999");
  CHECK(h.column("INPUT_BYTES, INPUT_BYTES_DISPLAY") == "3145730 3.00MB");
  CHECK(h.column("OUTPUT_BYTES > 0 AND OUTPUT_BYTES < 100000") == "1");
  CHECK(h.column("COMPRESSION_RATIO = ROUND(1.0 * OUTPUT_BYTES / INPUT_BYTES, 2)") == "1");
  CHECK(h.column("OUTPUT_BYTES_DISPLAY = printf('%.2fMB', OUTPUT_BYTES / 1048576.0)") == "1");
  CHECK(h.column("LIMITING_STREAM, DESTINATION, COMMENT") == "2 " + h.uri + " ");
  CHECK(h.column("COMMIT_SEQ >= 1") == "1");
  // The aggregate of all tenants is that of the only one, but for what belongs to a tenant.
  auto sys = h.engine->query("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1");
  REQUIRE(sys.ok());
  REQUIRE(sys->rows.size() == 1);
  for (std::size_t i = 0; i < sys->columns.size(); ++i) {
    INFO(sys->columns[i]);
    auto own = sys->columns[i] == "LIMITING_STREAM" || sys->columns[i] == "COMMIT_SEQ";
    if (sys->columns[i] != "TENANT_ID")
      CHECK(sys->rows[0][i] == (own ? std::nullopt : got->rows[0][i]));
  }
}

TEST_CASE("the row of a piece has every column, and none is NULL") {
  engine_host h;
  h.options.now = [] { return *parse_time("2021-05-09 10:00:00"); };
  h.begin(daily);
  auto s = h.stream(1);
  put(*s, 0, monday, "monday");
  put(*s, 6, tuesday + one_hour, "tuesday");
  h.flush();
  while (pieces(h, "STATUS")[0] != "FROZEN")
    h.flush();
  auto got = h.engine->query("SELECT * FROM CDB_OB_BACKUP_PIECE_FILES ORDER BY BACKUP_PIECE_ID");
  REQUIRE(got.ok());
  CHECK(got->columns == strings{"INCARNATION", "TENANT_ID", "ROUND_ID", "BACKUP_PIECE_ID", "COPY_ID",
                                "CREATE_DATE", "START_TS", "CHECKPOINT_TS", "MAX_TS", "STATUS", "FILE_STATUS",
                                "COMPATIBLE", "START_PIECE_ID", "INPUT_BYTES", "OUTPUT_BYTES",
                                "DESTINATION"});
  for (auto& row : got->rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      INFO(got->columns[i]);
      CHECK(row[i].value_or("") != "");
    }
  auto all = [&](const std::string& columns) { return pieces(h, columns); };
  CHECK(all("INCARNATION, TENANT_ID, ROUND_ID, COPY_ID, COMPATIBLE") == strings(2, "1 1001 1 0 1"));
  CHECK(all("CREATE_DATE") == strings(2, "20210509"));
  CHECK(all("CHECKPOINT_TS") == strings{"2021-05-04 08:00:00.000000", "2021-05-04 08:59:59.999999"});
  CHECK(all("FILE_STATUS") == strings(2, "AVAILABLE"));
  CHECK(all("INPUT_BYTES") == strings{"6", "7"});
  CHECK(all("OUTPUT_BYTES > 0") == strings(2, "1"));
  CHECK(all("DESTINATION") == strings(2, h.uri));
  CHECK(h.column("INPUT_BYTES") == "13");
}
