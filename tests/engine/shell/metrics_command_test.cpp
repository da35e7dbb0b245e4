#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

TEST_CASE("metrics of a data directory are printed for a monitoring system") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", "hello")}).exit_code == 0);
  auto shown = run_varve({"metrics", "--data", here.data});
  REQUIRE(shown.exit_code == 0);
  CHECK(shown.output.find("varve_round_input_bytes{tenant=\"1001\",name=\"tenant1001\"} 5\n") !=
        std::string::npos);
  CHECK(shown.output.find("varve_round_status{tenant=\"1001\",name=\"tenant1001\",status=\"DOING\"} 1\n") !=
        std::string::npos);
  CHECK(run_varve({"metrics", "--data", (here.dir / "none").string()}).exit_code != 0);
}

} // namespace varve::test
