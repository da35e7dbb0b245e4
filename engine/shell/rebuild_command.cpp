#include "engine/data_directory.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* rebuild_examples =
    R"(The destination knows everything about archived bytes: tenants, rounds, pieces,
checkpoints, where each stream stands. This writes it into the catalog of a data
directory, in place of what the catalog says about them, or into a new one where the old
was lost. Settings that are there stay; what only the lost catalog knew is gone: options, names
of tenants, and that ARCHIVELOG is in force for tenants to come (say it again). No process may
own DIR meanwhile.
Example:
  varve rebuild-catalog --data DIR --from file:///backup/mydb)";

exit_code run(const std::string& data_directory, const std::string& from) {
  auto uri = destination_of(from);
  if (!uri)
    return report(uri.error());
  auto rebuilt = rebuild_catalog(data_directory, *uri);
  if (!rebuilt)
    return report(rebuilt.error());
  for (const auto& note : rebuilt->notes)
    std::cerr << "note: " << note << '\n';
  std::cout << "the catalog in " << data_directory << " knows " << rebuilt->tenants << " tenants, "
            << rebuilt->rounds << " rounds, " << rebuilt->pieces << " pieces, " << rebuilt->streams
            << " streams of " << *uri << std::endl;
  return rebuilt->damaged ? exit_damage : exit_ok;
}

} // namespace

void add_rebuild_command(CLI::App& program, int& outcome) {
  struct given_options {
    std::string data_directory, from;
  };
  auto given = std::make_shared<given_options>();
  auto* command = program.add_subcommand("rebuild-catalog", "make the catalog again from a destination");
  command->add_option("--data", given->data_directory, "data directory; made if it is not there")->required();
  command->add_option("--from", given->from, "the destination: file:///path, or a path")->required();
  command->footer(rebuild_examples);
  command->callback([given, &outcome] { outcome = run(given->data_directory, given->from); });
}

} // namespace varve::shell
