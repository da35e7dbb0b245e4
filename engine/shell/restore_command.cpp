#include "engine/reader/restore_reader.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"
#include "engine/shell/progress.hpp"
#include "engine/shell/restored_files.hpp"
#include "engine/shell/stop_signals.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <unistd.h>

namespace varve::shell {
namespace {

constexpr const char* restore_examples =
    R"(Needs only the destination: no data directory, no catalog, no engine. Without --until or
a range it gives every committed entry; with --until TIME every entry up to that commit
time, all streams to the same moment.
Examples:
  varve restore --from file:///backup/mydb --tenant 1001 --preview
  varve restore --from file:///backup/mydb --tenant 1001 --until '2024-05-01 12:00:00' --to /restore
  varve restore --from file:///backup/mydb --tenant 1001 --stream 1 --to - | my-replay-tool
  varve restore --from file:///backup/mydb --tenant 1001 --stream 1 --format entries \
      --from-lsn 4096 --to-lsn 8192 --to -
A directory gets one file stream_<id> per stream with the payloads in order; a file that
is not complete ends in .partial. Times are UTC.)";

struct restore_command_options {
  std::string from, until, from_time, to, format = "raw";
  std::uint64_t tenant = 0;
  std::optional<std::uint64_t> stream, from_lsn, to_lsn, round;
  bool beyond_checkpoint = false, allow_previous = false, force = false, preview = false, quiet = false;
};

result<restore_options> wanted(const restore_command_options& given) {
  restore_options options;
  options.tenant = tenant_id{given.tenant};
  if (given.stream)
    options.stream = stream_id{*given.stream};
  if (given.round)
    options.round = round_id{*given.round};
  options.from_lsn = given.from_lsn;
  options.to_lsn = given.to_lsn;
  options.beyond_checkpoint = given.beyond_checkpoint;
  options.allow_previous_commit = given.allow_previous;
  if (!given.until.empty()) {
    VARVE_TRY_ASSIGN(options.until, parse_moment(given.until));
  }
  if (!given.from_time.empty()) {
    VARVE_TRY_ASSIGN(options.from_scn, parse_moment(given.from_time));
  }
  return options;
}

std::string moment(scn time) {
  return time == 0 ? "-" : format_time(time) + " (SCN " + std::to_string(time) + ")";
}

void print_window(const restore_window& window, std::ostream& out) {
  out << "round";
  if (window.first_round == window.last_round)
    out << ' ' << to_string(window.first_round);
  else
    out << "s " << to_string(window.first_round) << " to " << to_string(window.last_round);
  out << ": from " << moment(window.start_scn) << " until " << moment(window.checkpoint_scn);
  if (window.limiting_stream)
    out << ", held there by stream " << to_string(*window.limiting_stream);
  out << '\n';
  for (const auto& stream : window.streams) {
    out << "  stream " << to_string(stream.stream) << ": ";
    if (stream.first_lsn < stream.next_lsn)
      out << "LSN " << stream.first_lsn << " to " << stream.next_lsn << ", last SCN " << stream.last_scn;
    else
      out << "no log, which would begin at LSN " << stream.next_lsn;
    out << (stream.dropped ? ", dropped" : "") << '\n';
  }
}

// Where the entries go: files, or stdout.
class restore_target {
public:
  virtual ~restore_target() = default;
  virtual status write(stream_id stream, std::span<const log_entry> entries) = 0;
  virtual status finish() = 0;
  virtual std::string name_of(stream_id stream) const = 0;
};

class directory_target final : public restore_target {
public:
  explicit directory_target(std::unique_ptr<restored_files> files) : files_(std::move(files)) {}
  status write(stream_id stream, std::span<const log_entry> entries) override {
    return files_->write(stream, entries);
  }
  status finish() override { return files_->finish(); }
  std::string name_of(stream_id stream) const override { return files_->path_of(stream); }

private:
  std::unique_ptr<restored_files> files_;
};

class output_target final : public restore_target {
public:
  explicit output_target(restore_format how) : how_(how) {}
  status write(stream_id stream, std::span<const log_entry> entries) override {
    encode_entries(stream, entries, how_, buffer_);
    return buffer_.size() >= (1 << 20) ? flush() : status();
  }
  status finish() override { return flush(); }
  std::string name_of(stream_id) const override { return "stdout"; }

private:
  status flush() {
    VARVE_TRY(write_all(STDOUT_FILENO, buffer_, "stdout"));
    buffer_.clear();
    return {};
  }
  restore_format how_;
  bytes buffer_;
};

result<std::unique_ptr<restore_target>> open_target(const restore_command_options& given, restore_format how,
                                                    const restore_preview& preview) {
  if (given.to == "-")
    return std::unique_ptr<restore_target>(std::make_unique<output_target>(how));
  VARVE_TRY_ASSIGN(auto files, restored_files::open(given.to, how, given.force));
  for (const auto& extent : preview.window.streams)
    if (!given.stream || extent.stream == stream_id{*given.stream})
      VARVE_TRY(files->begin(extent.stream));
  return std::unique_ptr<restore_target>(std::make_unique<directory_target>(std::move(files)));
}

// Damage ends the copy, not the restore: what lies before it is kept and finished.
struct copy_outcome {
  std::uint64_t bytes = 0, entries = 0;
  status damage;
};

result<copy_outcome> copy(restore_reader& reader, restore_target& target, progress& shown) {
  copy_outcome copied;
  while (true) {
    if (stop_requested())
      return fail(errc::canceled, "stopped by a signal; files that are not complete end in .partial",
                  "run it again: it begins anew");
    auto batch = reader.next();
    if (!batch) {
      copied.damage = batch.error();
      return copied;
    }
    if (!*batch)
      return copied;
    VARVE_TRY(target.write((*batch)->stream, (*batch)->entries));
    copied.entries += (*batch)->entries.size();
    for (const auto& entry : (*batch)->entries)
      copied.bytes += entry.payload.size();
    shown.update(copied.bytes);
  }
}

exit_code run(const restore_command_options& given) {
  if (given.format != "raw" && given.format != "entries")
    return report_usage("--format is raw or entries, not '" + given.format + "'");
  auto how = given.format == "raw" ? restore_format::raw : restore_format::entries;
  if (given.to.empty() && !given.preview)
    return report_usage("--to DIRECTORY or --to - says where the log goes");
  if (given.to == "-" && how == restore_format::raw && !given.stream)
    return report_usage(
        "raw bytes of several streams cannot be told apart on stdout: give --stream, or --format entries");
  auto options = wanted(given);
  if (!options)
    return report(options.error());
  auto uri = destination_of(given.from);
  if (!uri)
    return report(uri.error());
  auto where = open_destination(parse_destination_uri(*uri).value(), open_mode::read_only, "reader");
  if (!where)
    return report(where.error());
  if (given.preview) {
    auto preview = preview_restore(**where, *options);
    if (!preview)
      return report(preview.error());
    for (const auto& note : preview->notes)
      std::cerr << "note: " << note << '\n';
    for (const auto& window : preview->windows)
      print_window(window, std::cout);
    return exit_ok;
  }

  catch_stop_signals();
  auto reader = restore_reader::open(*where, *options);
  if (!reader)
    return report(reader.error());
  auto& preview = (*reader)->preview();
  for (const auto& note : preview.notes)
    std::cerr << "note: " << note << '\n';
  auto target = open_target(given, how, preview);
  if (!target)
    return report(target.error());
  progress shown("restored", std::nullopt, given.quiet ? progress::style::quiet : progress::style::automatic);
  auto copied = copy(**reader, **target, shown);
  shown.finish();
  if (!copied) {
    auto code = report(copied.error());
    return copied.code() == errc::canceled ? exit_stopped : code;
  }
  if (auto finished = (*target)->finish(); !finished.ok())
    return report(finished.error());

  auto& out = given.to == "-" ? std::cerr : std::cout;
  out << "restored " << copied->entries << " entries, " << copied->bytes << " bytes, by commit "
      << to_string(preview.commit) << "; the checkpoint is " << moment(preview.window.checkpoint_scn) << '\n';
  for (const auto& [stream, position] : (*reader)->positions())
    out << "stream " << to_string(stream) << ": to LSN " << position.next_lsn << ", SCN " << position.last_scn
        << ", in " << (*target)->name_of(stream) << '\n';
  out.flush();
  if (copied->damage.ok())
    return exit_ok;
  std::cerr << "varve: the log ends here because of damage; what came before it was restored\n";
  return report(copied->damage.error());
}

} // namespace

