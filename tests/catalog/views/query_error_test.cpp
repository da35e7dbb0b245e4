#include "tests/harness/view_world.hpp"

using namespace varve;
using test::mentions;
using test::view_world;

TEST_CASE("nothing but SELECT is let through") {
  view_world world;
  auto refused = [&](std::string_view text, std::string_view words) {
    auto failed = world.refusal(text);
    INFO(failed.to_string());
    CHECK(failed.code == errc::not_supported);
    CHECK(mentions(failed, words));
    CHECK(mentions(failed, "can be read with SELECT"));
  };
  refused("INSERT INTO CDB_OB_BACKUP_ARCHIVELOG(STATUS) VALUES ('x')", "CDB_OB_BACKUP_ARCHIVELOG");
  refused("UPDATE cdb_ob_backup_archivelog SET STATUS = 'STOP'", "write to table CDB_OB_BACKUP_ARCHIVELOG");
  refused("DELETE FROM oceanbase.CDB_OB_BACKUP_PIECE_FILES", "write to table CDB_OB_BACKUP_PIECE_FILES");
  refused("WITH x AS (SELECT 1) DELETE FROM CDB_OB_BACKUP_PIECE_FILES",
          "write to table CDB_OB_BACKUP_PIECE_FILES");
  refused("CREATE TABLE t(a)", "a change of the schema");
  refused("CREATE TEMP TABLE t AS SELECT 1", "a change of the schema");
  refused("CREATE VIRTUAL TABLE t USING CDB_OB_BACKUP_ARCHIVELOG", "a change of the schema");
  refused("DROP TABLE oceanbase.CDB_OB_BACKUP_ARCHIVELOG", "a change of the schema");
  refused("ALTER TABLE oceanbase.CDB_OB_BACKUP_ARCHIVELOG RENAME TO x", "not supported");
  refused("ATTACH '/tmp/x' AS x", "ATTACH");
  refused("DETACH oceanbase", "DETACH");
  refused("PRAGMA writable_schema = 1", "PRAGMA writable_schema");
  refused("PRAGMA temp_store_directory", "PRAGMA");
  refused("BEGIN", "a transaction");
  refused("SAVEPOINT a", "a transaction");
  refused("VACUUM", "this statement");
  refused("VACUUM INTO '/tmp/x'", "this statement");
  refused("REINDEX", "not supported");
  refused("ANALYZE", "not supported");
  refused("EXPLAIN SELECT 1", "this statement");
  refused("SELECT load_extension('x')", "load_extension");
  refused("SELECT fts3_tokenizer('simple')", "fts3_tokenizer");
  refused("SELECT load_extension('x'), fts3_tokenizer('simple')", "load_extension"); // the first is named
}

TEST_CASE("an unknown view is named, with the nearest there are") {
  view_world world;
  for (auto name : {"CDB_OB_BACKUP_ARCHIVLOG", "oceanbase.cdb_ob_backup_archivlog"}) {
    auto failed = world.refusal("SELECT * FROM " + std::string(name));
    INFO(failed.to_string());
    CHECK(failed.code == errc::unknown_view);
    CHECK(mentions(failed, "there is no view " + std::string(name)));
    CHECK(mentions(failed, "the nearest: CDB_OB_BACKUP_ARCHIVELOG, CDB_OB_BACKUP_ARCHIVELOG_SUMMARY"));
  }
  CHECK(world.refusal("SELECT * FROM main.CDB_OB_BACKUP_ARCHIVELOG").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM elsewhere.CDB_OB_BACKUP_ARCHIVELOG").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM sqlite_master").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM oceanbase.sqlite_schema").code == errc::unknown_view);
  CHECK(world.refusal("SELECT COUNT(*) FROM sqlite_schema").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM pragma_database_list").code == errc::not_supported);
  CHECK(world.refusal("SELECT * FROM " + std::string(100'000, 'x')).code == errc::unknown_view);
}

TEST_CASE("a WITH table may have any name but those of SQLite's own tables, and JSON can be taken apart") {
  view_world world;
  CHECK(world.select("SELECT key, value FROM json_each('[7, 8]')") == "0|7\n1|8\n");
  CHECK(world.select("SELECT COUNT(*) FROM json_tree('{\"a\": 1}')") == "2\n");
  CHECK(world.select("WITH mine AS (SELECT 1) SELECT COUNT(*) FROM mine") == "1\n");
  CHECK(world.refusal("SELECT COUNT(*) FROM pragma_database_list").code != errc::ok);
}

TEST_CASE("an unknown column is named, with the nearest there are") {
  view_world world;
  auto failed = world.refusal("SELECT a.STATSU FROM CDB_OB_BACKUP_ARCHIVELOG a");
  INFO(failed.to_string());
  CHECK(failed.code == errc::unknown_view);
  CHECK(mentions(failed, "there is no column a.STATSU"));
  CHECK(mentions(failed, "the nearest: STATUS"));
}

TEST_CASE("text that is no SELECT is a parse_error with SQLite's words and the place") {
  view_world world;
  auto failed = world.refusal("SELECT *\n  FORM CDB_OB_BACKUP_ARCHIVELOG");
  INFO(failed.to_string());
  CHECK(failed.code == errc::parse_error);
  CHECK(mentions(failed, "syntax error"));
  CHECK(mentions(failed, "line 2, column 3"));
  for (auto text : {"", "  ", "-- nothing", ";", "SELECT", "SELECT 1 2", "SELECT 'open", "SHOW TABLES",
                    "SELECT ?", "SELECT :a", "SELECT nosuch(1)", "SELECT 1; SELECT 2", "SELECT 1; nonsense"})
    CHECK(world.refusal(text).code == errc::parse_error);
  CHECK(world.refusal(std::string_view("SELECT 1\0 garbage", 17)).code == errc::parse_error);
  CHECK(world.refusal(std::string_view()).code == errc::parse_error);
  CHECK(world.refusal("SELECT '" + std::string(2 << 20, 'x') + "'").code == errc::parse_error);
  CHECK(mentions(world.refusal("SELECT 1; DROP TABLE x"), "more after the first SELECT"));
}

TEST_CASE("a value that a function refuses is invalid_argument") {
  view_world world;
  CHECK(world.refusal("SELECT abs(-9223372036854775807 - 1)").code == errc::invalid_argument);
  CHECK(world.refusal("SELECT zeroblob(1000000000)").code == errc::invalid_argument);
  CHECK(world.refusal("SELECT json('{')").code == errc::invalid_argument);
}
