#include "catalog/record_coding.hpp"
#include "tests/harness/view_world.hpp"

#include <sstream>

using namespace varve;
using test::view_world;

namespace {

/// `tenants` tenants with `pieces` pieces each; piece n has 100 * n bytes.
void fill(view_world& world, std::uint64_t tenants, std::uint64_t pieces) {
  change_set changes;
  for (std::uint64_t t = 1001; t < 1001 + tenants; ++t) {
    round_status_record status{.tenant = tenant_id{t}};
    status.round.status = round_status::doing;
    status.round.id = round_id{1};
    status.round.start_scn = 1;
    status.round.checkpoint_scn = t;
    changes.put(status);
    for (std::uint64_t n = 1; n <= pieces; ++n) {
      piece_record x{.tenant = tenant_id{t}, .piece = {round_id{1}, piece_id{n}}};
      x.status = n == pieces ? piece_status::active : piece_status::frozen;
      x.counts.input_bytes = 100 * n;
      changes.put(x);
    }
  }
  REQUIRE(world.catalog->apply(changes, durability::buffered).ok());
}

bool mentions(const error& failed, std::string_view words) {
  return failed.to_string().find(words) != std::string::npos;
}

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

TEST_CASE("the language is there: WHERE, JOIN, GROUP BY, ORDER BY, LIMIT, functions, CTE, windows") {
  view_world world;
  fill(world, 3, 4);
  CHECK(world.select("SELECT TENANT_ID, SUM(INPUT_BYTES) FROM CDB_OB_BACKUP_PIECE_FILES GROUP BY TENANT_ID "
                     "ORDER BY TENANT_ID DESC LIMIT 2") == "1003|1000\n1002|1000\n");
  CHECK(world.select("SELECT a.TENANT_ID, p.BACKUP_PIECE_ID FROM CDB_OB_BACKUP_ARCHIVELOG a "
                     "JOIN CDB_OB_BACKUP_PIECE_FILES p ON a.TENANT_ID = p.TENANT_ID "
                     "WHERE p.STATUS = 'ACTIVE' ORDER BY 1") == "1001|4\n1002|4\n1003|4\n");
  CHECK(world.select("SELECT a.TENANT_ID, COUNT(p.TENANT_ID) FROM CDB_OB_BACKUP_ARCHIVELOG a "
                     "LEFT JOIN CDB_OB_BACKUP_PIECE_FILES p USING (TENANT_ID) GROUP BY 1 ORDER BY 1") ==
        "1|0\n1001|4\n1002|4\n1003|4\n");
  CHECK(world.select(
            "SELECT lower(STATUS) || '!' FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID IN (1001, 1002)") ==
        "doing!\ndoing!\n");
  CHECK(world.select("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
                     "SELECT i FROM n") == "1\n2\n3\n");
  CHECK(world.select("SELECT BACKUP_PIECE_ID, rank() OVER (ORDER BY INPUT_BYTES DESC) "
                     "FROM CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID = 1001 ORDER BY 2 LIMIT 1") == "4|1\n");
  CHECK(world.select("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG WHERE STATUS = \"DOING\" LIMIT 1") ==
        "DOING\n");
  CHECK(world.select("VALUES (1, NULL, 'x')") == "1|NULL|x\n");
}

TEST_CASE("columns are named as declared or as aliased") {
  view_world world;
  auto table =
      run_select("SELECT status, TENANT_ID AS t, 1 + 1 FROM cdb_ob_backup_archivelog", world.input());
  REQUIRE(table.ok());
  CHECK(table->columns == std::vector<std::string>{"STATUS", "t", "1 + 1"});
}

TEST_CASE("integer columns are integers, ratios have two decimals, NULL is not the empty text") {
  view_world world;
  fill(world, 12, 1);
  CHECK(world.select("SELECT DISTINCT typeof(TENANT_ID), typeof(INPUT_BYTES), typeof(COMPRESSION_RATIO), "
                     "typeof(STATUS) FROM CDB_OB_BACKUP_ARCHIVELOG") == "integer|integer|real|text\n");
  CHECK(world.select("SELECT MAX(TENANT_ID), MIN(TENANT_ID) + 1 FROM CDB_OB_BACKUP_ARCHIVELOG") ==
        "1012|2\n");
  CHECK(world.select("SELECT COMPRESSION_RATIO, COMPRESSION_RATIO + 0.5, COMMIT_SEQ, COMMENT "
                     "FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001") == "0.00|0.5|NULL|\n");
  CHECK(world.select("SELECT x'0041ff'") == std::string("\0A\xff\n", 4));
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
}

TEST_CASE("an unknown view is named, with the nearest there are") {
  view_world world;
  for (auto name : {"CDB_OB_BACKUP_ARCHIVLOG", "oceanbase.cdb_ob_backup_archivlog"}) {
    auto failed = world.refusal("SELECT * FROM " + std::string(name));
    INFO(failed.to_string());
    CHECK(failed.code == errc::unknown_view);
    CHECK(mentions(failed, "there is no view " + std::string(name)));
    CHECK(mentions(failed, "the nearest: CDB_OB_BACKUP_ARCHIVELOG, CDB_OB_BACKUP_PIECE_FILES"));
  }
  CHECK(world.refusal("SELECT * FROM main.CDB_OB_BACKUP_ARCHIVELOG").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM elsewhere.CDB_OB_BACKUP_ARCHIVELOG").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM sqlite_master").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM oceanbase.sqlite_schema").code == errc::unknown_view);
  CHECK(world.refusal("SELECT COUNT(*) FROM sqlite_schema").code == errc::unknown_view);
  CHECK(world.refusal("SELECT * FROM pragma_database_list").code == errc::not_supported);
  CHECK(world.refusal("SELECT * FROM " + std::string(100'000, 'x')).code == errc::unknown_view);
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

TEST_CASE("a SELECT that would run or grow for ever is canceled") {
  view_world world;
  auto counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
  auto failed = world.refusal(counting, {.steps = 100'000});
  CHECK(failed.code == errc::canceled);
  CHECK(mentions(failed, "100000 steps"));
  auto listing = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  CHECK(world.refusal(listing, {.steps = 100'000'000, .result_bytes = 1 << 20}).code == errc::canceled);
  CHECK(run_select("SELECT 1", world.input(), {.steps = 1'000}).ok());
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

TEST_CASE("any text is answered or refused, and both happen") {
  view_world world;
  fill(world, 2, 2);
  const std::vector<std::string> words{"SELECT",
                                       "*",
                                       "FROM",
                                       "CDB_OB_BACKUP_ARCHIVELOG",
                                       "cdb_ob_backup_piece_files",
                                       "WHERE",
                                       "TENANT_ID",
                                       "=",
                                       "1001",
                                       "(",
                                       ")",
                                       ",",
                                       "'text'",
                                       "JOIN",
                                       "ON",
                                       "GROUP BY",
                                       "ORDER BY",
                                       "STATUS",
                                       "LIMIT",
                                       "1",
                                       "NULL",
                                       "COUNT(*)",
                                       ";",
                                       "INSERT INTO",
                                       "--",
                                       "/*",
                                       "\"",
                                       "\xff\xfe",
                                       "WITH x AS",
                                       "UNION",
                                       "a.",
                                       "?",
                                       "%",
                                       "999999999999999999999"};
  std::uint64_t state = 42;
  auto below = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  int answered = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = below(4) == 0 ? "" : "SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG ";
    for (auto n = below(6); n > 0; --n)
      text.append(words[below(words.size())]).append(" ");
    auto table = run_select(text, world.input(), {.steps = 200'000});
    ++(table.ok() ? answered : refused);
    if (!table.ok())
      CHECK(!table.error().message.empty());
  }
  CHECK(answered > 50);
  CHECK(refused > 50);
}
