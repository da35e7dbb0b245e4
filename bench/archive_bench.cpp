#include "bench/archive_bench.hpp"

#include "bench/corpus.hpp"
#include "bench/engine_side.hpp"
#include "bench/machine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_archive.hpp"
#include "bench/tool_speed.hpp"

#include <algorithm>
#include <fstream>

namespace varve::bench {
namespace {

constexpr std::uint64_t raw_sync_bytes = 32 << 20;

struct pipeline_figures {
  std::uint64_t input_bytes = 0, output_bytes = 0, blocks = 0, block_input_bytes = 0;
  double seconds = 0, cpu_seconds = 0;
  double bytes_per_second() const { return static_cast<double>(input_bytes) / seconds; }
};

/// Deals entries round-robin for so many seconds, then waits until all is durable; that wait counts.
result<pipeline_figures> run_pipeline(engine_side& side, bytes_view input, double seconds) {
  pipeline_figures figures;
  auto before = side.engine().memory_usage();
  auto cpu_before = process_cpu_seconds();
  auto begin = steady_seconds();
  std::size_t at = 0, stream = 0;
  while (steady_seconds() - begin < seconds) {
    auto payload = input.subspan(at, std::min(bench_entry_bytes, input.size() - at));
    auto answer = side.append(stream, payload);
    if (answer.outcome != append_outcome::accepted)
      return answer.outcome == append_outcome::error
                 ? answer.failed
                 : fail(errc::io_error, "the engine stopped taking entries (outcome " +
                                            std::to_string(static_cast<int>(answer.outcome)) + ")");
    figures.input_bytes += payload.size();
    if ((at += payload.size()) == input.size())
      at = 0;
    if (++stream == side.streams().size())
      stream = 0;
  }
  VARVE_TRY(side.flush());
  figures.seconds = steady_seconds() - begin;
  figures.cpu_seconds = process_cpu_seconds() - cpu_before;
  auto after = side.engine().memory_usage();
  figures.output_bytes = after.stored_bytes - before.stored_bytes;
  figures.blocks = after.blocks - before.blocks;
  figures.block_input_bytes = after.block_input_bytes - before.block_input_bytes;
  return figures;
}

struct both_sides {
  std::vector<double> pipeline, raw, ratio, cpu_per_gib, raw_cpu_per_gib, block_bytes;
  std::uint64_t input_bytes = 0, output_bytes = 0;
};

/// How long a side may run so that what it writes fits the medium.
double seconds_that_fit(const archive_bench_options& options, const raw_figures& trial, const work_area& area,
                        report& told) {
  auto rate = static_cast<double>(trial.output_bytes) / trial.seconds;
  auto room = static_cast<double>(area.free_bytes()) * 0.7;
  if (rate * options.seconds <= room)
    return options.seconds;
  auto seconds = std::max(0.2, room / rate);
  told.doubt("the medium has room for only " + show_number(seconds, 1) +
             " s a side: free some, or give another --dest");
  return seconds;
}

} // namespace

result<report> run_archive_bench(const archive_bench_options& options, const tell_function& tell) {
  VARVE_TRY_ASSIGN(auto input, take_corpus(options.input, options.input_bytes_max, made_corpus_bytes));
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  auto here = describe_machine();
  report told("archive");
  told.fact("corpus", input.name + ", " + show_bytes(static_cast<double>(input.data.size())));
  told.fact("codec", to_string(options.codec));
  told.fact("streams", options.streams);
  told.fact("medium", area.medium());
  told.fact("budget_bytes", options.budget_bytes);

  // The codec's own tool, on the very same bytes.
  auto tool_input = options.input;
  if (tool_input.empty()) {
    tool_input = area.path() + "/corpus";
    std::ofstream file(tool_input, std::ios::binary);
    auto text = as_text(input.data);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  tell("asking the codec's own tool");
  auto tool = ask_codec_tool(options.codec, tool_input, options.seconds * 0.6);
  if (options.input.empty())
    work_area::remove(tool_input);

  auto dealt = options.streams == 1 ? bytes() : deal(input.data, options.streams, bench_entry_bytes);
  VARVE_TRY_ASSIGN(auto raw_directory, area.make_directory("raw"));
  raw_archive_options raw;
  raw.input = options.streams == 1 ? bytes_view(input.data) : bytes_view(dealt);
  raw.codec = options.codec;
  raw.block_bytes = bench_block_bytes;
  raw.threads = here.cores;
  raw.directory = raw_directory;
  raw.sync_bytes = area.in_memory() ? 0 : raw_sync_bytes;
  raw.seconds = std::min(0.5, options.seconds);
  VARVE_TRY_ASSIGN(auto trial, run_raw_archive(raw));
  auto seconds = seconds_that_fit(options, trial, area, told);
  raw.seconds = seconds;

  both_sides sides;
  for (unsigned run = 1; run <= options.runs; ++run) {
    auto which = ", run " + std::to_string(run) + " of " + std::to_string(options.runs);
    tell("raw side" + which);
    VARVE_TRY_ASSIGN(auto least, run_raw_archive(raw));
    tell("pipeline" + which);
    VARVE_TRY_ASSIGN(auto directory, area.make_directory("pipeline"));
    engine_setup setup;
    setup.directory = directory;
    setup.codec = options.codec;
    setup.budget_bytes = options.budget_bytes;
    setup.streams = options.streams;
    VARVE_TRY_ASSIGN(auto side, engine_side::open(setup));
    VARVE_TRY_ASSIGN(auto whole, run_pipeline(*side, input.data, seconds));
    VARVE_TRY(side->close());
    side.reset();
    work_area::remove(directory);
    constexpr double gib = 1 << 30;
    sides.raw.push_back(least.bytes_per_second());
    sides.pipeline.push_back(whole.bytes_per_second());
    sides.ratio.push_back(whole.bytes_per_second() / least.bytes_per_second());
    sides.cpu_per_gib.push_back(whole.cpu_seconds / (static_cast<double>(whole.input_bytes) / gib));
    sides.raw_cpu_per_gib.push_back(least.cpu_seconds / (static_cast<double>(least.input_bytes) / gib));
    if (whole.blocks > 0)
      sides.block_bytes.push_back(static_cast<double>(whole.block_input_bytes) /
                                  static_cast<double>(whole.blocks));
    sides.input_bytes += whole.input_bytes;
    sides.output_bytes += whole.output_bytes;
  }

  auto ratio = median(sides.pipeline) / median(sides.raw);
  told.figure("ratio", ratio, show_number(ratio, 3) + " of the raw side");
  told.figure("bytes_per_second", median(sides.pipeline), show_speed(median(sides.pipeline)));
  told.figure("raw_bytes_per_second", median(sides.raw),
              show_speed(median(sides.raw)) + ", " + std::to_string(here.cores) + " threads, " +
                  show_speed(median(sides.raw) / here.cores) + " each");
  if (tool) {
    told.figure("tool_bytes_per_second", tool->compress,
                show_speed(tool->compress) + ", one thread: " + tool->command);
  } else if (options.codec != codec::none) {
    told.fact("codec tool", "not installed: install lz4 and zstd to see what the codec can do");
  }
  told.figure("cpu_seconds_per_gib", median(sides.cpu_per_gib),
              show_number(median(sides.cpu_per_gib), 3) + " (raw " +
                  show_number(median(sides.raw_cpu_per_gib), 3) + ")");
  told.figure("mean_block_bytes", median(sides.block_bytes), show_bytes(median(sides.block_bytes)));
  auto shrunk =
      static_cast<double>(sides.input_bytes) / std::max(1.0, static_cast<double>(sides.output_bytes));
  told.figure("compression", shrunk, show_number(shrunk, 2) + " times smaller");
  told.detail("runs", {{"pipeline", sides.pipeline}, {"raw", sides.raw}});
  told.goal("pipeline / raw >= " + show_number(options.goal, 2), ratio, ratio >= options.goal,
            show_number(ratio, 3));
  return told;
}

} // namespace varve::bench
