#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <sstream>

namespace {

constexpr const char* program_help =
    R"(Varve archives the redo log of a database and gives it back for any moment.

Begin with `varve demo`: it archives a live RocksDB, kills it, and restores it.)";

constexpr const char* program_footer = R"(`varve COMMAND --help` explains a command, with examples.
Exit codes: 0 done, 1 failed, 2 asked wrongly, 3 damage found, 4 refused for now (another process),
5 not in the archive, 6 the input is not the archived log, 130 stopped by a signal.)";

int run(int argc, char** argv) {
  int outcome = varve::shell::exit_ok;
  CLI::App program(program_help, "varve");
  program.footer(program_footer);
  program.set_version_flag("--version", "varve " VARVE_VERSION);
  program.require_subcommand(1);
  varve::shell::add_demo_command(program, outcome);
  varve::shell::add_shell_command(program, outcome);
  varve::shell::add_archive_command(program, outcome);
  varve::shell::add_restore_command(program, outcome);
  varve::shell::add_verify_command(program, outcome);
  varve::shell::add_inspect_command(program, outcome);
  varve::shell::add_metrics_command(program, outcome);
  varve::shell::add_rebuild_command(program, outcome);
  varve::shell::add_bench_command(program, outcome);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    std::ostringstream refusal; // repeats the arguments
    auto code = program.exit(wrong, std::cout, refusal);
    std::cerr << varve::shell::plain_lines(refusal.str()) << std::flush;
    return code == 0 ? varve::shell::exit_ok : varve::shell::exit_usage;
  }
  // What a pipe or a full disk did not take must not look like all there is.
  if (!std::cout.flush() && outcome == varve::shell::exit_ok) {
    std::cerr << "varve: the output could not be written\n";
    return varve::shell::exit_failed;
  }
  return outcome;
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN); // a closed pipe is a failed write, told like any other
  try {
    return run(argc, argv);
  } catch (const std::exception& failed) {
    std::cerr << "varve: " << failed.what() << std::endl;
    return varve::shell::exit_failed;
  }
}
