#include "bench/catalog_bench.hpp"

#include "bench/corpus.hpp"
#include "bench/engine_side.hpp"
#include "bench/measure.hpp"
#include "bench/raw_checkpoints.hpp"
#include "bench/window_bench.hpp"
#include "engine/destination/posix_file.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <sys/resource.h>
#include <thread>

namespace varve::bench {
namespace {

constexpr std::size_t catalog_corpus_bytes = 1 << 20;
constexpr std::size_t entry_bytes = 200;
constexpr double tick_seconds = 0.2;       ///< the engine collects what it tells the catalog for so long
constexpr std::uint64_t other_files = 200; ///< what a process has open beside a file for each tenant

/// What was counted between two moments.
struct counters {
  std::uint64_t syncs = 0, commits = 0, batches = 0, stored_bytes = 0;
  double at = 0; ///< seconds

  static counters read(engine_side& side) {
    auto usage = side.engine().memory_usage();
    return {posix_file::syncs(), usage.commits, usage.catalog_batches, usage.stored_bytes, steady_seconds()};
  }
  counters since(const counters& before) const {
    return {syncs - before.syncs, commits - before.commits, batches - before.batches,
            stored_bytes - before.stored_bytes, at - before.at};
  }
};

/// Rounds of one kind, one value for each.
struct rounds {
  std::vector<double> seconds, cpu_seconds, syncs, commits, batches, batches_per_tick, stored_bytes;
};

/// Appends one small entry to every stream of the first `with_news` tenants, then asks all tenants for a
/// checkpoint and waits until all have one. Counted is until the catalog was told as well.
status run_round(engine_side& side, const catalog_bench_options& options, std::size_t with_news,
                 bytes_view input, rounds& into) {
  for (std::size_t i = 0; i < with_news * options.streams; ++i) {
    auto answer = side.append(i, input.subspan(i * entry_bytes % (input.size() - entry_bytes), entry_bytes));
    if (answer.outcome != append_outcome::accepted)
      return answer.outcome == append_outcome::error
                 ? answer.failed
                 : fail(errc::io_error, "the engine did not take an entry of the benchmark");
  }
  auto before = counters::read(side);
  auto cpu_before = process_cpu_seconds();
  VARVE_TRY(side.flush());
  auto seconds = steady_seconds() - before.at;
  into.cpu_seconds.push_back(process_cpu_seconds() - cpu_before);
  std::this_thread::sleep_for(std::chrono::duration<double>(2 * tick_seconds));
  auto counted = counters::read(side).since(before);
  into.seconds.push_back(seconds);
  into.syncs.push_back(static_cast<double>(counted.syncs));
  into.commits.push_back(static_cast<double>(counted.commits));
  into.batches.push_back(static_cast<double>(counted.batches));
  into.batches_per_tick.push_back(static_cast<double>(counted.batches) /
                                  std::ceil(counted.at / tick_seconds));
  into.stored_bytes.push_back(static_cast<double>(counted.stored_bytes));
  return {};
}

/// Each tenant holds its open segment, on either side.
status allow_open_files(std::size_t tenants) {
  auto needed = 2 * tenants + other_files;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
    return {};
  auto allowed = limit.rlim_max;
  limit.rlim_cur = std::min<rlim_t>(needed, allowed);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 && allowed >= needed)
    return {};
  return fail(errc::io_error,
              std::to_string(tenants) + " tenants need " + std::to_string(needed) +
                  " open files, and this process may have " + std::to_string(allowed),
              "raise the limit (ulimit -n), or give fewer --tenants");
}

/// Bytes of a commit as the first tenant has them.
std::size_t commit_bytes(const std::string& archive_directory) {
  std::error_code ignored;
  std::uint64_t largest = 0;
  auto folder = archive_directory + "/t" + to_string(bench_tenant) + "/commits";
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    largest = std::max<std::uint64_t>(largest, entry.file_size(ignored));
  return static_cast<std::size_t>(largest);
}

std::size_t half_of(std::size_t tenants) {
  return (tenants + 1) / 2;
}

std::string show_seconds(double seconds) {
  return show_number(seconds, 3) + " s";
}

std::string show_count(const std::vector<double>& counts) {
  return show_number(median(counts), 0);
}

struct catalog_sides {
  rounds all, half, none; // by who of the tenants has news
  std::vector<double> raw_seconds, raw_syncs;
  unsigned raw_threads = 0;
};

/// Rounds of each kind and of the raw side, in turns.
result<catalog_sides> run_rounds(engine_side& side, const catalog_bench_options& options,
                                 const work_area& area, const tell_function& tell) {
  auto input = make_corpus(catalog_corpus_bytes, 1);
  catalog_sides found;
  rounds first; // every stream begins here
  VARVE_TRY(run_round(side, options, options.tenants, input.data, first));
  VARVE_TRY_ASSIGN(auto directory, area.make_directory("raw"));
  raw_checkpoint_options least;
  least.directory = directory;
  least.tenants = options.tenants;
  least.threads = found.raw_threads = archive_options{}.io_threads;
  least.segment_bytes =
      static_cast<std::size_t>(first.stored_bytes.front() / static_cast<double>(options.tenants));
  least.commit_bytes = commit_bytes(side.archive_directory());
  VARVE_TRY_ASSIGN(auto raw, raw_checkpoints::prepare(least));
  for (unsigned run = 1; run <= options.runs; ++run) {
    tell("rounds, run " + std::to_string(run) + " of " + std::to_string(options.runs));
    VARVE_TRY_ASSIGN(auto figures, raw.run());
    found.raw_seconds.push_back(figures.seconds);
    found.raw_syncs.push_back(static_cast<double>(figures.syncs));
    VARVE_TRY(run_round(side, options, options.tenants, input.data, found.all));
    VARVE_TRY(run_round(side, options, half_of(options.tenants), input.data, found.half));
    VARVE_TRY(run_round(side, options, 0, input.data, found.none));
  }
  return found;
}

void tell_rounds(const catalog_sides& found, const catalog_bench_options& options, report& told) {
  const auto& [all, half, none, raw_seconds, raw_syncs, raw_threads] = found;
  auto seconds = median(all.seconds), least = median(raw_seconds);
  auto syncs = median(all.syncs) / static_cast<double>(options.tenants);
  auto half_syncs = median(half.syncs) / static_cast<double>(half_of(options.tenants));
  auto batches = median(all.batches_per_tick);
  told.figure("round_seconds", seconds, show_seconds(seconds));
  told.figure("raw_seconds", least,
              show_seconds(least) + ", " + show_count(raw_syncs) + " syncs from " +
                  std::to_string(raw_threads) + " threads and nothing else");
  told.figure("ratio", least / seconds, show_number(least / seconds, 3) + " of the raw side");
  told.figure("round_cpu_seconds", median(all.cpu_seconds), show_seconds(median(all.cpu_seconds)));
  told.figure("syncs_per_tenant", syncs, show_number(syncs, 2));
  told.figure("commits", median(all.commits), show_count(all.commits));
  told.figure("catalog_batches", median(all.batches),
              show_count(all.batches) + ", " + show_number(batches, 2) + " per tick of " +
                  show_number(tick_seconds, 1) + " s");
  told.figure("half_seconds", median(half.seconds),
              show_seconds(median(half.seconds)) + " when half of the tenants have news");
  told.figure("half_syncs_per_tenant", half_syncs,
              show_number(half_syncs, 2) + " for each of those, " + show_count(half.commits) + " commits");
  told.figure("idle_seconds", median(none.seconds), show_seconds(median(none.seconds)) + " when none has");
  told.figure("idle_syncs", median(none.syncs),
              show_count(none.syncs) + ", " + show_count(none.commits) + " commits, " +
                  show_count(none.batches) + " batches");
  told.detail("runs",
              {{"round", all.seconds}, {"raw", raw_seconds}, {"half", half.seconds}, {"idle", none.seconds}});
  told.goal("a round of " + std::to_string(options.tenants) + " tenants x " +
                std::to_string(options.streams) + " streams < " + show_number(options.round_goal, 0) + " s",
            seconds, seconds < options.round_goal, show_seconds(seconds));
  auto most = std::max(syncs, half_syncs);
  told.goal("syncs of a tenant with news <= " + show_number(options.syncs_goal, 0), most,
            most <= options.syncs_goal, show_number(most, 2));
  told.goal("no sync for a tenant without", median(none.syncs), median(none.syncs) == 0,
            show_count(none.syncs));
  told.goal("at most 1 catalog batch per tick", batches, batches <= 1, show_number(batches, 2));
}

} // namespace

