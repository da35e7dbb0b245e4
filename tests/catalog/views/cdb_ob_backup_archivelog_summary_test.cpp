#include "catalog/views/cdb_ob_backup_archivelog.hpp"
#include "catalog/views/cdb_ob_backup_archivelog_summary.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

namespace {

round_status_record current(std::uint64_t tenant, std::uint64_t round, round_status status) {
  round_status_record x;
  x.tenant = tenant_id{tenant};
  x.round.id = round_id{round};
  x.round.status = status;
  x.round.start_scn = parse_time("2021-04-30 10:00:00").value();
  x.round.checkpoint_scn = parse_time("2021-04-30 11:00:00").value();
  return x;
}

round_history_record ended(std::uint64_t tenant, std::uint64_t round, std::string comment = {}) {
  round_history_record x;
  x.tenant = tenant_id{tenant};
  x.round = current(tenant, round, round_status::interrupted).round;
  x.counts = {1000, 250, 10};
  x.last_piece = piece_id{4};
  x.ended_at = parse_time("2021-04-30 12:00:00").value();
  x.destination = "file:///backup";
  x.comment = std::move(comment);
  return x;
}

constexpr auto in_short = "SELECT TENANT_ID, LOG_ARCHIVE_ROUND, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY";

} // namespace

TEST_CASE("CDB_OB_BACKUP_ARCHIVELOG_SUMMARY has the columns of CDB_OB_BACKUP_ARCHIVELOG") {
  CHECK(test::declared(cdb_ob_backup_archivelog_summary) == test::declared(cdb_ob_backup_archivelog));
}

TEST_CASE("the summary has every round that ended as STOP, then the tenant's current one") {
  test::view_world world;
  world.put(ended(1001, 1));
  world.put(ended(1001, 2));
  world.put(ended(1003, 1));
  world.put(current(1001, 3, round_status::doing));
  world.put(current(1002, 1, round_status::beginning));
  world.put(current(1003, 1, round_status::stop)); // that is the one in the history
  CHECK(world.select(in_short) == "1|3|BEGINNING\n1001|1|STOP\n1001|2|STOP\n1001|3|DOING\n"
                                  "1002|1|BEGINNING\n1003|1|STOP\n");
}

TEST_CASE("without a current round the summary has no row of tenant 1") {
  test::view_world world;
  CHECK(world.select(in_short) == "");
  world.put(ended(1001, 1));
  world.put(current(1001, 1, round_status::stop));
  CHECK(world.select(in_short) == "1001|1|STOP\n");
}

TEST_CASE("an ended round says what it held, and the break that interrupted it") {
  test::view_world world;
  world.put(ended(1001, 2, "stream 7: log is gone"));
  CHECK(world.select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG_SUMMARY") ==
        "1|2|1001|STOP|0|4|2021-04-30 10:00:00.000000|2021-04-30 11:00:00.000000|1000|250|0.25|0.00MB|0.00MB|"
        "stream 7: log is gone|NULL|NULL|file:///backup\n");
}
