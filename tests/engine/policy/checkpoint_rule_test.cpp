#include "engine/policy/checkpoint_rule.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

using namespace varve;

TEST_CASE("a stream supports up to just below its last durable entry, because its SCN may come again") {
  CHECK(stream_support({.last_durable_scn = 100}) == 99);
  CHECK(stream_support({.last_durable_scn = 1}) == 0);
  CHECK(stream_support({}) == 0);
}

TEST_CASE("an advance supports itself when nothing is pending") {
  CHECK(stream_support({.last_durable_scn = 100, .advance = 100}) == 100);
  CHECK(stream_support({.last_durable_scn = 100, .advance = 50}) == 99);
  CHECK(stream_support({.last_durable_scn = 0, .advance = 500}) == 500);
}

TEST_CASE("what is pending holds a stream back, whatever the host advanced to") {
  CHECK(stream_support({.last_durable_scn = 100, .first_pending_scn = 100}) == 99);
  CHECK(stream_support({.last_durable_scn = 100, .first_pending_scn = 200}) == 199);
  CHECK(stream_support({.last_durable_scn = 100, .first_pending_scn = 200, .advance = 900}) == 199);
  CHECK(stream_support({.first_pending_scn = 0, .advance = 900}) == 0);
}

TEST_CASE("a checkpoint is due when the last is older than half of the interval") {
  constexpr auto interval = 120 * one_second, last = 1'000'000 * one_second;
  CHECK(!checkpoint_due(last, last, interval, 0));
  CHECK(!checkpoint_due(last + 60 * one_second - 1, last, interval, 0));
  CHECK(checkpoint_due(last + 60 * one_second, last, interval, 0));
  CHECK(checkpoint_due(last + 50 * one_second, last, interval, 10 * one_second));
  CHECK(!checkpoint_due(last + 50 * one_second - 1, last, interval, 10 * one_second));
  CHECK(checkpoint_due(last, last, interval, interval));
}

TEST_CASE("a checkpoint is due when the clock went back behind the last one") {
  constexpr auto interval = 120 * one_second, last = 1'000'000 * one_second;
  CHECK(checkpoint_due(last - 1, last, interval, 0));
  CHECK(checkpoint_due(last - one_hour, last, interval, 0));
}

TEST_CASE("a due time past the end of time is the end of time") {
  constexpr auto end = std::numeric_limits<unix_ns>::max();
  CHECK(checkpoint_due_at(end - 1, one_hour, 0) == end);
  CHECK(checkpoint_due_at(0, end, 0) == end / 2);
}

TEST_CASE("tenants start at different phases below half of the interval, the same every time") {
  constexpr auto interval = 120 * one_second;
  std::vector<duration_ns> phases;
  for (std::uint64_t tenant = 1000; tenant < 2000; ++tenant) {
    auto phase = checkpoint_phase(tenant_id{tenant}, interval);
    CHECK(phase < interval / 2);
    CHECK(phase == checkpoint_phase(tenant_id{tenant}, interval));
    phases.push_back(phase);
  }
  std::ranges::sort(phases);
  // evenly: no gap between neighbours is much wider than the mean of 60 ms
  for (std::size_t i = 1; i < phases.size(); ++i)
    CHECK(phases[i] - phases[i - 1] < 200 * one_ms);
  CHECK(checkpoint_phase(tenant_id{7}, 0) == 0);
  CHECK(checkpoint_phase(tenant_id{7}, std::numeric_limits<duration_ns>::max()) <
        std::numeric_limits<duration_ns>::max() / 2);
}

/// Claim: a checkpoint at the least support of all streams never covers an entry that is not durable, and
/// never goes back. Method: seeded hosts append, advance and make durable in any interleaving, told from the
/// outside what is durable.
TEST_CASE("no checkpoint ever covers an entry that is not durable") {
  std::mt19937_64 random(11);
  std::size_t raised = 0;
  for (int round = 0; round < 200; ++round) {
    struct host_stream {
      std::vector<scn> entries;
      std::size_t durable = 0;
      scn advance = 0;
    };
    std::vector<host_stream> streams(1 + random() % 4);
    scn checkpoint = 0;
    for (int step = 0; step < 100; ++step) {
      auto& stream = streams[random() % streams.size()];
      auto last = stream.entries.empty() ? scn{1} : stream.entries.back();
      auto lowest = std::max(last, stream.advance + 1);
      switch (random() % 3) {
      case 0:
        stream.entries.push_back(lowest + random() % 3);
        break;
      case 1:
        stream.durable += random() % (stream.entries.size() - stream.durable + 1);
        break;
      default:
        stream.advance = std::max(stream.advance, last + random() % 3);
      }
      auto next = scn_max; // the least support of all streams
      for (auto& s : streams) {
        stream_progress progress{.last_durable_scn = s.durable == 0 ? 0 : s.entries[s.durable - 1],
                                 .first_pending_scn = {},
                                 .advance = s.advance};
        if (s.durable < s.entries.size())
          progress.first_pending_scn = s.entries[s.durable];
        next = std::min(next, stream_support(progress));
      }
      REQUIRE(next >= checkpoint);
      if (next > checkpoint)
        ++raised;
      checkpoint = next;
      for (auto& s : streams) {
        for (std::size_t i = s.durable; i < s.entries.size(); ++i)
          REQUIRE(s.entries[i] > checkpoint);
        // nor one that may still come
        auto least_to_come = std::max(s.entries.empty() ? scn{1} : s.entries.back(), s.advance + 1);
        REQUIRE(least_to_come > checkpoint);
      }
    }
  }
  CHECK(raised > 1000);
}
