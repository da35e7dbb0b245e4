#include "catalog/views/cdb_ob_backup_archivelog_progress.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

namespace {

void put_round(test::view_world& world, std::uint64_t tenant, round_status status) {
  round_status_record x;
  x.tenant = tenant_id{tenant};
  x.round.id = round_id{2};
  x.round.status = status;
  x.round.start_scn = parse_time("2021-04-30 10:00:00").value();
  x.current_piece = piece_id{5};
  x.limiting_stream = stream_id{8};
  world.put(x);
}

} // namespace

TEST_CASE("CDB_OB_BACKUP_ARCHIVELOG_PROGRESS has OceanBase's columns in their order, then ours") {
  CHECK(test::declared(cdb_ob_backup_archivelog_progress) ==
        std::vector<std::string>{
            "INCARNATION bigint(20)", "TENANT_ID bigint(20)", "LOG_ARCHIVE_ROUND bigint(20)",
            "CUR_PIECE_ID bigint(20)", "SVR_IP varchar(32)", "SVR_PORT bigint(20)", "TABLE_ID bigint(20)",
            "PARTITION_ID bigint(20)", "MIN_FIRST_TIME timestamp(6)", "MAX_NEXT_TIME timestamp(6)",
            "STATUS varchar(11)", "START_LSN bigint(20)", "NEXT_LSN bigint(20)", "DROPPED bigint(20)",
            "LIMITS_CHECKPOINT bigint(20)"});
}

TEST_CASE("progress: one row per log stream of a current round, and the one that limits the checkpoint") {
  test::view_world world;
  put_round(world, 1001, round_status::doing);
  put_round(world, 1002, round_status::stop);
  auto at = parse_time("2021-04-30 11:33:41.845543").value();
  world.put(stream_record{tenant_id{1001}, stream_id{7}, 100, {250, at}, true});
  world.put(stream_record{tenant_id{1001}, stream_id{8}, 5, {5, 0}, false});
  world.put(stream_record{tenant_id{1002}, stream_id{9}, 0, {10, at}, false});
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS") ==
        "1|1001|2|5||0|7|0|2021-04-30 10:00:00.000000|2021-04-30 11:33:41.845543|DOING|100|250|1|0\n"
        "1|1001|2|5||0|8|0|2021-04-30 10:00:00.000000||DOING|5|5|0|1\n");
}

TEST_CASE(
    "progress: of a stream without log in the round no last entry is told, whatever SCN it has passed") {
  test::view_world world;
  put_round(world, 1001, round_status::doing);
  world.put(stream_record{tenant_id{1001}, stream_id{7}, 250, {250, 1'600'000'000 * one_second}, false});
  CHECK(world.select("SELECT MAX_NEXT_TIME, NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS") == "|250\n");
}
