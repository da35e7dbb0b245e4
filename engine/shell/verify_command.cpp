#include "engine/reader/verify.hpp"
#include "engine/shell/commands.hpp"
#include "engine/shell/exit_codes.hpp"
#include "engine/shell/number_options.hpp"
#include "engine/shell/progress.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

namespace varve::shell {
namespace {

constexpr const char* verify_examples =
    R"(Reads every byte that the newest commits reach and proves it. Needs only the
destination, changes nothing, and may run while the archive is written. Exit code 3 if
anything is damaged or missing, with what that costs.
Examples:
  varve verify file:///backup/mydb
  varve verify --tenant 1001 --json /backup/mydb)";

struct verify_command_options {
  std::string from;
  std::optional<std::uint64_t> tenant;
  unsigned threads = 0;
  bool json = false, quiet = false, list_unreferenced = false;
};

nlohmann::ordered_json json_of(const damage& problem) {
  nlohmann::ordered_json lost = nlohmann::ordered_json::array();
  for (const auto& range : problem.lost)
    lost.push_back({{"stream", range.stream.value},
                    {"first_lsn", range.first_lsn},
                    {"next_lsn", range.next_lsn},
                    {"first_scn", range.first_scn},
                    {"last_scn", range.last_scn}});
  return {{"object", problem.path},
          {"offset", problem.offset},
          {"tenant", problem.tenant.value},
          {"code", static_cast<int>(problem.why.code)},
          {"name", std::string(name_of(problem.why.code))},
          {"message", problem.why.message},
          {"costs_log", costs_log(problem)},
          {"lost", std::move(lost)},
          {"lost_unknown", problem.lost_unknown}};
}

void print_json(const verify_report& found, const std::string& uri) {
  nlohmann::ordered_json object{{"destination", uri}};
  if (found.identity)
    object["archive"] = to_hex(found.identity->archive);
  object["bytes_read"] = found.bytes_read;
  object["tenants"] = nlohmann::ordered_json::array();
  for (const auto& tenant : found.tenants)
    object["tenants"].push_back({{"tenant", tenant.tenant.value},
                                 {"commit", tenant.commit.value},
                                 {"round", tenant.round.id.value},
                                 {"status", std::string(to_string(tenant.round.status))},
                                 {"checkpoint_scn", tenant.round.checkpoint_scn},
                                 {"pieces", tenant.pieces},
                                 {"segments", tenant.segments},
                                 {"blocks", tenant.blocks},
                                 {"entries", tenant.counts.entries},
                                 {"input_bytes", tenant.counts.input_bytes},
                                 {"output_bytes", tenant.counts.output_bytes}});
  object["problems"] = nlohmann::ordered_json::array();
  for (const auto& problem : found.problems)
    object["problems"].push_back(json_of(problem));
  object["unreferenced"] = found.unreferenced;
  std::cout << object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << std::endl;
}

void print_text(const verify_report& found, const verify_command_options& given) {
  for (const auto& tenant : found.tenants) {
    std::cout << "tenant " << to_string(tenant.tenant) << ": round " << to_string(tenant.round.id) << ' '
              << to_string(tenant.round.status) << ", commit " << to_string(tenant.commit) << ", checkpoint "
              << (tenant.round.checkpoint_scn == 0 ? "none" : format_time(tenant.round.checkpoint_scn))
              << '\n';
    std::cout << "  " << tenant.pieces << " pieces, " << tenant.segments << " segments, " << tenant.blocks
              << " blocks, " << tenant.counts.entries << " entries, " << show_bytes(tenant.counts.input_bytes)
              << " of log in " << show_bytes(tenant.counts.output_bytes) << '\n';
  }
  for (const auto& problem : found.problems)
    std::cout << (costs_log(problem) ? "DAMAGE: " : "damage that costs no log: ") << describe(problem)
              << '\n';
  if (!found.unreferenced.empty())
    std::cout << found.unreferenced.size() << " leftover objects that nothing reaches (harmless)\n";
  if (given.list_unreferenced)
    for (const auto& path : found.unreferenced)
      std::cout << "  " << path << '\n';
  std::cout << "read " << show_bytes(found.bytes_read) << ": "
            << (found.problems.empty() ? "everything is as it was written"
                                       : std::to_string(found.problems.size()) + " problems")
            << std::endl;
}

exit_code run(const verify_command_options& given) {
  auto uri = destination_of(given.from);
  if (!uri)
    return report(uri.error());
  auto where = open_destination(parse_destination_uri(*uri).value(), open_mode::read_only, "reader");
  if (!where)
    return report(where.error());
  verify_options options;
  options.threads = given.threads;
  if (given.tenant)
    options.tenant = tenant_id{*given.tenant};
  std::unique_ptr<progress> shown;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    if (!shown)
      shown = std::make_unique<progress>("verified", total,
                                         given.quiet ? progress::style::quiet : progress::style::automatic);
    shown->update(done);
  };
  auto found = verify_archive(**where, options);
  shown.reset();
  if (!found)
    return report(found.error());
  if (given.tenant && found->tenants.empty() && found->problems.empty())
    return report(fail(errc::entry_not_exist,
                       "the archive at " + *uri + " has nothing of tenant " + std::to_string(*given.tenant)));
  if (given.json)
    print_json(*found, *uri);
  else
    print_text(*found, given);
  return found->problems.empty() ? exit_ok : exit_damage;
}

} // namespace

void add_verify_command(CLI::App& program, int& outcome) {
  auto given = std::make_shared<verify_command_options>();
  auto* command = program.add_subcommand("verify", "prove every byte of an archive");
  command->add_option("DESTINATION", given->from, "file:///path, or a path")->required();
  command->add_option("--tenant", given->tenant, "only this tenant")->check(check_whole_number);
  command->add_option("--threads", given->threads, "that read and prove; 0: one per core")
      ->check(check_whole_number);
  command->add_flag("--unreferenced", given->list_unreferenced, "name the objects that nothing reaches");
  command->add_flag("--json", given->json, "print a JSON object");
  command->add_flag("--quiet", given->quiet, "no progress");
  command->footer(verify_examples);
  command->callback([given, &outcome] { outcome = run(*given); });
}

} // namespace varve::shell
