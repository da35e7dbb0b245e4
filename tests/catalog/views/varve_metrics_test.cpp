#include "catalog/views/varve_metrics.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;
using test::view_world;

namespace {

std::vector<metric_sample> some_samples() {
  return {
      {"varve_round_id",
       metric_kind::gauge,
       "Number",
       {{"tenant", "1001"}, {"name", "shop"}},
       tenant_id{1001},
       3},
      {"varve_round_id",
       metric_kind::gauge,
       "Number",
       {{"tenant", "1002"}, {"name", "b"}},
       tenant_id{1002},
       4},
      {"varve_syncs_total", metric_kind::counter, "Syncs", {}, {}, 1.5},
  };
}

} // namespace

TEST_CASE("metrics are rows with name, labels, tenant, type, value and help") {
  CHECK(test::declared(varve_metrics) == std::vector<std::string>{"NAME varchar(64)", "LABELS varchar(1024)",
                                                                  "TENANT_ID bigint(20)", "TYPE varchar(16)",
                                                                  "VALUE double", "HELP varchar(256)"});
  view_world world;
  world.measure = some_samples;
  CHECK(world.select("SELECT * FROM VARVE_METRICS") ==
        "varve_round_id|tenant=\"1001\",name=\"shop\"|1001|gauge|3.0|Number\n"
        "varve_round_id|tenant=\"1002\",name=\"b\"|1002|gauge|4.0|Number\n"
        "varve_syncs_total||NULL|counter|1.5|Syncs\n");
  CHECK(world.select("SELECT SUM(VALUE) FROM varve_metrics WHERE NAME = 'varve_round_id'") == "7.0\n");
  CHECK(world.select("SELECT VALUE FROM VARVE_METRICS WHERE TENANT_ID = 1002") == "4.0\n");
  CHECK(world.select("SELECT NAME FROM VARVE_METRICS WHERE TENANT_ID IS NULL") == "varve_syncs_total\n");
}

TEST_CASE("a label's value is escaped as Prometheus does it") {
  view_world world;
  world.measure = [] {
    return std::vector<metric_sample>{{"x", metric_kind::gauge, "", {{"name", "a \"b\"\\\nc"}}, {}, 0}};
  };
  CHECK(world.select("SELECT LABELS FROM VARVE_METRICS") == "name=\"a \\\"b\\\"\\\\\\nc\"\n");
}

TEST_CASE("nothing is measured for a SELECT that does not read the metrics, and once for one that does") {
  view_world world;
  int measured = 0;
  world.measure = [&] {
    ++measured;
    return some_samples();
  };
  world.select("SELECT COUNT(*) FROM VARVE_BREAKS");
  world.select("SELECT 1");
  CHECK(measured == 0);
  CHECK(world.select("SELECT COUNT(*) FROM VARVE_METRICS a, oceanbase.VARVE_METRICS b "
                     "WHERE a.NAME IN (SELECT NAME FROM VARVE_METRICS)") == "9\n");
  CHECK(measured == 1);
}

TEST_CASE("without anybody who measures there are no metrics, and what fails to be measured is the error") {
  view_world world;
  CHECK(world.select("SELECT * FROM VARVE_METRICS").empty());
  auto input = world.input();
  input.metrics = []() -> result<std::vector<metric_sample>> {
    return fail(errc::catalog_error, "the catalog is gone");
  };
  auto failed = run_select("SELECT * FROM VARVE_METRICS", input);
  REQUIRE(failed.code() == errc::catalog_error);
  CHECK(failed.error().message == "the catalog is gone");
}
