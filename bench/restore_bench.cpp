#include "bench/restore_bench.hpp"

#include "bench/corpus.hpp"
#include "bench/engine_side.hpp"
#include "bench/machine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_restore.hpp"
#include "bench/tool_speed.hpp"
#include "engine/reader/restore_reader.hpp"

#include <algorithm>
#include <fstream>

namespace varve::bench {
namespace {

/// The archive to restore; the wait until it is durable is not measured.
status make_archive(const std::string& directory, const restore_bench_options& options, bytes_view input,
                    std::uint64_t bytes_wanted) {
  engine_setup setup;
  setup.directory = directory;
  setup.codec = options.codec;
  setup.streams = options.streams;
  VARVE_TRY_ASSIGN(auto side, engine_side::open(setup));
  std::uint64_t done = 0;
  for (std::size_t at = 0, stream = 0; done < bytes_wanted;) {
    auto payload = input.subspan(at, std::min(bench_entry_bytes, input.size() - at));
    auto answer = side->append(stream, payload);
    if (answer.outcome != append_outcome::accepted)
      return answer.outcome == append_outcome::error
                 ? answer.failed
                 : fail(errc::io_error, "the engine stopped taking entries");
    done += payload.size();
    if ((at += payload.size()) == input.size())
      at = 0;
    if (++stream == options.streams)
      stream = 0;
  }
  VARVE_TRY(side->advance());
  VARVE_TRY(side->flush());
  return side->close();
}

/// Reads the archive from its beginning, again and again until the time is up, and drops what it gets.
result<raw_restore_figures> run_reader(const std::shared_ptr<destination>& where, double seconds) {
  raw_restore_figures figures;
  auto cpu_before = process_cpu_seconds();
  auto begin = steady_seconds();
  while (steady_seconds() - begin < seconds) {
    restore_options options;
    options.tenant = bench_tenant;
    VARVE_TRY_ASSIGN(auto reader, restore_reader::open(where, options));
    while (steady_seconds() - begin < seconds) {
      VARVE_TRY_ASSIGN(auto batch, reader->next());
      if (!batch)
        break;
      for (const auto& entry : batch->entries)
        figures.input_bytes += entry.payload.size();
    }
  }
  figures.seconds = steady_seconds() - begin;
  figures.cpu_seconds = process_cpu_seconds() - cpu_before;
  return figures;
}

} // namespace

result<report> run_restore_bench(const restore_bench_options& options, const tell_function& tell) {
  VARVE_TRY_ASSIGN(auto input, take_corpus(options.input, options.input_bytes_max, made_corpus_bytes));
  VARVE_TRY_ASSIGN(auto parent, directory_of(options.destination));
  VARVE_TRY_ASSIGN(auto area, work_area::make(parent));
  auto here = describe_machine();
  report told("restore");
  told.fact("corpus", input.name + ", " + show_bytes(static_cast<double>(input.data.size())));
  told.fact("codec", to_string(options.codec));
  told.fact("streams", options.streams);
  told.fact("medium", area.medium() + ", read from the page cache");

  auto bytes_wanted = std::min(options.archive_bytes, area.free_bytes() / 2);
  if (bytes_wanted < options.archive_bytes)
    told.doubt("the medium has room for only " + show_bytes(static_cast<double>(bytes_wanted)) + " of log");
  tell("making an archive of " + show_bytes(static_cast<double>(bytes_wanted)));
  VARVE_TRY_ASSIGN(auto directory, area.make_directory("restore"));
  VARVE_TRY(make_archive(directory, options, input.data, bytes_wanted));
  auto archive_directory = directory + "/archive";
  VARVE_TRY_ASSIGN(auto blocks, find_raw_blocks(archive_directory));
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri("file://" + archive_directory));
  VARVE_TRY_ASSIGN(auto where, open_destination(uri, open_mode::read_only, "bench"));

  std::vector<double> reader, raw, cpu_per_gib, raw_cpu_per_gib;
  for (unsigned run = 1; run <= options.runs; ++run) {
    auto which = ", run " + std::to_string(run) + " of " + std::to_string(options.runs);
    tell("raw side" + which);
    VARVE_TRY_ASSIGN(auto least, run_raw_restore(blocks, here.cores, options.seconds));
    tell("reader" + which);
    VARVE_TRY_ASSIGN(auto whole, run_reader(where, options.seconds));
    raw.push_back(least.bytes_per_second());
    reader.push_back(whole.bytes_per_second());
    cpu_per_gib.push_back(whole.cpu_seconds / (static_cast<double>(whole.input_bytes) / (1 << 30)));
    raw_cpu_per_gib.push_back(least.cpu_seconds / (static_cast<double>(least.input_bytes) / (1 << 30)));
  }

  auto ratio = median(reader) / median(raw);
  auto block_bytes = static_cast<double>(blocks.input_bytes) / static_cast<double>(blocks.blocks.size());
  told.figure("ratio", ratio, show_number(ratio, 3) + " of the raw side");
  told.figure("bytes_per_second", median(reader), show_speed(median(reader)));
  told.figure("raw_bytes_per_second", median(raw),
              show_speed(median(raw)) + ", " + std::to_string(here.cores) + " threads, " +
                  show_speed(median(raw) / here.cores) + " each");
  told.figure("cpu_seconds_per_gib", median(cpu_per_gib),
              show_number(median(cpu_per_gib), 3) + " (raw " + show_number(median(raw_cpu_per_gib), 3) + ")");
  told.figure("mean_block_bytes", block_bytes, show_bytes(block_bytes));
  told.detail("runs", {{"reader", reader}, {"raw", raw}});
  told.goal("reader / raw >= " + show_number(options.goal, 2), ratio, ratio >= options.goal,
            show_number(ratio, 3));
  return told;
}

} // namespace varve::bench
