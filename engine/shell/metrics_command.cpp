#include "engine/data_directory.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/wall_clock.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* metrics_examples =
    R"(What the catalog of a data directory says about every tenant, in Prometheus' text format;
it works beside the process that owns DIR. The host mounts archive_engine::metrics(),
which has the engine's memory, syncs and commits as well.
Examples:
  varve metrics --data DIR
  varve metrics --data DIR > /var/lib/node_exporter/varve.prom)";

exit_code run(const std::string& data_directory) {
  auto text = metrics_of_data_directory(data_directory, wall_clock());
  if (!text)
    return report(text.error());
  std::cout << *text << std::flush;
  return exit_ok;
}

} // namespace

void add_metrics_command(CLI::App& program, int& outcome) {
  auto data = std::make_shared<std::string>();
  auto* command = program.add_subcommand("metrics", "what a monitoring system scrapes");
  command->add_option("--data", *data, "data directory")->required();
  command->footer(metrics_examples);
  command->callback([data, &outcome] { outcome = run(*data); });
}

} // namespace varve::shell
