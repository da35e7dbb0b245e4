#include "engine/statement_executor.hpp"

#include "engine/archive_destination.hpp"
#include "engine/archive_engine_impl.hpp"
#include "engine/log_stream.hpp"
#include "engine/parameter_list.hpp"
#include "engine/statement/option_string.hpp"
#include "engine/statement/parser.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr tenant_id everybody{0};

result<std::optional<std::string>> setting_in_force(const catalog_snapshot& from, tenant_id tenant,
                                                    std::string_view name) {
  if (tenant != everybody) {
    VARVE_TRY_ASSIGN(auto own, from.setting(tenant, name));
    if (own)
      return own;
  }
  return from.setting(everybody, name);
}

class executor {
public:
  explicit executor(archive_engine_impl& engine) : engine_(engine) {}

  result<sql_result> operator()(const sql::select& what) { return engine_.query(what.text); }
  result<sql_result> operator()(const sql::set_parameter& what);
  result<sql_result> operator()(const sql::archivelog& what);
  result<sql_result> operator()(const sql::noarchivelog& what);
  result<sql_result> operator()(const sql::show_parameters& what);
  template <class Other>
  result<sql_result> operator()(const Other& what) {
    return fail(errc::not_supported, std::string(name_of(statement{what})) + " is not supported",
                "this version runs SET, ARCHIVELOG, NOARCHIVELOG, SHOW PARAMETERS and SELECT");
  }

private:
  /// The tenants a clause names; all that are registered where it names none.
  result<std::vector<tenant_record>> tenants_of(const catalog_snapshot& from, const tenant_clause& clause);
  /// May backup_dest change now?
  status check_destination(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                           const sql::set_parameter& what);
  /// The canonical URI of a destination that is ready to be written to; empty for an empty value. Blocks, so
  /// nothing is held meanwhile.
  result<std::string> prepare(const sql::set_parameter& what);
  status set_dest_option(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                         tenant_id whose, const std::string& value, change_set& changes);

  archive_engine_impl& engine_;
};

sql_result done(std::string message) {
  sql_result made;
  made.message = std::move(message);
  return made;
}

result<round_status> status_of(const catalog_snapshot& from, tenant_id tenant) {
  VARVE_TRY_ASSIGN(auto row, from.round_status(tenant));
  return row ? row->round.status : round_status::stop;
}

result<std::vector<tenant_record>> executor::tenants_of(const catalog_snapshot& from,
                                                        const tenant_clause& clause) {
  VARVE_TRY_ASSIGN(auto all, from.tenants());
  if (!names_tenant(clause))
    return all;
  for (auto& each : all) {
    if (auto* number = std::get_if<tenant_id>(&clause); number != nullptr && *number == each.tenant)
      return std::vector<tenant_record>{each};
    if (auto* name = std::get_if<std::string>(&clause); name != nullptr && *name == each.name)
      return std::vector<tenant_record>{each};
  }
  auto text = std::holds_alternative<tenant_id>(clause) ? to_string(std::get<tenant_id>(clause))
                                                        : "'" + std::get<std::string>(clause) + "'";
  return fail(errc::invalid_argument, "there is no tenant " + text, "the host registers its tenants");
}

status executor::check_destination(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                                   const sql::set_parameter& what) {
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(from, each.tenant));
    if (now != round_status::stop)
      return fail(errc::in_progress,
                  "backup_dest cannot change while tenant " + to_string(each.tenant) + " is " +
                      std::string(to_string(now)),
                  "ALTER SYSTEM NOARCHIVELOG first");
  }
  if (what.value.empty() && !names_tenant(what.tenant) && engine_.standing_order())
    return fail(errc::in_progress,
                "backup_dest cannot be emptied while ARCHIVELOG is in force for tenants to come",
                "ALTER SYSTEM NOARCHIVELOG first");
  return {};
}

result<std::string> executor::prepare(const sql::set_parameter& what) {
  {
    VARVE_TRY_ASSIGN(auto in_use, engine_.use());
    auto from = engine_.snapshot();
    VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
    VARVE_TRY(check_destination(*from, tenants, what));
  }
  if (what.value.empty())
    return std::string{};
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(what.value));
  VARVE_TRY(prepare_destination(uri.to_string(), engine_.archive(), engine_.writer_tag(), engine_.now()));
  return uri.to_string();
}

