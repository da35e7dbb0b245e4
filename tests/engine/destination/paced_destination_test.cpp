#include "engine/destination/memory_destination.hpp"
#include "engine/destination/paced_destination.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {

/// Time passes only by sleeping.
struct sleeper {
  duration_ns now = 0;
  pace_clock clock() {
    return {[this] { return now; }, [this](duration_ns wait) { now += wait; }};
  }
};

} // namespace

TEST_CASE("a paced destination takes its time for what is written, and keeps the bytes") {
  auto behind =
      open_destination(parse_destination_uri("memory://paced").value(), open_mode::create_if_needed, "test");
  REQUIRE(behind.ok());
  sleeper time;
  auto slow = pace(*behind, 1000, time.clock());
  auto segment = slow->open_segment("t2/r1_p0/seg-1");
  REQUIRE(segment.ok());
  bytes part(500);
  bytes_view view = part;
  REQUIRE((*segment)->append({&view, 1}).ok());
  CHECK(time.now == one_second / 2);
  REQUIRE((*segment)->sync().ok());
  REQUIRE(slow->create("t2/commits/1", part).ok());
  CHECK(time.now == one_second);
  CHECK((*behind)->size("t2/r1_p0/seg-1").value() == part.size());
  CHECK((*behind)->size("t2/commits/1").value() == part.size());
}

TEST_CASE("writes to a paced destination stand in line; time that was not used is not saved up") {
  auto behind =
      open_destination(parse_destination_uri("memory://line").value(), open_mode::create_if_needed, "test");
  REQUIRE(behind.ok());
  duration_ns now = 0;
  std::vector<duration_ns> waits;
  auto slow = pace(*behind, 1000, {[&] { return now; }, [&](duration_ns wait) { waits.push_back(wait); }});
  bytes part(100);
  REQUIRE(slow->create("t2/commits/1", part).ok());
  REQUIRE(slow->create("t2/commits/2", part).ok());
  now = 10 * one_second;
  REQUIRE(slow->create("t2/commits/3", part).ok());
  CHECK(waits == std::vector<duration_ns>{one_second / 10, one_second / 5, one_second / 10});
}

} // namespace varve
