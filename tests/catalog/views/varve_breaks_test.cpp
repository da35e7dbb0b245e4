#include "catalog/views/varve_breaks.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

TEST_CASE("a break says which log is missing, since when, and why") {
  test::view_world world;
  auto at = parse_time("2021-04-30 11:00:02").value();
  world.put(break_history_record{tenant_id{1002}, round_id{1}, stream_id{7}, 100, 250, at, "recycled"});
  world.put(break_history_record{tenant_id{1001}, round_id{3}, stream_id{8}, 1, 2, at, "gone"});
  CHECK(
      world.select("SELECT * FROM VARVE_BREAKS") ==
      "1001|3|8|1|2|2021-04-30 11:00:02.000000|gone\n1002|1|7|100|250|2021-04-30 11:00:02.000000|recycled\n");
}
