#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace varve::test {

TEST_CASE("a sound archive is proved and counted") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000)), "--chunk", "1000"}).exit_code == 0);
  auto text = run_varve({"verify", here.destination});
  CHECK(text.exit_code == 0);
  CHECK(text.output.find("100 entries") != std::string::npos);
  auto json = run_varve({"verify", "file://" + here.destination, "--json", "--tenant", "1001"});
  CHECK(json.exit_code == 0);
  auto found = nlohmann::json::parse(json.output);
  CHECK(found["tenants"][0]["entries"] == 100);
  CHECK(found["tenants"][0]["input_bytes"] == 100'000);
  CHECK(found["problems"].empty());
}

TEST_CASE("a changed byte is found, with its object and what it costs") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000)), "--chunk", "1000"}).exit_code == 0);
  auto segment = here.object("/seg-");
  archive_case::flip_byte(segment, 5000);
  auto text = run_varve({"verify", here.destination});
  CHECK(text.exit_code == 3);
  CHECK(text.output.find("DAMAGE") != std::string::npos);
  auto json = run_varve({"verify", here.destination, "--json"});
  CHECK(json.exit_code == 3);
  auto problem = nlohmann::json::parse(json.output)["problems"][0];
  CHECK(problem["costs_log"] == true);
  CHECK(segment.ends_with(problem["object"].get<std::string>()));
  CHECK(problem["lost"][0]["stream"] == 1);
}

TEST_CASE("a missing segment is found") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000))}).exit_code == 0);
  auto segment = here.object("/seg-");
  std::filesystem::remove(segment);
  auto found = run_varve({"verify", here.destination});
  CHECK(found.exit_code == 3);
  CHECK(found.output.find(std::filesystem::path(segment).filename().string()) != std::string::npos);
}

TEST_CASE("a place without an archive, or without the tenant, is no damage") {
  archive_case here;
  CHECK(run_varve({"verify", (here.dir / "gone").string()}).exit_code != 0);
  CHECK(run_varve({"verify", here.dir.string()}).exit_code == 5);
  REQUIRE(here.archive({here.file("log", sample_log(1000))}).exit_code == 0);
  CHECK(run_varve({"verify", here.destination, "--tenant", "7"}).exit_code == 5);
}

} // namespace varve::test
