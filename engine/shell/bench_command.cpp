#include "bench/append_bench.hpp"
#include "bench/archive_bench.hpp"
#include "bench/catalog_bench.hpp"
#include "bench/restore_bench.hpp"
#include "bench/statements_bench.hpp"
#include "bench/streams_bench.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* bench_examples =
    R"(Every workload prints the machine, the codec and the corpus with its figures, and
compares with the least that must be done (the raw side) in the same run.
bench/README.md says what each number means.
Examples:
  varve bench archive --streams 8 --codec zstd
  varve bench archive --input redo.log --dest file:///backup --json
  varve bench restore --codec lz4
  varve bench append
  varve bench streams --streams 10000 --interval 120s
  varve bench catalog --tenants 1000 --streams 10 --dest file:///backup
  varve bench statements)";

struct bench_options {
  std::string input, destination, codec = "lz4", budget = "256m", write_rate = "16m", interval = "120s",
                                  archive_bytes = "4g";
  std::optional<std::size_t> streams;
  std::size_t tenants = 1000;
  std::uint64_t pieces = 1'000'000, rows = 10'000;
  double seconds = 5, busy_seconds = 30;
  unsigned runs = 5;
  bool json = false;
};

result<codec> parse_codec(const std::string& name) {
  for (auto one : {codec::none, codec::lz4, codec::zstd})
    if (name == to_string(one))
      return one;
  if (name == "none")
    return codec::none;
  if (name == "lz4")
    return codec::lz4;
  if (name == "zstd")
    return codec::zstd;
  return fail(errc::invalid_argument, "there is no codec '" + name + "'", "--codec is none, lz4 or zstd");
}

using runner = std::function<result<bench::report>(const bench_options&, const bench::tell_function&)>;

result<bench::report> run_archive(const bench_options& given, const bench::tell_function& tell) {
  bench::archive_bench_options options;
  VARVE_TRY_ASSIGN(options.codec, parse_codec(given.codec));
  VARVE_TRY_ASSIGN(options.budget_bytes, parse_byte_count(given.budget));
  options.input = given.input;
  options.streams = given.streams.value_or(1);
  options.destination = given.destination;
  options.seconds = given.seconds;
  options.runs = given.runs;
  return bench::run_archive_bench(options, tell);
}

result<bench::report> run_restore(const bench_options& given, const bench::tell_function& tell) {
  bench::restore_bench_options options;
  VARVE_TRY_ASSIGN(options.codec, parse_codec(given.codec));
  VARVE_TRY_ASSIGN(options.archive_bytes, parse_byte_count(given.archive_bytes));
  options.input = given.input;
  options.streams = given.streams.value_or(1);
  options.destination = given.destination;
  options.seconds = given.seconds;
  options.runs = given.runs;
  return bench::run_restore_bench(options, tell);
}

result<bench::report> run_append(const bench_options& given, const bench::tell_function& tell) {
  bench::append_bench_options options;
  VARVE_TRY_ASSIGN(options.codec, parse_codec(given.codec));
  VARVE_TRY_ASSIGN(options.budget_bytes, parse_byte_count(given.budget));
  options.destination = given.destination;
  options.seconds = given.seconds;
  return bench::run_append_bench(options, tell);
}

result<bench::report> run_streams(const bench_options& given, const bench::tell_function& tell) {
  bench::streams_bench_options options;
  VARVE_TRY_ASSIGN(options.codec, parse_codec(given.codec));
  VARVE_TRY_ASSIGN(options.budget_bytes, parse_byte_count(given.budget));
  VARVE_TRY_ASSIGN(options.write_rate, parse_byte_count(given.write_rate));
  options.streams = given.streams.value_or(options.streams);
  options.destination = given.destination;
  options.interval = given.interval;
  options.busy_seconds = given.busy_seconds;
  return bench::run_streams_bench(options, tell);
}

result<bench::report> run_catalog(const bench_options& given, const bench::tell_function& tell) {
  bench::catalog_bench_options options;
  VARVE_TRY_ASSIGN(options.codec, parse_codec(given.codec));
  VARVE_TRY_ASSIGN(options.budget_bytes, parse_byte_count(given.budget));
  options.tenants = given.tenants;
  options.streams = given.streams.value_or(options.streams);
  options.destination = given.destination;
  options.interval = given.interval;
  options.runs = given.runs;
  options.pieces = given.pieces;
  return bench::run_catalog_bench(options, tell);
}