result<report> run_catalog_bench(const catalog_bench_options& options, const tell_function& tell) {
  VARVE_TRY(allow_open_files(options.tenants));
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  report told("catalog");
  told.fact("tenants", options.tenants);
  told.fact("streams", options.streams);
  told.fact("codec", to_string(options.codec));
  told.fact("medium", area.medium());
  told.fact("interval", options.interval);
  if (area.in_memory())
    told.doubt("a sync costs nothing on a memory file system: give --dest file:///path on a disk");

  VARVE_TRY_ASSIGN(auto directory, area.make_directory("engine"));
  engine_setup setup;
  setup.directory = directory;
  setup.codec = options.codec;
  setup.budget_bytes = options.budget_bytes;
  setup.tenants = options.tenants;
  setup.streams = options.streams;
  setup.interval = options.interval;
  tell("opening " + std::to_string(options.tenants) + " tenants with " + std::to_string(options.streams) +
       " streams each");
  auto begin = steady_seconds();
  VARVE_TRY_ASSIGN(auto side, engine_side::open(setup));
  auto opening = steady_seconds() - begin;
  told.figure("open_seconds", opening, show_seconds(opening) + " to register and take over all tenants");
  VARVE_TRY_ASSIGN(auto found, run_rounds(*side, options, area, tell));
  VARVE_TRY(side->close());
  side.reset();
  work_area::remove(directory);
  tell_rounds(found, options, told);

  VARVE_TRY_ASSIGN(auto window_directory, area.make_directory("windows"));
  window_bench_options windows;
  windows.directory = window_directory;
  windows.pieces = options.pieces;
  windows.runs = options.runs;
  VARVE_TRY(run_window_bench(windows, told, tell));
  return told;
}

} // namespace varve::bench