void add_restore_command(CLI::App& program, int& outcome) {
  auto given = std::make_shared<restore_command_options>();
  auto* command = program.add_subcommand("restore", "give archived log back, up to any moment");
  command->add_option("--from", given->from, "the destination: file:///path, or a path")->required();
  command->add_option("--tenant", given->tenant, "number of the tenant")
      ->check(check_whole_number)
      ->required();
  command->add_option("--stream", given->stream, "only this stream")->check(check_whole_number);
  command->add_option("--until", given->until,
                      "entries up to this time ('2024-05-01 12:00:00.5', UTC) or SCN");
  command->add_option("--from-time", given->from_time, "entries from this time or SCN on");
  command->add_option("--from-lsn", given->from_lsn, "entries that touch this LSN or more; needs --stream")
      ->check(check_whole_number);
  command->add_option("--to-lsn", given->to_lsn, "entries that begin below this LSN; needs --stream")
      ->check(check_whole_number);
  command
      ->add_option("--round", given->round,
                   "in the window of this round and up to its end; otherwise the newest that fits")
      ->check(check_whole_number);
  command->add_flag("--beyond-checkpoint", given->beyond_checkpoint,
                    "accept --until above the checkpoint, though streams may end earlier");
  command->add_flag("--previous-commit", given->allow_previous,
                    "if the newest commit is damaged, go by the one before");
  command->add_option("--to", given->to, "a directory, made if it is not there; or '-' for stdout");
  command->add_option("--format", given->format, "raw (payload bytes) or entries (a JSON object a line)")
      ->capture_default_str();
  command->add_flag("--force", given->force, "replace files that are there already");
  command->add_flag("--preview", given->preview, "only say which windows and streams there are");
  command->add_flag("--quiet", given->quiet, "no progress");
  command->footer(restore_examples);
  command->callback([given, &outcome] { outcome = run(*given); });
}

} // namespace varve::shell
