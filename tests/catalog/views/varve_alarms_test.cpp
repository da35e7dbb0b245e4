#include "catalog/views/varve_alarms.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

TEST_CASE("an alarm says which stream is close to a break, and how much log is left until then") {
  test::view_world world;
  CHECK(world.select("SELECT * FROM VARVE_ALARMS").empty());
  auto at = parse_time("2021-04-30 11:00:02").value();
  world.put(alarm_record{tenant_id{1002}, stream_id{7}, 300, 900, 250, 2, at, at + 1'000'000'000});
  world.put(alarm_record{tenant_id{1001}, stream_id{1}, 300, 900, 301, 1, at, at}); // nothing is left
  CHECK(world.select("SELECT * FROM VARVE_ALARMS") ==
        "1001|1|1|301|300|900|0|2021-04-30 11:00:02.000000|2021-04-30 11:00:02.000000\n"
        "1002|7|2|250|300|900|50|2021-04-30 11:00:02.000000|2021-04-30 11:00:03.000000\n");
}