status executor::set_dest_option(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                                 tenant_id whose, const std::string& value, change_set& changes) {
  VARVE_TRY_ASSIGN(auto named, parse_dest_option(value));
  VARVE_TRY_ASSIGN(auto wanted, named.over(dest_option{}));
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(from, each.tenant));
    VARVE_TRY_ASSIGN(auto before, tenant_settings::of(from, each.tenant));
    bool other_mode = (before.option.piece_switch_interval == 0) != (wanted.piece_switch_interval == 0);
    if (now != round_status::stop && other_mode)
      return fail(errc::not_supported, "change switch piece mode during log archive running is not supported",
                  "ALTER SYSTEM NOARCHIVELOG first");
  }
  changes.put(setting_record{whose, "backup_dest_option", to_text(named)});
  return {};
}

result<sql_result> executor::operator()(const sql::set_parameter& what) {
  std::string destination;
  if (what.name == "backup_dest") {
    // Before the lock: a mount that hangs must not hold up NOARCHIVELOG, register_tenant and close.
    VARVE_TRY_ASSIGN(destination, prepare(what));
  }
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  std::lock_guard one{engine_.statements()};
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  auto whose = names_tenant(what.tenant) ? tenants.front().tenant : everybody;
  change_set changes;
  if (what.name == "backup_dest") {
    VARVE_TRY(check_destination(*from, tenants, what)); // again: much may have happened meanwhile
    changes.put(setting_record{whose, what.name, destination});
  } else if (what.name == "backup_dest_option") {
    VARVE_TRY(set_dest_option(*from, tenants, whose, what.value, changes));
  } else if (what.name == "backup_log_archive_option") {
    VARVE_TRY_ASSIGN(auto before, tenant_settings::of(*from, whose));
    VARVE_TRY_ASSIGN(auto wanted, apply_archive_option(what.value, before.how));
    changes.put(setting_record{whose, what.name, to_text(wanted)});
  } else {
    return fail(errc::not_supported, "parameter " + what.name + " is not supported",
                "this version knows backup_dest, backup_dest_option and backup_log_archive_option");
  }
  VARVE_TRY(engine_.apply(changes));
  auto after = engine_.snapshot();
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto settings, tenant_settings::of(*after, each.tenant));
    engine_.runtime().set_option(each.tenant, settings.how);
    tenant_order changed;
    changed.option = settings.option;
    orders.emplace_back(each.tenant, changed);
  }
  VARVE_TRY(engine_.order(orders, engine_limits::statement));
  return done("parameter " + what.name + " is set");
}

result<sql_result> executor::operator()(const sql::archivelog& what) {
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  std::lock_guard one{engine_.statements()};
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  bool all = !names_tenant(what.tenant);
  std::vector<tenant_record> beginning;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(*from, each.tenant));
    auto intake = engine_.runtime().intake(each.tenant);
    auto gate = intake ? intake->gate() : intake_gate::closed;
    if (now == round_status::stop || gate == intake_gate::fenced || gate == intake_gate::stopped)
      beginning.push_back(each);
    else if (!all)
      return fail(errc::not_supported,
                  "start log archive backup when not STOP is not supported: tenant " +
                      to_string(each.tenant) + " is " + std::string(to_string(now)),
                  "ALTER SYSTEM NOARCHIVELOG first");
  }
  if (all && beginning.empty() && engine_.standing_order())
    return fail(errc::not_supported,
                "start log archive backup when not STOP is not supported: ARCHIVELOG is in force",
                "ALTER SYSTEM NOARCHIVELOG first");
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  change_set changes;
  VARVE_TRY_ASSIGN(auto common, tenant_settings::of(*from, everybody));
  if (all && common.destination.empty() && beginning.empty())
    return fail(errc::invalid_destination, "backup_dest is not set",
                "ALTER SYSTEM SET backup_dest = 'file:///…'");
  for (auto& each : beginning) {
    VARVE_TRY_ASSIGN(auto settings, tenant_settings::of(*from, each.tenant));
    if (settings.destination.empty())
      return fail(errc::invalid_destination, "backup_dest is not set for tenant " + to_string(each.tenant),
                  "ALTER SYSTEM SET backup_dest = 'file:///…'");
    tenant_order begin;
    begin.what = tenant_order::kind::archivelog;
    begin.destination = settings.destination;
    begin.option = settings.option;
    orders.emplace_back(each.tenant, begin);
    each.archiving = true;
    changes.put(each);
  }
  if (all)
    engine_.set_standing_order(true, changes);
  VARVE_TRY(engine_.apply(changes));
  auto after = engine_.snapshot();
  for (auto& each : beginning) {
    VARVE_TRY_ASSIGN(auto facts, engine_.facts_of(*after, each));
    facts.archiving = false; // the order begins the round
    engine_.runtime().refresh(facts);
  }
  VARVE_TRY(engine_.order(orders, engine_limits::statement));
  return done("log archiving begins for " + std::to_string(orders.size()) + " tenant(s)");
}

