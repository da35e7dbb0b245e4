#include "bench/append_bench.hpp"

#include "bench/corpus.hpp"
#include "bench/engine_side.hpp"
#include "bench/measure.hpp"

#include <algorithm>

namespace varve::bench {
namespace {

constexpr std::size_t append_corpus_bytes = 16 << 20;

/// Small entries, cut from the corpus one behind the other.
class entry_source {
public:
  entry_source(bytes_view data, std::size_t size) : data_(data), size_(size) {}
  bytes_view next() {
    if (at_ + size_ > data_.size())
      at_ = 0;
    auto entry = data_.subspan(at_, size_);
    at_ += size_;
    return entry;
  }

private:
  bytes_view data_;
  std::size_t size_, at_ = 0;
};

/// Entries a second when the next is appended as soon as the last was taken.
result<double> measure_maximum(engine_side& side, entry_source& entries, double seconds) {
  std::uint64_t count = 0;
  auto begin = steady_seconds();
  while (steady_seconds() - begin < seconds)
    for (int i = 0; i < 64; ++i, ++count)
      if (auto answer = side.append(0, entries.next()); answer.outcome != append_outcome::accepted)
        return refused(answer);
  auto per_second = static_cast<double>(count) / (steady_seconds() - begin);
  VARVE_TRY(side.flush());
  return per_second;
}

struct paced {
  latency_histogram latencies;
  double reached_per_second = 0;
};

result<paced> measure_pace(engine_side& side, entry_source& entries, double per_second, double seconds) {
  paced found;
  auto count = static_cast<std::uint64_t>(per_second * seconds);
  auto gap = 1e9 / per_second;
  auto begin = steady_ns();
  for (std::uint64_t i = 0; i < count; ++i) {
    auto due = begin + static_cast<std::uint64_t>(static_cast<double>(i) * gap);
    while (steady_ns() < due) {
    } // a sleep would be late by more than what is measured
    auto answer = side.append(0, entries.next());
    auto end = steady_ns();
    if (answer.outcome != append_outcome::accepted)
      return refused(answer);
    found.latencies.record(end - due);
  }
  found.reached_per_second = static_cast<double>(count) * 1e9 / static_cast<double>(steady_ns() - begin);
  VARVE_TRY(side.flush());
  return found;
}

nlohmann::ordered_json json_of(const paced& found) {
  return {{"p50_ns", found.latencies.percentile_ns(0.5)},
          {"p99_ns", found.latencies.percentile_ns(0.99)},
          {"p999_ns", found.latencies.percentile_ns(0.999)},
          {"max_ns", found.latencies.max_ns()},
          {"per_second", found.reached_per_second}};
}

std::string show(const paced& found) {
  return "p50 " + show_ns(found.latencies.percentile_ns(0.5)) + ", p99 " +
         show_ns(found.latencies.percentile_ns(0.99)) + ", p99.9 " +
         show_ns(found.latencies.percentile_ns(0.999)) + ", max " + show_ns(found.latencies.max_ns()) +
         " at " + show_number(found.reached_per_second, 0) + " a second";
}

} // namespace

result<report> run_append_bench(const append_bench_options& options, const tell_function& tell) {
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  auto input = make_corpus(append_corpus_bytes, 1);
  report told("append");
  told.fact("corpus", input.name);
  told.fact("codec", to_string(options.codec));
  told.fact("entry_bytes", options.entry_bytes);
  told.fact("medium", area.medium());

  entry_source entries(input.data, options.entry_bytes);
  auto measure = [&](auto&& work) -> std::decay_t<decltype(work(std::declval<engine_side&>()))> {
    VARVE_TRY_ASSIGN(auto directory, area.make_directory("append"));
    engine_setup setup;
    setup.directory = directory;
    setup.codec = options.codec;
    setup.budget_bytes = options.budget_bytes;
    VARVE_TRY_ASSIGN(auto side, engine_side::open(setup));
    auto found = work(*side);
    VARVE_TRY(side->close());
    side.reset();
    work_area::remove(directory);
    return found;
  };
  tell("the most entries a second");
  VARVE_TRY_ASSIGN(auto maximum, measure([&](engine_side& side) {
                     return measure_maximum(side, entries, options.seconds);
                   }));
  tell("at 10 % of that");
  VARVE_TRY_ASSIGN(auto slow, measure([&](engine_side& side) {
                     return measure_pace(side, entries, maximum * 0.1, options.seconds);
                   }));
  tell("at 90 % of that");
  VARVE_TRY_ASSIGN(auto fast, measure([&](engine_side& side) {
                     return measure_pace(side, entries, maximum * 0.9, options.seconds);
                   }));

  told.figure("maximum_per_second", maximum, show_number(maximum, 0) + " entries a second");
  auto p99 = slow.latencies.percentile_ns(0.99);
  told.figure("p50_ns", slow.latencies.percentile_ns(0.5),
              show_ns(slow.latencies.percentile_ns(0.5)) + " at 10 %");
  told.figure("p99_ns", p99, show_ns(p99) + " at 10 %");
  told.figure("p999_ns", slow.latencies.percentile_ns(0.999),
              show_ns(slow.latencies.percentile_ns(0.999)) + " at 10 %");
  told.figure("at_90_percent", fast.reached_per_second, show(fast));
  told.detail("at_10_percent", json_of(slow));
  told.detail("at_90_percent", json_of(fast));
  told.goal("p99 at 10 % < " + show_number(options.goal_us, 0) + " us", static_cast<double>(p99) / 1e3,
            static_cast<double>(p99) < options.goal_us * 1e3, show_ns(p99));
  return told;
}

} // namespace varve::bench
