#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace varve::test {

TEST_CASE("a lost catalog is made again from the destination, and archiving goes on") {
  archive_case here;
  auto log = sample_log(300'000);
  REQUIRE(here.archive({here.file("log", log.substr(0, 200'000))}).exit_code == 0);
  constexpr auto status =
      "SELECT TENANT_ID, LOG_ARCHIVE_ROUND, STATUS, INPUT_BYTES FROM CDB_OB_BACKUP_ARCHIVELOG "
      "WHERE TENANT_ID = 1001";
  auto before = here.shell(status, {"--format", "csv"}).output;
  std::filesystem::remove_all(here.data);
  auto rebuilt = run_varve({"rebuild-catalog", "--data", here.data, "--from", here.destination});
  INFO(rebuilt.errors);
  REQUIRE(rebuilt.exit_code == 0);
  CHECK(rebuilt.output.find("1 tenants, 1 rounds") != std::string::npos);
  CHECK(here.shell(status, {"--format", "csv"}).output == before);
  auto again = here.archive({here.file("log", log), "--json"});
  INFO(again.errors);
  REQUIRE(again.exit_code == 0);
  CHECK(nlohmann::json::parse(again.output)["first_lsn"] == 200'000);
  CHECK(here.restore().output == log);
}

TEST_CASE("a catalog is not rebuilt under a live owner, nor from nothing") {
  archive_case here;
  running_program owner(here.archive_words({"-"}));
  owner.write(sample_log(500'000));
  auto refused = run_varve({"rebuild-catalog", "--data", here.data, "--from", here.destination});
  CHECK(refused.exit_code == 4);
  CHECK(refused.errors.find(std::to_string(owner.pid())) != std::string::npos);
  CHECK(run_varve({"rebuild-catalog", "--data", (here.dir / "new").string(), "--from", here.dir.string()})
            .exit_code != 0);
}

} // namespace varve::test