result<sql_result> executor::operator()(const sql::noarchivelog& what) {
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  std::lock_guard one{engine_.statements()};
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  bool all = !names_tenant(what.tenant);
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  change_set changes;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(*from, each.tenant));
    if (now == round_status::stop && !each.archiving)
      continue;
    tenant_order end;
    VARVE_TRY_ASSIGN(auto settings, tenant_settings::of(*from, each.tenant));
    end.what = tenant_order::kind::noarchivelog;
    end.option = settings.option;
    orders.emplace_back(each.tenant, end);
    each.archiving = false;
    changes.put(each);
  }
  if (orders.empty() && !(all && engine_.standing_order()))
    return fail(errc::already_no_archive, "log archive backup is already disabled");
  if (all)
    engine_.set_standing_order(false, changes);
  VARVE_TRY(engine_.apply(changes));
  VARVE_TRY(engine_.order(orders, engine_limits::statement));
  auto made = done("log archiving has ended for " + std::to_string(orders.size()) + " tenant(s)");
  auto after = engine_.snapshot();
  for (auto& [tenant, order] : orders) {
    VARVE_TRY_ASSIGN(auto left, after->outbox(tenant));
    if (!left.empty())
      made.warnings.push_back("tenant " + to_string(tenant) + ": " + left.back().destination +
                              " did not answer in time; the end of round " + to_string(left.back().round) +
                              " is told to it when it is back");
  }
  return made;
}

result<sql_result> executor::operator()(const sql::show_parameters& what) {
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  VARVE_TRY_ASSIGN(auto settings, tenant_settings::of(
                                      *from, names_tenant(what.tenant) ? tenants.front().tenant : everybody));
  return list_parameters(settings, what.pattern);
}

} // namespace

result<tenant_settings> tenant_settings::of(const catalog_snapshot& from, tenant_id tenant) {
  tenant_settings made;
  VARVE_TRY_ASSIGN(auto uri, setting_in_force(from, tenant, "backup_dest"));
  if (uri)
    made.destination = *uri;
  VARVE_TRY_ASSIGN(auto option, setting_in_force(from, tenant, "backup_dest_option"));
  if (option) {
    VARVE_TRY_ASSIGN(auto named, parse_dest_option(*option, true));
    VARVE_TRY_ASSIGN(made.option, named.over(dest_option{}));
  }
  VARVE_TRY_ASSIGN(auto how, setting_in_force(from, tenant, "backup_log_archive_option"));
  if (how) {
    // What is stored names mode and codec, so it reads the same whatever was in force before.
    VARVE_TRY_ASSIGN(made.how, apply_archive_option(*how, archive_option{}));
  }
  return made;
}

result<std::vector<sql_result>> execute_statements(archive_engine_impl& engine, std::string_view text) {
  VARVE_TRY_ASSIGN(auto parsed, parse_statements(text));
  std::vector<sql_result> results;
  executor run{engine};
  for (auto& each : parsed.statements) {
    auto made = std::visit(run, each.body);
    if (!made.ok() && parsed.statements.size() > 1) {
      auto failed = made.error();
      failed.message = "statement " + std::to_string(results.size() + 1) + " of " +
                       std::to_string(parsed.statements.size()) + " (" + to_string(each.at) +
                       "): " + failed.message;
      return failed;
    }
    if (!made.ok())
      return made.error();
    results.push_back(std::move(*made));
  }
  if (!results.empty())
    results.front().warnings.insert(results.front().warnings.begin(), parsed.warnings.begin(),
                                    parsed.warnings.end());
  return results;
}

} // namespace varve
