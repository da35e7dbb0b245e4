#pragma once

#include <array>
#include <cstdint>
#include <vector>

/// Clocks and counters of this process, as a benchmark reads them.
namespace varve::bench {

/// Seconds of a steady clock since an arbitrary moment.
double steady_seconds();

/// Nanoseconds of the same clock, for latencies.
std::uint64_t steady_ns();

/// CPU seconds (user and system) all threads of this process have used so far.
double process_cpu_seconds();

/// The largest resident size this process ever had, in bytes (VmHWM), and the present one (VmRSS).
/// 0 where /proc does not tell.
std::uint64_t peak_rss_bytes();
std::uint64_t rss_bytes();

/// The middle value; the mean of the two middle ones of an even number. 0 for none.
double median(std::vector<double> values);

/// Counts durations in buckets whose width is at most 1/64 of their value, from 1 ns to hours, so that a
/// percentile is right to 1.6 %. Fixed memory, no allocation while recording. Not thread-safe.
class latency_histogram {
public:
  void record(std::uint64_t ns);
  std::uint64_t count() const { return count_; }
  std::uint64_t max_ns() const { return max_; }
  /// The smallest bucket end below which at least `share` (0 < share <= 1) of all durations lie; 0 without
  /// any.
  std::uint64_t percentile_ns(double share) const;

private:
  static constexpr unsigned sub_bits = 6;
  static constexpr std::size_t bucket_count = std::size_t{64 - sub_bits + 1} << sub_bits;
  static std::size_t bucket_of(std::uint64_t ns);
  static std::uint64_t bucket_end(std::size_t bucket);

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0, max_ = 0;
};

} // namespace varve::bench
