#include "tests/harness/view_world.hpp"

using namespace varve;
using test::fill;
using test::mentions;
using test::view_world;

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
  CHECK(world.select("SELECT x''") == "\n");
  CHECK(world.select("SELECT COUNT(*) FROM CDB_OB_BACKUP_ARCHIVELOG WHERE rowid = 1") == "1\n");
}

TEST_CASE(
    "a SELECT with a NUL byte, bytes that are not UTF-8 or control characters is refused in plain text") {
  using namespace std::string_view_literals;
  view_world world;
  for (auto text : {"SELECT '\0'"sv, "SELECT '\xff'"sv, "SELECT 1 -- \xe5\xa4"sv, "SELECT \x1b[2J"sv,
                    "SELECT * FROM \"a\nb\x7f\""sv, "SELECT json('\x1b')"sv}) {
    auto failed = world.refusal(text);
    INFO(failed.message);
    for (char c : failed.message)
      CHECK((c >= ' ' && c != '\x7f'));
  }
  auto endless = world.refusal("SELECT '" + std::string(100'000, 'x'));
  CHECK(endless.message.size() < 1000);
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
