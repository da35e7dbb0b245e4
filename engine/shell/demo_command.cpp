#include "engine/base/time.hpp"
#include "engine/reader/restore_plan.hpp"
#include "engine/reader/verify.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/demo_host.hpp"
#include "engine/shell/demo_process.hpp"
#include "engine/shell/demo_restore.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"
#include "engine/shell/progress.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <stdlib.h>

namespace varve::shell {
namespace {

constexpr const char* demo_examples =
    R"(What you see: a RocksDB under random load, its write-ahead log archived by Varve while
it is written; the process killed with kill -9 at a random moment; a restart that goes
on where the archive ended; and restores into empty databases up to chosen moments,
compared key by key with a journal of the acknowledged writes. About 15 seconds.
Examples:
  varve demo
  varve demo --seed 7 --keep --dir /tmp/varve-demo)";

struct demo_options {
  std::uint64_t seed = 0;
  std::string directory;
  bool quick = false, keep = false;
};

using demo_clock = std::chrono::steady_clock;

class demo {
public:
  demo(const demo_options& options, std::string directory)
      : options_(options), directory_(std::move(directory)),
        destination_("file://" + directory_ + "/archive"), random_(options.seed) {}

  result<bool> run();

private:
  void step(std::string_view text) { std::cout << '\n' << ++step_ << ". " << text << std::endl; }
  static void say(std::string_view text) { std::cout << "   " << text << std::endl; }

  std::vector<std::string> host_arguments(unsigned life, double seconds) const;
  status first_life();
  status second_life();
  void take_line(const std::string& line);
  status verify();
  result<bool> restore(std::string_view name, scn until, const demo_journal& journal);

  const demo_options options_;
  const std::string directory_, destination_;
  std::mt19937_64 random_;
  int step_ = 0;
  std::vector<scn> points_;
  std::uint64_t writes_ = 0, archived_lsn_ = 0;
};

std::vector<std::string> demo::host_arguments(unsigned life, double seconds) const {
  return {"demo-host",
          "--dir",
          directory_,
          "--dest",
          destination_,
          "--seed",
          std::to_string(options_.seed),
          "--life",
          std::to_string(life),
          "--seconds",
          std::to_string(seconds)};
}

void demo::take_line(const std::string& line) {
  std::istringstream words(line);
  std::string kind;
  words >> kind;
  if (kind == "say")
    say(line.substr(4));
  if (scn point = 0; kind == "point" && words >> point)
    points_.push_back(point);
  if (kind == "at")
    words >> writes_ >> archived_lsn_;
}

status demo::first_life() {
  step("A database starts under random load; Varve archives its write-ahead log while it is written.");
  // The moment to restore is marked after a quarter of this; the end comes somewhere after it.
  double seconds = options_.quick ? 1.0 : 4.0;
  auto kill_after = seconds * (0.4 + 0.6 * static_cast<double>(random_() % 1000) / 1000);
  VARVE_TRY_ASSIGN(auto host, demo_process::start(host_arguments(1, seconds / 2)));
  std::optional<demo_clock::time_point> load_began;
  while (auto line = host.read_line()) {
    take_line(*line);
    if (!load_began && writes_ > 0)
      load_began = demo_clock::now();
    if (load_began && !points_.empty() &&
        demo_clock::now() - *load_began > std::chrono::duration<double>(kill_after)) {
      auto pid = host.pid();
      host.kill_now();
      step("kill -9 " + std::to_string(pid) + ", in the middle of writing.");
      say("the database had acknowledged " + std::to_string(writes_) +
          " writes and more; the archive had it durable up to LSN " + std::to_string(archived_lsn_));
      return {};
    }
  }
  return fail(errc::io_error,
              "the database process ended by itself with exit code " + std::to_string(host.wait()));
}

status demo::second_life() {
  step("The database starts again. Varve takes its tenant over and goes on where the archive ends.");
  VARVE_TRY_ASSIGN(auto host, demo_process::start(host_arguments(2, options_.quick ? 0.8 : 3.0)));
  while (auto line = host.read_line())
    take_line(*line);
  if (auto code = host.wait(); code != 0)
    return fail(errc::io_error, "the database process failed with exit code " + std::to_string(code));
  say("it ended in good order");
  return {};
}

status demo::verify() {
  step("Every byte of the archive is read and proved (varve verify).");
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(destination_));
  VARVE_TRY_ASSIGN(auto where, open_destination(uri, open_mode::read_only, "reader"));
  VARVE_TRY_ASSIGN(auto found, verify_archive(*where, {}));
  for (const auto& problem : found.problems)
    say("DAMAGE: " + describe(problem));
  if (!found.problems.empty())
    return to_error(found.problems.front());
  for (const auto& tenant : found.tenants)
    say(std::to_string(tenant.counts.entries) + " entries, " + show_bytes(tenant.counts.input_bytes) +
        " of log in " + show_bytes(tenant.counts.output_bytes) + ", " + std::to_string(tenant.segments) +
        " segments; all sound");
  return {};
}

