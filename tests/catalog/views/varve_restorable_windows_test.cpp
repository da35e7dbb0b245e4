#include "catalog/views/varve_restorable_windows.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;

namespace {

constexpr tenant_id shop{1001}, bank{1002};
constexpr auto all = "SELECT TENANT_ID, FIRST_ROUND, LAST_ROUND, STATUS, FROM_SCN, UNTIL_SCN, ENTRIES, "
                     "INPUT_BYTES, DESTINATION FROM VARVE_RESTORABLE_WINDOWS";

/// What an ended and a running round have in common.
template <class R>
R round_of(tenant_id tenant, std::uint64_t round, round_status status, scn from, scn until,
           std::uint64_t entries) {
  R x;
  x.tenant = tenant;
  x.round = {round_id{round}, status, from, until, piece_id{1}, 0};
  x.counts = {10 * entries, 1, entries};
  x.destination = "file:///b";
  return x;
}

auto ended(tenant_id tenant, std::uint64_t round, scn from, scn until, std::uint64_t entries = 1) {
  return round_of<round_history_record>(tenant, round, round_status::interrupted, from, until, entries);
}

auto running(tenant_id tenant, std::uint64_t round, scn from, scn until, std::uint64_t entries = 1) {
  return round_of<round_status_record>(tenant, round, round_status::doing, from, until, entries);
}

} // namespace

TEST_CASE("rounds that join are one window, a gap begins another one") {
  test::view_world world;
  world.put(ended(shop, 1, 100, 200), ended(shop, 2, 210, 300), ended(shop, 3, 310, 400),
            running(shop, 4, 410, 500), ended(bank, 1, 5, 6), running(bank, 2, 7, 8));
  world.put(round_join_record{shop, round_id{2}}, round_join_record{shop, round_id{4}},
            round_join_record{bank, round_id{3}},  // of a round that is not there
            round_join_record{shop, round_id{1}}); // to one that is not there
  CHECK(world.select(all) == "1001|1|2|STOP|100|300|2|20|file:///b\n"
                             "1001|3|4|DOING|310|500|2|20|file:///b\n"
                             "1002|1|1|STOP|5|6|1|10|file:///b\n"
                             "1002|2|2|DOING|7|8|1|10|file:///b\n");
}

TEST_CASE("a round that has not begun, or has no log, is no window of its own and lengthens one") {
  test::view_world world;
  world.put(ended(shop, 1, 0, 0, 0), ended(shop, 2, 100, 200), ended(shop, 3, 0, 0, 0),
            running(shop, 4, 300, 400, 0));
  CHECK(world.select(all) == "1001|2|2|STOP|100|200|1|10|file:///b\n");
  for (auto round : {2u, 3u, 4u})
    world.put(round_join_record{shop, round_id{round}});
  CHECK(world.select(all) == "1001|1|4|DOING|100|400|1|10|file:///b\n");
}

TEST_CASE("a window lies on one destination, and no round between is missing") {
  test::view_world world;
  auto moved = running(shop, 2, 300, 400);
  moved.destination = "file:///c";
  world.put(ended(shop, 1, 100, 200), moved, ended(bank, 1, 1, 2), running(bank, 3, 3, 4));
  world.put(round_join_record{shop, round_id{2}}, round_join_record{bank, round_id{3}});
  CHECK(world.select("SELECT FIRST_ROUND, LAST_ROUND FROM VARVE_RESTORABLE_WINDOWS") ==
        "1|1\n2|2\n1|1\n3|3\n");
}

TEST_CASE("a round that has ended and is still its tenant's row counts once") {
  test::view_world world;
  auto row = running(shop, 1, 100, 200);
  row.round.status = round_status::stop;
  world.put(ended(shop, 1, 100, 200), row, running(bank, 1, 7, 8));
  CHECK(world.select("SELECT TENANT_ID, FIRST_ROUND, ENTRIES FROM VARVE_RESTORABLE_WINDOWS") ==
        "1001|1|1\n1002|1|1\n");
}

TEST_CASE("the times of a window are restorable themselves: the beginning is rounded up, the end down") {
  test::view_world world;
  auto at = parse_time("2021-04-30 11:00:02").value();
  world.put(running(shop, 1, at + 1, at + 1999), running(bank, 1, at + 1000, at + 2000));
  CHECK(world.select("SELECT FROM_TS, UNTIL_TS FROM VARVE_RESTORABLE_WINDOWS") ==
        "2021-04-30 11:00:02.000001|2021-04-30 11:00:02.000001\n"
        "2021-04-30 11:00:02.000001|2021-04-30 11:00:02.000002\n");
}
