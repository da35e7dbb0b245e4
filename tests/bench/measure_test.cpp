#include "bench/measure.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {

TEST_CASE("the median is the middle value") {
  CHECK(median({}) == 0);
  CHECK(median({3}) == 3);
  CHECK(median({9, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 9}) == 3);
}

TEST_CASE("percentiles of a histogram are right to 1.6 percent") {
  latency_histogram histogram;
  CHECK(histogram.percentile_ns(0.5) == 0);
  for (std::uint64_t ns = 1; ns <= 1'000'000; ++ns)
    histogram.record(ns);
  CHECK(histogram.count() == 1'000'000);
  CHECK(histogram.max_ns() == 1'000'000);
  for (double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    auto exact = share * 1e6;
    CHECK(static_cast<double>(histogram.percentile_ns(share)) == Approx(exact).epsilon(0.016));
  }
  CHECK(histogram.percentile_ns(1) == 1'000'000);
}

TEST_CASE("small durations are counted exactly, the largest not lost") {
  latency_histogram histogram;
  histogram.record(0);
  histogram.record(7);
  histogram.record(~std::uint64_t{0});
  CHECK(histogram.percentile_ns(0.3) == 0);
  CHECK(histogram.percentile_ns(0.6) == 7);
  CHECK(histogram.percentile_ns(1) == ~std::uint64_t{0});
}

TEST_CASE("the process knows its memory and its processor time") {
  auto now = rss_bytes();
  CHECK(peak_rss_bytes() >= now);
  CHECK(rss_bytes() > 100'000);
  CHECK(process_cpu_seconds() >= 0);
}

} // namespace varve::bench
