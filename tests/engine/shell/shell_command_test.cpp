#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace varve::test {
namespace {
constexpr auto begin_archiving = "ALTER SYSTEM SET backup_dest = 'file://";
}

TEST_CASE("statements run one after the other and print their results") {
  archive_case here;
  auto done =
      here.shell(begin_archiving + here.destination +
                 "'; ALTER SYSTEM ARCHIVELOG; SELECT TENANT_ID, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG");
  INFO(done.errors);
  CHECK(done.exit_code == 0);
  CHECK(done.output.find("| TENANT_ID | STATUS |") != std::string::npos);
  CHECK(done.output.find("| 1         | DOING  |") != std::string::npos);
}

TEST_CASE("the first statement that fails ends the text, with its code, name and hint") {
  archive_case here;
  auto failed = here.shell("SELECT 1 AS A; ALTER SYSTEM ARCHIVELOG; SELECT 2 AS B");
  CHECK(failed.exit_code == 2);
  CHECK(failed.output.find("| A |") != std::string::npos);
  CHECK(failed.output.find("| B |") == std::string::npos);
  CHECK(failed.errors.find("-9026 OB_INVALID_BACKUP_DEST: ") != std::string::npos);
  CHECK(failed.errors.find("hint: ") != std::string::npos);
}

TEST_CASE("results come as JSON and CSV, too") {
  archive_case here;
  auto json = here.shell("SELECT 1 AS A, NULL AS B; SELECT 'x,y' AS C", {"--format", "json"});
  CHECK(json.output == "{\"columns\":[\"A\",\"B\"],\"rows\":[{\"A\":\"1\",\"B\":null}]}\n"
                       "{\"columns\":[\"C\"],\"rows\":[{\"C\":\"x,y\"}]}\n");
  auto csv = here.shell("SELECT 1 AS A, NULL AS B, 'x,y' AS C", {"--format", "csv"});
  CHECK(csv.output == "A,B,C\r\n1,,\"x,y\"\r\n");
  CHECK(here.shell("SELECT 1", {"--format", "xml"}).exit_code == 2);
}

TEST_CASE("without a terminal, statements are read from stdin, over several lines, without a prompt") {
  archive_case here;
  auto done = run_varve({"shell", "--data", here.data, "--format", "csv"},
                        "SELECT 1\n  AS A; SELECT 2 AS B;\nSELECT 3 AS C");
  CHECK(done.exit_code == 0);
  CHECK(done.output == "A\r\n1\r\nB\r\n2\r\nC\r\n3\r\n");
  auto failed = run_varve({"shell", "--data", here.data}, "nonsense;\nSELECT 1 AS A;\n");
  CHECK(failed.exit_code == 2);
  CHECK(failed.output.empty());
  auto left = run_varve({"shell", "--data", here.data, "--format", "csv"}, "quit\nSELECT 1 AS A;\n");
  CHECK(left.exit_code == 0);
  CHECK(left.output.empty());
}

TEST_CASE("beside a live owner SELECT works and everything else is refused with its pid") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(10'000))}).exit_code == 0);
  running_program owner(here.archive_words({"-"}));
  owner.write(sample_log(500'000)); // it runs now
  auto select =
      here.shell("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = 1001;", {"--format", "csv"});
  INFO(select.errors);
  CHECK(select.exit_code == 0);
  CHECK(select.output == "STATUS\r\nDOING\r\n");
  auto refused = here.shell("ALTER SYSTEM NOARCHIVELOG");
  CHECK(refused.exit_code == 4);
  CHECK(refused.errors.find(std::to_string(owner.pid())) != std::string::npos);
}

TEST_CASE("a text with a statement that is none is refused as a whole, with its place in the whole text") {
  archive_case here;
  auto refused =
      here.shell("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'; ALTER SYSTEM ARCHIVE LOG");
  CHECK(refused.exit_code != 0);
  CHECK(refused.errors.find("line 1, column 72") != std::string::npos);
  auto shown = here.shell("SHOW PARAMETERS LIKE 'backup_log_archive_option'");
  CHECK(shown.output.find("OPTIONAL") != std::string::npos);
}

TEST_CASE("parameters are shown as they are in force") {
  archive_case here;
  auto shown = here.shell("ALTER SYSTEM SET backup_log_archive_option = 'compression= zstd_1.3.8'; "
                          "SHOW PARAMETERS LIKE '%archive_option'",
                          {"--format", "csv"});
  INFO(shown.errors);
  CHECK(shown.output.find("backup_log_archive_option,STRING,OPTIONAL COMPRESSION=zstd_1.3.8,") !=
        std::string::npos);
}

} // namespace varve::test
