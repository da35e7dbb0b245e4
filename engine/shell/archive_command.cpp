#include "engine/shell/archive_run.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/engine_settings.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"
#include "engine/shell/stop_signals.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* archive_examples =
    R"(The files, in the order given, are the bytes of one log stream; an LSN is the offset in
them. Run it again with the same files (and more behind them) to go on: what is archived
is skipped, the last archived block is compared.
Examples:
  varve archive --data DIR --tenant 1001 --stream 1 --dest file:///backup/mydb redo.000001 redo.000002
  varve archive --data DIR --tenant 1001 --stream 1 redo.000001 redo.000002 redo.000003
  tail -c +1 -f redo.log | varve archive --data DIR --tenant 1001 --stream 1 --interval 10s -)";

struct archive_command_options {
  std::string data_directory, tenant_name, destination, chunk = "64k", rate, interval;
  std::uint64_t tenant = 0, stream = 0;
  std::vector<std::string> files;
  bool json = false, quiet = false;
};

void print_summary(const archive_command_options& options, const archive_run::summary& done) {
  if (options.json) {
    nlohmann::ordered_json object{{"tenant", options.tenant},
                                  {"stream", options.stream},
                                  {"first_lsn", done.first_lsn},
                                  {"next_lsn", done.next_lsn},
                                  {"compared_entries", done.compared_entries},
                                  {"durable_lsn", done.durable.next_lsn},
                                  {"last_scn", done.durable.last_scn},
                                  {"advanced_scn", done.advanced},
                                  {"stopped", done.stopped}};
    std::cout << object.dump() << std::endl;
    return;
  }
  std::cout << "stream " << options.stream << " of tenant " << options.tenant << ": ";
  if (done.skipped_bytes > 0)
    std::cout << "skipped " << done.skipped_bytes << " archived bytes, ";
  std::cout << "archived " << done.next_lsn - done.first_lsn << " bytes, LSN " << done.first_lsn << " to "
            << done.next_lsn << "\ndurable to LSN " << done.durable.next_lsn << "; can be restored until "
            << format_time(done.advanced) << std::endl;
  if (done.stopped)
    std::cerr << "varve: stopped by a signal; run it again to go on" << std::endl;
}

result<archive_run::summary> archive(const archive_command_options& options) {
  archive_run::options how;
  VARVE_TRY_ASSIGN(auto chunk, parse_byte_count(options.chunk));
  how.chunk_bytes = static_cast<std::size_t>(chunk);
  archive_options engine_options;
  engine_options.data_directory = options.data_directory;
  if (chunk == 0 || chunk > default_entry_bytes)
    return fail(errc::invalid_argument, "--chunk is 1 to " + std::to_string(default_entry_bytes) + " bytes");
  if (!options.rate.empty()) {
    VARVE_TRY_ASSIGN(how.bytes_per_second, parse_byte_count(options.rate));
  }
  VARVE_TRY_ASSIGN(auto input, log_input::open(options.files));

  archive_events events; // the engine talks to it until it is closed
  VARVE_TRY_ASSIGN(auto engine, archive_engine::open(engine_options));
  engine->set_listener(&events);
  tenant_id tenant{options.tenant};
  auto name = options.tenant_name.empty() ? "tenant" + std::to_string(options.tenant) : options.tenant_name;
  // A tenant that has no destination yet is registered all the same: --dest may name one.
  auto registered = engine->register_tenant(tenant, name);
  if (!registered.ok() && (registered.code() != errc::invalid_destination || options.destination.empty()))
    return registered.error();
  VARVE_TRY_ASSIGN(auto settings, begin_archiving(*engine, tenant, options.destination, options.interval));
  if (settings.destination.starts_with("memory://"))
    return fail(errc::invalid_destination,
                settings.destination + " ends with this process, and the log with it",
                "name a destination that lasts: file:///path");
  how.advance_interval = settings.checkpoint_interval;
  how.checkpoint = settings.checkpoint;

  VARVE_TRY_ASSIGN(auto tail, read_archived_tail(settings.destination, tenant, stream_id{options.stream}));
  VARVE_TRY_ASSIGN(auto stream, engine->open_stream(tenant, stream_id{options.stream}, {.start_lsn = 0}));
  progress shown("read", input.total(), options.quiet ? progress::style::quiet : progress::style::automatic);
  archive_run run(*engine, *stream, input, events, shown, how);
  auto done = run.run(tail);
  shown.finish();
  stream.reset();
  auto closed = engine->close();
  if (auto why = events.take_error())
    report(*why);
  if (done.ok() && !closed.ok())
    return closed.error();
  return done;
}

exit_code run(const archive_command_options& options) {
  catch_stop_signals();
  auto done = archive(options);
  if (!done)
    return done.code() == errc::canceled ? (report(done.error()), exit_stopped) : report(done.error());
  print_summary(options, *done);
  return done->stopped ? exit_stopped : exit_ok;
}

} // namespace

void add_archive_command(CLI::App& program, int& outcome) {
  auto options = std::make_shared<archive_command_options>();
  auto* command =
      program.add_subcommand("archive", "archive files, or what comes through a pipe, as a log stream");
  command
      ->add_option("--data", options->data_directory, "data directory of the engine; made if it is not there")
      ->required();
  command->add_option("--tenant", options->tenant, "number of the tenant, 2 or greater")
      ->check(check_whole_number)
      ->required();
  command->add_option("--tenant-name", options->tenant_name, "its name in the views");
  command->add_option("--stream", options->stream, "number of the log stream")
      ->check(check_whole_number)
      ->required();
  command->add_option(
      "--dest", options->destination,
      "where to archive to (file:///path); sets backup_dest and begins a round if none is in force");
  command->add_option("--interval", options->interval, "sets log_archive_checkpoint_interval (5s to 1h)");
  command->add_option("--chunk", options->chunk, "bytes of an entry at most, [1, 16m]")
      ->capture_default_str();
  command->add_option("--rate", options->rate, "read at most so many bytes a second (8m)");
  command->add_flag("--json", options->json, "print the summary as a JSON object");
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_option("FILE", options->files, "files of log in order; '-' (stdin) may be the last")
      ->required();
  command->footer(archive_examples);
  command->callback([options, &outcome] { outcome = run(*options); });
}

} // namespace varve::shell
