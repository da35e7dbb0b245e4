#include "bench/streams_bench.hpp"

#include "bench/corpus.hpp"
#include "bench/engine_side.hpp"
#include "bench/measure.hpp"
#include "engine/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace varve::bench {
namespace {

constexpr std::size_t streams_corpus_bytes = 1 << 20;
constexpr std::size_t entry_bytes = 1000;
constexpr std::uint64_t rss_allowance = 64 << 20, rss_per_stream = 2 << 10;

struct busy_figures {
  double fill = 0; ///< mean share of the budget in use
  std::uint64_t accepted = 0, refused = 0;
};

/// Every stream appends in turn; a refused one is offered its entry again when its turn comes.
result<busy_figures> keep_busy(engine_side& side, bytes_view input, double seconds) {
  busy_figures figures;
  double fills = 0;
  std::uint64_t rounds = 0;
  std::size_t at = 0;
  auto begin = steady_seconds();
  while (steady_seconds() - begin < seconds) {
    std::uint64_t accepted = 0;
    for (std::size_t stream = 0; stream < side.streams().size(); ++stream) {
      if (at + entry_bytes > input.size())
        at = 0;
      auto answer = side.try_append(stream, input.subspan(at, entry_bytes));
      at += entry_bytes;
      if (answer.outcome == append_outcome::error)
        return answer.failed;
      if (answer.outcome == append_outcome::accepted)
        ++accepted;
      else
        ++figures.refused;
    }
    figures.accepted += accepted;
    auto usage = side.engine().memory_usage();
    fills += static_cast<double>(usage.used_bytes) / static_cast<double>(usage.budget_bytes);
    ++rounds;
    if (accepted == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  figures.fill = rounds > 0 ? fills / static_cast<double>(rounds) : 0;
  return figures;
}

/// CPU share of one core over one interval in which nothing happens but advances.
result<double> measure_idle(engine_side& side, double interval, double advance_seconds) {
  auto cpu_before = process_cpu_seconds();
  auto begin = steady_seconds();
  auto end = begin + interval;
  for (auto next = begin; next < end; next += advance_seconds) {
    VARVE_TRY(side.advance());
    std::this_thread::sleep_for(
        std::chrono::duration<double>(std::min(next + advance_seconds, end) - steady_seconds()));
  }
  return (process_cpu_seconds() - cpu_before) / (steady_seconds() - begin);
}

} // namespace

result<report> run_streams_bench(const streams_bench_options& options, const tell_function& tell) {
  VARVE_TRY_ASSIGN(auto interval, parse_duration(options.interval));
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  auto input = make_corpus(streams_corpus_bytes, 1);
  report told("streams");
  told.fact("corpus", input.name);
  told.fact("codec", to_string(options.codec));
  told.fact("streams", options.streams);
  told.fact("medium",
            area.medium() + ", throttled to " + show_speed(static_cast<double>(options.write_rate)));
  told.fact("interval", options.interval);

  VARVE_TRY_ASSIGN(auto directory, area.make_directory("streams"));
  engine_setup setup;
  setup.directory = directory;
  setup.codec = options.codec;
  setup.mode = archive_mode::optional;
  setup.budget_bytes = options.budget_bytes;
  setup.streams = options.streams;
  setup.interval = options.interval;
  setup.write_rate = options.write_rate;
  tell("opening " + std::to_string(options.streams) + " streams");
  VARVE_TRY_ASSIGN(auto side, engine_side::open(setup));
  auto rss_before = rss_bytes();
  tell("all streams append for " + show_number(options.busy_seconds, 0) + " s");
  VARVE_TRY_ASSIGN(auto busy, keep_busy(*side, input.data, options.busy_seconds));
  tell("waiting until all is durable");
  VARVE_TRY(side->advance());
  VARVE_TRY(side->flush());
  auto peak = peak_rss_bytes();
  auto seconds = static_cast<double>(interval) * 1e-9;
  tell("idle for one interval of " + options.interval);
  VARVE_TRY_ASSIGN(auto idle, measure_idle(*side, seconds, options.advance_seconds));
  VARVE_TRY(side->close());

  auto allowed = options.budget_bytes + rss_allowance + rss_per_stream * options.streams;
  told.figure("budget_bytes", options.budget_bytes, show_bytes(static_cast<double>(options.budget_bytes)));
  told.figure("budget_fill", busy.fill, show_number(busy.fill * 100, 1) + " % in use on average");
  told.figure("accepted_entries", busy.accepted, std::to_string(busy.accepted));
  told.figure("refused_entries", busy.refused, std::to_string(busy.refused));
  told.figure("rss_bytes_before", rss_before,
              show_bytes(static_cast<double>(rss_before)) + " with all streams open");
  told.figure("peak_rss_bytes", peak, show_bytes(static_cast<double>(peak)));
  told.figure("idle_cpu", idle, show_number(idle * 100, 3) + " % of a core");
  if (busy.fill < 0.7)
    told.doubt("the budget was not kept full: throttle the destination more (--write-rate)");
  told.goal("peak RSS <= budget + 64 MiB + 2 KiB a stream", static_cast<double>(peak), peak <= allowed,
            show_bytes(static_cast<double>(peak)) + " of " + show_bytes(static_cast<double>(allowed)));
  told.goal("idle CPU < " + show_number(options.idle_goal * 100, 0) + " % of a core", idle,
            idle < options.idle_goal, show_number(idle * 100, 3) + " %");
  return told;
}

} // namespace varve::bench
