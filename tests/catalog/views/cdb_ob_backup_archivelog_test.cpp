#include "catalog/views/cdb_ob_backup_archivelog.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

namespace {

scn at(std::string_view time) {
  return parse_time(time).value();
}

round_status_record doing(std::uint64_t tenant, std::string_view start, std::string_view checkpoint) {
  round_status_record x;
  x.tenant = tenant_id{tenant};
  x.round.id = round_id{2};
  x.round.status = round_status::doing;
  x.round.start_scn = start.empty() ? 0 : at(start);
  x.round.checkpoint_scn = checkpoint.empty() ? 0 : at(checkpoint);
  x.round.start_piece = piece_id{3};
  x.current_piece = piece_id{5};
  x.counts = {1000, 250, 10};
  x.seq = commit_seq{17};
  x.destination = "file:///backup";
  return x;
}

round_status_record with_status(round_status_record x, round_status status) {
  x.round.status = status;
  return x;
}

constexpr auto all_tenants = "SELECT STATUS, MIN_FIRST_TIME, MAX_NEXT_TIME FROM CDB_OB_BACKUP_ARCHIVELOG "
                             "WHERE TENANT_ID = 1";

} // namespace

TEST_CASE("CDB_OB_BACKUP_ARCHIVELOG has OceanBase's columns in their order, then ours") {
  CHECK(test::declared(cdb_ob_backup_archivelog) ==
        std::vector<std::string>{
            "INCARNATION bigint(20)", "LOG_ARCHIVE_ROUND bigint(20)", "TENANT_ID bigint(20)",
            "STATUS varchar(64)", "START_PIECE_ID bigint(20)", "BACKUP_PIECE_ID bigint(20)",
            "MIN_FIRST_TIME varchar(26)", "MAX_NEXT_TIME varchar(26)", "INPUT_BYTES bigint(20)",
            "OUTPUT_BYTES bigint(20)", "COMPRESSION_RATIO decimal(23,2)", "INPUT_BYTES_DISPLAY varchar(27)",
            "OUTPUT_BYTES_DISPLAY varchar(27)", "COMMENT varchar(4096)", "LIMITING_STREAM bigint(20)",
            "COMMIT_SEQ bigint(20)", "DESTINATION varchar(2048)"});
}

TEST_CASE("a tenant's row says what its record says") {
  test::view_world world;
  auto x = doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:33:41.845543999");
  x.limiting_stream = stream_id{7};
  x.comment = "stream 7 has not advanced";
  x.comment_since = world.now - 130 * one_second;
  world.put(x);
  CHECK(
      world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") ==
      "1|2|1001|DOING|3|5|2021-04-30 10:00:00.000000|2021-04-30 11:33:41.845543|1000|250|0.25|0.00MB|0.00MB|"
      "stream 7 has not advanced (for 2m10s)|7|17|file:///backup\n");
}

TEST_CASE("what a tenant does not have yet is empty, NULL or zero, and never a NULL ratio") {
  test::view_world world;
  round_status_record x;
  x.tenant = tenant_id{1001};
  x.round.id = round_id{1};
  x.round.status = round_status::beginning;
  world.put(x);
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") ==
        "1|1|1001|BEGINNING|0|0|||0|0|0.00|0.00MB|0.00MB||NULL|NULL|\n");
}

TEST_CASE("without archiving the row of all tenants is STOP") {
  test::view_world world;
  auto stop = "1|0|1|STOP|0|0|||0|0|0.00|0.00MB|0.00MB||NULL|NULL|\n";
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG") == stop);
  world.put(catalog_identity{}); // an archive in which ARCHIVELOG is not in force
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG") == stop);
}

