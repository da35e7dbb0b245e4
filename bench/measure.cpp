#include "bench/measure.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <fstream>
#include <string>
#include <sys/resource.h>

namespace varve::bench {

std::uint64_t steady_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

double steady_seconds() {
  return static_cast<double>(steady_ns()) * 1e-9;
}

double process_cpu_seconds() {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0)
    return 0;
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

namespace {
// A line "VmHWM:     12345 kB" of /proc/self/status.
std::uint64_t status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == key && status >> kib)
      return kib * 1024;
  }
  return 0;
}
} // namespace

std::uint64_t peak_rss_bytes() {
  return status_bytes("VmHWM:");
}
std::uint64_t rss_bytes() {
  return status_bytes("VmRSS:");
}

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Values below 2^sub_bits have a bucket each; above, every power of two is divided into 2^sub_bits buckets.
std::size_t latency_histogram::bucket_of(std::uint64_t ns) {
  auto width = static_cast<unsigned>(std::bit_width(ns));
  if (width <= sub_bits)
    return static_cast<std::size_t>(ns);
  unsigned shift = width - sub_bits - 1;
  return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(ns >> shift);
}

std::uint64_t latency_histogram::bucket_end(std::size_t bucket) {
  if (bucket < (std::size_t{2} << sub_bits))
    return bucket;
  auto shift = static_cast<unsigned>(bucket >> sub_bits) - 1;
  auto top = (bucket & ((std::size_t{1} << sub_bits) - 1)) + (std::size_t{1} << sub_bits);
  return ((static_cast<std::uint64_t>(top) + 1) << shift) - 1;
}

void latency_histogram::record(std::uint64_t ns) {
  ++buckets_[std::min(bucket_of(ns), bucket_count - 1)];
  ++count_;
  max_ = std::max(max_, ns);
}

std::uint64_t latency_histogram::percentile_ns(double share) const {
  auto wanted = static_cast<double>(count_) * share;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted)
      return std::min(bucket_end(i), max_);
  }
  return max_;
}

} // namespace varve::bench