result<bool> demo::restore(std::string_view name, scn until, const demo_journal& journal) {
  say(std::string(name) + ": until " + format_time(until) + " (SCN " + std::to_string(until) + ")");
  auto directory = directory_ + "/restored-" + std::to_string(until);
  VARVE_TRY_ASSIGN(auto found, restore_and_compare(destination_, until, directory, journal));
  std::ostringstream line;
  line << "  " << found.entries << " log entries written to an empty database; "
       << journal.acknowledged(until) << " acknowledged writes up to then; " << found.keys
       << " keys compared: ";
  if (found.differences == 0)
    line << "EQUAL";
  else
    line << found.differences << " DIFFERENCES, first: " << found.first_difference;
  say(line.str());
  return found.differences == 0 && found.keys > 0;
}

result<bool> demo::run() {
  std::cout << "Varve demo, seed " << options_.seed << " (the same seed gives the same load), in "
            << directory_ << '\n';
  VARVE_TRY(first_life());
  VARVE_TRY(second_life());
  VARVE_TRY(verify());
  step("Restore into empty databases, and compare with the journal of acknowledged writes.");
  VARVE_TRY_ASSIGN(auto journal, demo_journal::read(directory_ + "/journal"));
  if (points_.size() != 2)
    return fail(errc::io_error,
                "the database marked " + std::to_string(points_.size()) + " moments instead of 2");
  VARVE_TRY_ASSIGN(bool before, restore("a moment before the kill", points_[0], journal));
  VARVE_TRY_ASSIGN(bool after, restore("a moment after the restart", points_[1], journal));
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(destination_));
  VARVE_TRY_ASSIGN(auto where, open_destination(uri, open_mode::read_only, "reader"));
  restore_options all;
  all.tenant = tenant_id{demo_tenant};
  VARVE_TRY_ASSIGN(auto preview, preview_restore(*where, all));
  VARVE_TRY_ASSIGN(
      bool end, restore("the checkpoint, the last moment there is", preview.window.checkpoint_scn, journal));
  return before && after && end;
}

exit_code run_demo(demo_options options) {
  if (options.seed == 0)
    options.seed = std::random_device{}() % 100'000 + 1;
  auto begin = demo_clock::now();
  std::string directory = options.directory;
  std::error_code problem;
  if (directory.empty()) {
    directory = (std::filesystem::temp_directory_path(problem) / "varve-demo-XXXXXX").string();
    if (problem || ::mkdtemp(directory.data()) == nullptr)
      return report(system_error(errno, "create", directory));
  } else {
    directory = std::filesystem::absolute(directory, problem).lexically_normal().string();
    if (!std::filesystem::create_directory(directory, problem))
      return report(problem ? system_error(problem.value(), "create", directory)
                            : fail(errc::already_exists, "'" + directory + "' is there already",
                                   "give a new directory"));
  }
  auto equal = demo(options, directory).run();
  auto seconds = std::chrono::duration<double>(demo_clock::now() - begin).count();
  if (equal && *equal)
    std::cout << "\nEverything that was acknowledged came back, and nothing else. ";
  std::cout << "Took " << static_cast<int>(seconds + 0.5) << " s.\n";
  bool sound = equal && *equal;
  if (options.keep || !sound) {
    std::cout << "Kept for you to look at:\n  varve restore --from " << directory << "/archive --tenant "
              << demo_tenant << " --preview\n  varve shell --data " << directory
              << "/varve -e 'SELECT * FROM CDB_OB_BACKUP_PIECE_FILES'\n"
              << "  varve verify " << directory << "/archive\n";
  } else {
    std::filesystem::remove_all(directory, problem);
  }
  std::cout.flush();
  if (!equal)
    return report(equal.error());
  return *equal ? exit_ok : exit_failed;
}

} // namespace

void add_demo_command(CLI::App& program, int& outcome) {
  auto options = std::make_shared<demo_options>();
  auto* command = program.add_subcommand("demo", "archive a live database, kill it, restore it, compare");
  command->add_option("--seed", options->seed, "of the random load; 0: a new one")
      ->check(check_whole_number)
      ->capture_default_str();
  command->add_option("--dir", options->directory, "work in this new directory instead of a temporary one");
  command->add_flag("--quick", options->quick, "a few seconds");
  command->add_flag("--keep", options->keep, "leave the files there");
  command->footer(demo_examples);
  command->callback([options, &outcome] { outcome = run_demo(*options); });

  auto host = std::make_shared<demo_host_options>();
  auto* child = program.add_subcommand("demo-host", "the database process of the demo")->group("");
  child->add_option("--dir", host->directory)->required();
  child->add_option("--dest", host->destination)->required();
  child->add_option("--seed", host->seed)->required();
  child->add_option("--life", host->life)->required();
  child->add_option("--seconds", host->seconds)->required();
  child->callback([host, &outcome] { outcome = run_demo_host(*host); });
}

} // namespace varve::shell