result<bench::report> run_statements(const bench_options& given, const bench::tell_function& tell) {
  bench::statements_bench_options options;
  options.destination = given.destination;
  options.rows = given.rows;
  options.seconds = given.seconds;
  options.runs = given.runs;
  return bench::run_statements_bench(options, tell);
}

exit_code run(const bench_options& given, const runner& workload) {
  if (given.streams == 0 || given.runs == 0 || given.seconds <= 0)
    return report_usage("--streams, --runs and --seconds are greater than 0");
  if (given.tenants == 0 || given.pieces == 0 || given.rows == 0)
    return report_usage("--tenants, --pieces and --rows are greater than 0");
  auto found = workload(given, [](const std::string& doing) { std::cerr << "… " << doing << std::endl; });
  if (!found)
    return report(found.error());
  if (given.json)
    found->print_json(std::cout);
  else
    found->print_text(std::cout);
  return exit_ok;
}

CLI::App* add_workload(CLI::App& command, const char* name, const char* help, const runner& workload,
                       int& outcome, const std::shared_ptr<bench_options>& given) {
  auto* added = command.add_subcommand(name, help);
  added->add_option("--dest", given->destination,
                    "a directory (file:///path) to work in; default: in memory");
  added->add_flag("--json", given->json, "print a JSON object");
  added->callback([given, workload, &outcome] { outcome = run(*given, workload); });
  return added;
}

} // namespace

void add_bench_command(CLI::App& program, int& outcome) {
  auto given = std::make_shared<bench_options>();
  auto* command = program.add_subcommand("bench", "measure, beside the least that must be done");
  command->require_subcommand(1);
  command->footer(bench_examples);
  auto* archive = add_workload(*command, "archive", "append to durable, beside compress and write",
                               run_archive, outcome, given);
  auto* restore = add_workload(*command, "restore", "restore from the page cache, beside read and decompress",
                               run_restore, outcome, given);
  auto* append = add_workload(*command, "append", "latency of one small append", run_append, outcome, given);
  auto* streams = add_workload(*command, "streams", "memory and processor of very many streams", run_streams,
                               outcome, given);
  auto* catalog = add_workload(*command, "catalog", "a checkpoint of very many tenants, beside its syncs",
                               run_catalog, outcome, given);
  auto* statements = add_workload(*command, "statements", "statements read a second, and SELECT on a view",
                                  run_statements, outcome, given);
  for (auto* workload : {archive, restore})
    workload->add_option("--input", given->input, "a file of log; default: a log-like corpus is made");
  for (auto* workload : {archive, restore, append, streams, catalog})
    workload->add_option("--codec", given->codec, "none, lz4 or zstd")->capture_default_str();
  for (auto* workload : {archive, restore, catalog, statements})
    workload->add_option("--runs", given->runs, "of each side, alternating; medians count")
        ->check(check_whole_number)
        ->capture_default_str();
  for (auto* workload : {archive, restore, streams})
    workload->add_option("--streams", given->streams, "log streams")->check(check_whole_number);
  for (auto* workload : {archive, restore, append, statements})
    workload->add_option("--seconds", given->seconds, "of each measurement")->capture_default_str();
  for (auto* workload : {archive, append, streams, catalog})
    workload->add_option("--budget", given->budget, "memory budget of the engine")->capture_default_str();
  catalog->add_option("--tenants", given->tenants, "that archive")
      ->check(check_whole_number)
      ->capture_default_str();
  catalog->add_option("--streams", given->streams, "log streams of each tenant, default 10")
      ->check(check_whole_number);
  catalog->add_option("--pieces", given->pieces, "in the catalog, of each of two tenants")
      ->check(check_whole_number)
      ->capture_default_str();
  statements->add_option("--rows", given->rows, "of the view that is asked")
      ->check(check_whole_number)
      ->capture_default_str();
  restore->add_option("--archive-bytes", given->archive_bytes, "of log to archive first")
      ->capture_default_str();
  for (auto* workload : {streams, catalog})
    workload->add_option("--interval", given->interval, "log_archive_checkpoint_interval")
        ->capture_default_str();
  streams->add_option("--write-rate", given->write_rate, "bytes a second the destination takes")
      ->capture_default_str();
  streams->add_option("--busy-seconds", given->busy_seconds, "how long all streams append")
      ->capture_default_str();
}

} // namespace varve::shell
