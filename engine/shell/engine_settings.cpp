#include "engine/shell/engine_settings.hpp"

#include "engine/base/text.hpp"
#include "engine/model/option_values.hpp"
#include "engine/shell/number_options.hpp"

#include <algorithm>

namespace varve::shell {
namespace {

// The cell of the row whose column `key_column` says `key`, in any case.
std::string find_cell(const sql_result& table, std::string_view key_column, std::string_view key,
                      std::string_view column) {
  auto index_of = [&](std::string_view wanted) {
    return std::find_if(table.columns.begin(), table.columns.end(),
                        [&](const std::string& name) { return lower(name) == wanted; }) -
           table.columns.begin();
  };
  auto keys = static_cast<std::size_t>(index_of(key_column)),
       values = static_cast<std::size_t>(index_of(column));
  for (const auto& row : table.rows)
    if (keys < row.size() && values < row.size() && row[keys] && lower(*row[keys]) == key)
      return row[values].value_or("");
  return {};
}

/// As a text of a statement: a quote in it is written twice.
std::string as_literal(std::string_view text) {
  std::string made = "'";
  for (char c : text)
    made.append(c == '\'' ? 2 : 1, c);
  return made + "'";
}

struct round_row {
  std::string status, checkpoint;
};

result<round_row> current_round(archive_engine& engine, tenant_id tenant) {
  VARVE_TRY_ASSIGN(auto table,
                   engine.query("SELECT TENANT_ID, STATUS, MAX_NEXT_TIME FROM CDB_OB_BACKUP_ARCHIVELOG "
                                "WHERE TENANT_ID = " +
                                to_string(tenant)));
  auto key = to_string(tenant);
  return round_row{find_cell(table, "tenant_id", key, "status"),
                   find_cell(table, "tenant_id", key, "max_next_time")};
}

} // namespace

std::string option_value(std::string_view options, std::string_view key) {
  while (!options.empty()) {
    auto end = std::min(options.find('&'), options.size());
    auto pair = options.substr(0, end);
    if (auto equals = pair.find('='); pair.substr(0, equals) == key && equals != std::string_view::npos)
      return std::string(pair.substr(equals + 1));
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return {};
}

result<std::string> parameter(archive_engine& engine, std::string_view name) {
  VARVE_TRY_ASSIGN(auto results, engine.execute("SHOW PARAMETERS LIKE '" + std::string(name) + "'"));
  return results.empty() ? std::string() : find_cell(results.front(), "name", name, "value");
}

result<archiving> begin_archiving(archive_engine& engine, tenant_id tenant, const std::string& destination,
                                  const std::string& interval) {
  archiving found;
  VARVE_TRY_ASSIGN(found.destination, parameter(engine, "backup_dest"));
  if (!destination.empty()) {
    VARVE_TRY_ASSIGN(auto wanted, destination_of(destination));
    if (found.destination.empty()) {
      VARVE_TRY(engine.execute("ALTER SYSTEM SET backup_dest = " + as_literal(wanted)));
      found.destination = wanted;
    }
    if (found.destination != wanted)
      return fail(errc::invalid_argument,
                  "--dest says " + wanted + ", but backup_dest is " + found.destination,
                  "leave --dest out, or change backup_dest in `varve shell` while nothing is archived");
  }
  if (found.destination.empty())
    return fail(errc::not_archiving, "there is nowhere to archive to: backup_dest is not set",
                "give --dest file:///path");
  if (!interval.empty()) {
    VARVE_TRY_ASSIGN(auto wanted, parse_duration(interval));
    VARVE_TRY(engine.execute("ALTER SYSTEM SET backup_dest_option = " +
                             as_literal("log_archive_checkpoint_interval=" + format_duration(wanted))));
  }

  VARVE_TRY_ASSIGN(auto round, current_round(engine, tenant));
  if (round.status == "INTERRUPTED")
    return fail(errc::interrupted, "archiving of tenant " + to_string(tenant) + " is interrupted",
                "say NOARCHIVELOG and ARCHIVELOG in `varve shell` to begin a new round");
  if (round.status == "STOPPING")
    return fail(errc::try_again, "the round of tenant " + to_string(tenant) + " is being stopped",
                "run it again soon");
  if (round.status != "BEGINNING" && round.status != "DOING") {
    if (destination.empty())
      return fail(errc::not_archiving,
                  "tenant " + to_string(tenant) + " is not archived: no round is in force",
                  "give --dest, or say ALTER SYSTEM ARCHIVELOG in `varve shell`");
    VARVE_TRY(engine.execute("ALTER SYSTEM ARCHIVELOG"));
  } else if (!round.checkpoint.empty()) {
    VARVE_TRY_ASSIGN(auto floored, parse_time(round.checkpoint));
    found.checkpoint = floored + 999;
  }
  VARVE_TRY_ASSIGN(auto options, parameter(engine, "backup_dest_option"));
  auto text = option_value(options, "log_archive_checkpoint_interval");
  found.checkpoint_interval = dest_option{}.checkpoint_interval;
  if (!text.empty()) {
    VARVE_TRY_ASSIGN(found.checkpoint_interval, parse_duration(text));
  }
  return found;
}

} // namespace varve::shell
