#include "bench/measure.hpp"
#include "bench/throttled_destination.hpp"
#include "engine/model/destination_uri.hpp"

#include <catch2/catch.hpp>

#include <thread>

namespace varve::bench {

TEST_CASE("a throttled destination takes its time for all writes together, and keeps their bytes") {
  auto behind = open_destination(parse_destination_uri("memory://throttled").value(),
                                 open_mode::create_if_needed, "test");
  REQUIRE(behind.ok());
  auto slow = throttle(*behind, 1 << 20);
  auto begin = steady_seconds();
  bytes part(50'000);
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i)
    writers.emplace_back([&, i] {
      auto segment = slow->open_segment("t2/r1_p0/seg-" + std::to_string(i));
      if (!segment.ok())
        return;
      bytes_view view = part;
      static_cast<void>((*segment)->append({&view, 1}));
      static_cast<void>((*segment)->sync());
    });
  for (auto& writer : writers)
    writer.join();
  CHECK(steady_seconds() - begin >= 100'000.0 / (1 << 20));
  for (int i = 0; i < 2; ++i) {
    auto size = (*behind)->size("t2/r1_p0/seg-" + std::to_string(i));
    REQUIRE(size.ok());
    CHECK(*size == part.size());
  }
}

} // namespace varve::bench
