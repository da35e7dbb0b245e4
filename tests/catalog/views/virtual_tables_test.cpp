#include "catalog/record_coding.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;
using test::fill;
using test::mentions;
using test::view_world;

namespace {

/// A snapshot whose first record of a piece is damaged.
class damaged_snapshot final : public catalog_snapshot {
public:
  result<std::optional<std::string>> get(std::string_view) const override {
    return std::optional<std::string>{};
  }
  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (prefix == "p")
      visit(key_of(piece_record{.tenant = tenant_id{1001}}), "\x01 damaged");
    return {};
  }
};

} // namespace

TEST_CASE("a view is found in any case, with and without its schema, and in quotes") {
  view_world world;
  for (auto name :
       {"CDB_OB_BACKUP_ARCHIVELOG", "cdb_ob_backup_archivelog", "oceanbase.CDB_OB_BACKUP_ARCHIVELOG",
        "OceanBase.Cdb_Ob_Backup_ArchiveLog", "`oceanbase`.`CDB_OB_BACKUP_ARCHIVELOG`"})
    CHECK(world.select("SELECT STATUS FROM " + std::string(name)) == "STOP\n");
  CHECK(world.select(
            "SELECT oceanbase.CDB_OB_BACKUP_ARCHIVELOG.STATUS FROM oceanbase.CDB_OB_BACKUP_ARCHIVELOG") ==
        "STOP\n");
  CHECK(world.select("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG;  -- and a comment\n") == "STOP\n");
}

TEST_CASE("a condition on a number gives the same rows whatever it is compared with") {
  view_world world;
  fill(world, 5, 2);
  for (auto value : {"1003", "'1003'", "1003.0", "1000 + 3", "(SELECT 1003)", "CAST('1003' AS INTEGER)"})
    CHECK(world.select("SELECT TENANT_ID, BACKUP_PIECE_ID FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = " +
                       std::string(value)) == "1003|1\n1003|2\n");
  for (auto value : {"9999", "NULL", "'x'", "1003.5"})
    CHECK(world.select("SELECT TENANT_ID FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = " +
                       std::string(value)) == "");
  CHECK(world.select(
            "SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = 1003 OR BACKUP_PIECE_ID = 2") ==
        "6\n");
}

TEST_CASE("one SELECT sees one moment of the catalog") {
  view_world world;
  fill(world, 2, 2);
  auto before = world.input();
  fill(world, 4, 4);
  auto table = run_select("SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES", before);
  REQUIRE(table.ok());
  CHECK(table->rows[0][0] == "4");
}

TEST_CASE("ten thousand rows come whole, in order, and join by number within the limits") {
  view_world world;
  fill(world, 100, 100);
  auto table = run_select("SELECT * FROM CDB_OB_BACKUP_PIECE_FILES", world.input());
  REQUIRE(table.ok());
  REQUIRE(table->rows.size() == 10'000);
  CHECK(table->rows[9'999][1] == "1100");
  CHECK(table->rows[9'999][3] == "100");
  // Every row against its tenant: with a look at every pair this would be 100 million.
  auto joined =
      run_select("SELECT COUNT(*) FROM CDB_OB_BACKUP_PIECE_FILES p JOIN CDB_OB_BACKUP_PIECE_FILES q "
                 "ON p.TENANT_ID = q.TENANT_ID AND q.BACKUP_PIECE_ID = 1",
                 world.input(), {.steps = 20'000'000});
  INFO((joined.ok() ? std::string() : joined.error().to_string()));
  REQUIRE(joined.ok());
  CHECK(joined->rows[0][0] == "10000");
}

TEST_CASE("a damaged record is the SELECT's error, and only of the view that reads it") {
  view_world world;
  view_input input{std::make_shared<damaged_snapshot>(), 0};
  auto failed = run_select("SELECT * FROM CDB_OB_BACKUP_PIECE_FILES", input);
  REQUIRE(!failed.ok());
  CHECK(failed.code() == errc::checksum_error);
  CHECK(mentions(failed.error(), "piece/1001/0/0/0"));
  CHECK(run_select("SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG", input).ok());
}
