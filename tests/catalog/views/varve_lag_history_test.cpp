#include "catalog/views/varve_lag_history.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

TEST_CASE("the lag history has every sample, oldest first, with its lag and what limited it") {
  test::view_world world;
  round_status_record round;
  round.tenant = tenant_id{1001};
  world.put(round);
  auto at = parse_time("2021-04-30 11:00:02").value();
  // The ring has gone round: the newest sample lies before the oldest.
  world.put(lag_sample{tenant_id{1001}, lag_samples_max + 1, at, at - 2 * one_second, {}, one_ms});
  world.put(lag_sample{tenant_id{1001}, 2, at - one_minute, at - 2 * one_minute, stream_id{7}, 5 * one_ms});
  CHECK(world.select("SELECT * FROM VARVE_LAG_HISTORY") ==
        "1001|2|2021-04-30 10:59:02.000000|2021-04-30 10:58:02.000000|60000000|7|5000\n"
        "1001|1025|2021-04-30 11:00:02.000000|2021-04-30 11:00:00.000000|2000000|NULL|1000\n");
}

TEST_CASE("a checkpoint ahead of the clock has no lag, and never a negative one") {
  test::view_world world;
  round_status_record round;
  round.tenant = tenant_id{1001};
  world.put(round);
  world.put(lag_sample{tenant_id{1001}, 1, one_second, 2 * one_second, {}, 0});
  CHECK(world.select("SELECT LAG_US FROM VARVE_LAG_HISTORY") == "0\n");
}