TEST_CASE("ARCHIVELOG in force without tenants is DOING and says that it waits") {
  test::view_world world;
  catalog_identity identity;
  identity.standing_order = true;
  world.put(identity);
  CHECK(world.select("SELECT TENANT_ID, STATUS, COMMENT FROM CDB_OB_BACKUP_ARCHIVELOG") ==
        "1|DOING|ARCHIVELOG is in force and waits for tenants: none is registered yet\n");

  world.put(tenant_record{tenant_id{1001}, "shop", true},
            with_status(doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:00:00"), round_status::stop));
  CHECK(world.select(
            "SELECT STATUS, MAX_NEXT_TIME, COMMENT FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1") ==
        "DOING||ARCHIVELOG is in force and waits for tenants: none of the 1 registered is archived\n");
}

TEST_CASE("the row of all tenants starts with the last and reaches as far as the slowest") {
  test::view_world world;
  world.put(doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:33:58.444979"),
            doing(1002, "2021-04-30 10:00:01", "2021-04-30 11:33:41.845543"));
  CHECK(world.select(all_tenants) == "DOING|2021-04-30 10:00:01.000000|2021-04-30 11:33:41.845543\n");
  CHECK(world.select("SELECT INPUT_BYTES, OUTPUT_BYTES, COMPRESSION_RATIO, DESTINATION, COMMIT_SEQ "
                     "FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1") ==
        "2000|500|0.25|file:///backup|NULL\n");
}

TEST_CASE(
    "round and pieces of all tenants are the newest round, first and newest piece; mixed places are none") {
  test::view_world world;
  auto x = doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:00:00");
  auto y = x;
  y.tenant = tenant_id{1002};
  y.round.id = round_id{9};
  y.round.start_piece = piece_id{1};
  y.current_piece = piece_id{4};
  y.destination = "file:///elsewhere";
  world.put(x, y);
  CHECK(world.select("SELECT LOG_ARCHIVE_ROUND, START_PIECE_ID, BACKUP_PIECE_ID, DESTINATION "
                     "FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1") == "9|1|5|\n");
}

TEST_CASE("while one tenant is BEGINNING, all of them have neither start nor checkpoint") {
  test::view_world world;
  world.put(doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:00:00"),
            with_status(doing(1002, "", ""), round_status::beginning));
  CHECK(world.select(all_tenants) == "BEGINNING||\n");
  world.put(doing(1003, "2021-04-30 10:00:00", "2021-04-30 11:00:00"));
  CHECK(world.select(all_tenants) == "BEGINNING||\n");
}

TEST_CASE("the status of all tenants is the one a DBA must see first") {
  using enum round_status;
  struct claim {
    std::vector<varve::round_status> tenants;
    std::string expected;
  };
  auto x = GENERATE(values<claim>({{{doing, doing}, "DOING"},
                                   {{doing, stop}, "DOING"},
                                   {{doing, beginning}, "BEGINNING"},
                                   {{stopping, beginning, doing}, "STOPPING"},
                                   {{doing, interrupted, stopping}, "INTERRUPTED"},
                                   {{interrupted, stop}, "INTERRUPTED"},
                                   {{stop, stop}, "STOP"}}));
  test::view_world world;
  std::uint64_t tenant = 1001;
  for (auto status : x.tenants)
    world.put(with_status(::doing(tenant++, "2021-04-30 10:00:00", "2021-04-30 11:00:00"), status));
  CHECK(world.select("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1") == x.expected + "\n");
}

TEST_CASE("a stopped tenant does not hold back the checkpoint of the others") {
  test::view_world world;
  world.put(with_status(doing(1001, "2020-01-01 00:00:00", "2020-01-02 00:00:00"), round_status::stop),
            doing(1002, "2021-04-30 10:00:00", "2021-04-30 11:00:00"));
  CHECK(world.select(all_tenants) == "DOING|2021-04-30 10:00:00.000000|2021-04-30 11:00:00.000000\n");
  SECTION("unless all are stopped: then the row tells of what they left") {
    world.put(with_status(doing(1002, "2021-04-30 10:00:00", "2021-04-30 11:00:00"), round_status::stop));
    CHECK(world.select(all_tenants) == "STOP|2021-04-30 10:00:00.000000|2020-01-02 00:00:00.000000\n");
  }
}

TEST_CASE("the comment of all tenants names the tenants that have one, a few by number") {
  test::view_world world;
  for (std::uint64_t tenant = 1001; tenant <= 1006; ++tenant) {
    auto x = doing(tenant, "2021-04-30 10:00:00", "2021-04-30 11:00:00");
    if (tenant != 1002)
      x.comment = "no space left";
    x.comment_since = world.now + one_hour; // a clock that went back: no age, no nonsense
    world.put(x);
  }
  CHECK(
      world.select("SELECT COMMENT FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1") ==
      "tenant 1001: no space left (for 0s); tenant 1003: no space left (for 0s); tenant 1004: no space left "
      "(for 0s); and 2 more tenants\n");
}

TEST_CASE("a comment longer than its column is cut, between characters") {
  test::view_world world;
  auto x = doing(1001, "", "");
  for (int i = 0; i < 2000; ++i)
    x.comment += "断";
  world.put(x);
  CHECK(world.select("SELECT length(CAST(COMMENT AS BLOB)), substr(COMMENT, -1) "
                     "FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") == "4095|断\n");
}

TEST_CASE("a long comment without a single character is shown as none") {
  test::view_world world;
  auto x = doing(1001, "", "");
  x.comment = std::string(5000, '\x80');
  world.put(x);
  CHECK(world.select("SELECT COMMENT FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") == "\n");
}

TEST_CASE("a number too large for a bigint is shown whole, as text") {
  test::view_world world;
  auto x = doing(1001, "2021-04-30 10:00:00", "2021-04-30 11:00:00");
  x.limiting_stream = stream_id{~std::uint64_t{0}};
  world.put(x);
  CHECK(world.select("SELECT LIMITING_STREAM FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") ==
        "18446744073709551615\n");
}
