#include "catalog/views/cdb_ob_backup_piece_files.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

TEST_CASE("CDB_OB_BACKUP_PIECE_FILES has OceanBase's columns in their order, then ours") {
  CHECK(test::declared(cdb_ob_backup_piece_files) ==
        std::vector<std::string>{"INCARNATION bigint(20)", "TENANT_ID bigint(20)", "ROUND_ID bigint(20)",
                                 "BACKUP_PIECE_ID bigint(20)", "COPY_ID bigint(20)", "CREATE_DATE bigint(20)",
                                 "START_TS varchar(26)", "CHECKPOINT_TS varchar(26)", "MAX_TS varchar(26)",
                                 "STATUS varchar(64)", "FILE_STATUS varchar(64)", "COMPATIBLE bigint(20)",
                                 "START_PIECE_ID bigint(20)", "INPUT_BYTES bigint(20)",
                                 "OUTPUT_BYTES bigint(20)", "DESTINATION varchar(2048)"});
}

TEST_CASE("a piece's row says what its record says; a piece without end says MAX") {
  test::view_world world;
  piece_record x;
  x.tenant = tenant_id{1001};
  x.piece = {round_id{2}, piece_id{3}};
  x.bounds = {parse_time("2021-04-29 00:00:00").value(), parse_time("2021-04-30 00:00:00").value()};
  x.created_at = parse_time("2021-04-29 00:00:07").value();
  x.checkpoint_scn = x.bounds.end_scn;
  x.status = piece_status::frozen;
  x.start_piece = piece_id{1};
  x.counts = {4000, 1000, 5};
  x.destination = "file:///backup";
  auto copy = x;
  copy.copy = 1;
  copy.file_status = file_status::incomplete;
  copy.destination = "file:///second";
  piece_record no_split;
  no_split.tenant = tenant_id{1000};
  no_split.piece = {round_id{1}, piece_id{0}};
  world.put(x, copy, no_split);
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_PIECE_FILES") ==
        "1|1000|1|0|0|19700101|||MAX|ACTIVE|AVAILABLE|1|0|0|0|\n"
        "1|1001|2|3|0|20210429|2021-04-29 00:00:00.000000|2021-04-30 00:00:00.000000|2021-04-30 "
        "00:00:00.000000|"
        "FROZEN|AVAILABLE|1|1|4000|1000|file:///backup\n"
        "1|1001|2|3|1|20210429|2021-04-29 00:00:00.000000|2021-04-30 00:00:00.000000|2021-04-30 "
        "00:00:00.000000|"
        "FROZEN|INCOMPLETE|1|1|4000|1000|file:///second\n");
}

TEST_CASE("pieces belong to tenants: there is no row of tenant 1") {
  test::view_world world;
  world.put(piece_record{.tenant = tenant_id{1001}, .piece = {round_id{1}, piece_id{1}}});
  CHECK(world.select("SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = 1") == "0\n");
  CHECK(world.select("SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES") == "1\n");
}
