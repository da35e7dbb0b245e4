#pragma once

namespace CLI {
class App;
}

/// The subcommands of `varve`. Each function adds one to the program; when the user chose it, parsing runs it
/// and leaves its exit code (exit_codes.hpp) in `outcome`.
namespace varve::shell {

void add_demo_command(CLI::App& program, int& outcome);
void add_shell_command(CLI::App& program, int& outcome);
void add_archive_command(CLI::App& program, int& outcome);
void add_restore_command(CLI::App& program, int& outcome);
void add_verify_command(CLI::App& program, int& outcome);
void add_inspect_command(CLI::App& program, int& outcome);
void add_metrics_command(CLI::App& program, int& outcome);
void add_rebuild_command(CLI::App& program, int& outcome);
void add_bench_command(CLI::App& program, int& outcome);

} // namespace varve::shell
