#include "engine/statement_executor.hpp"

#include "engine/archive_destination.hpp"
#include "engine/archive_engine_impl.hpp"
#include "engine/base/text.hpp"
#include "engine/log_stream.hpp"
#include "engine/parameter_list.hpp"
#include "engine/restore_statements.hpp"
#include "engine/statement/option_string.hpp"
#include "engine/statement/parser.hpp"
#include "engine/tenant_settings.hpp"

namespace varve {
namespace {

constexpr tenant_id everybody{0};

class executor {
public:
  explicit executor(archive_engine_impl& engine) : engine_(engine) {}

  result<sql_result> operator()(const sql::select& what) { return engine_.query(what.text); }
  result<sql_result> operator()(const sql::set_parameter& what);
  result<sql_result> operator()(const sql::archivelog& what);
  result<sql_result> operator()(const sql::noarchivelog& what);
  result<sql_result> operator()(const sql::show_parameters& what);
  result<sql_result> operator()(const sql::restore& what) { return run_restore(engine_, what); }
  result<sql_result> operator()(const sql::add_restore_source& what) {
    return add_restore_source(engine_, what);
  }
  result<sql_result> operator()(const sql::clear_restore_source&) { return clear_restore_source(engine_); }
  result<sql_result> operator()(const sql::show_restore_preview&) { return show_restore_preview(engine_); }
  template <class Other>
  result<sql_result> operator()(const Other& what) {
    return fail(errc::not_supported, std::string(name_of(statement{what})) + " is not supported",
                "this version runs SET, ARCHIVELOG, NOARCHIVELOG, SHOW PARAMETERS, SELECT, and RESTORE with "
                "PREVIEW");
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
  /// The text that the catalog will keep for a parameter that works, or has no effect.
  result<std::string> stored_value(const settings_reader& before, tenant_id whose, const parameter& which,
                                   const std::string& value);
  /// May this be in force from now on, for everybody it concerns?
  status check_change(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                      const setting_record& change);
  result<sql_result> set_state(const parameter& which, const sql::set_parameter& what);
  /// Is log archived of those the clause names, or will it be of those to come?
  result<bool> archiving(const tenant_clause& whose);

  archive_engine_impl& engine_;
};

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
                                                        : in_quotes(std::get<std::string>(clause));
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
  VARVE_TRY(prepare_destination(engine_.environment().open, uri.to_string(), engine_.archive(),
                                engine_.writer_tag(), engine_.now()));
  return uri.to_string();
}

result<std::string> executor::stored_value(const settings_reader& before, tenant_id whose,
                                           const parameter& which, const std::string& value) {
  if (which.kind == parameter_kind::dest_option) {
    VARVE_TRY_ASSIGN(auto named, parse_dest_option(value, engine_.environment().short_pieces));
    return to_text(named);
  }
  if (which.kind == parameter_kind::archive_option) {
    VARVE_TRY_ASSIGN(auto now, before.of(whose));
    VARVE_TRY_ASSIGN(auto wanted, apply_archive_option(value, now.how));
    return to_text(wanted);
  }
  return canonical_value(which, value);
}

status executor::check_change(const catalog_snapshot& from, const std::vector<tenant_record>& tenants,
                              const setting_record& change) {
  settings_reader before{from}, after{from, change};
  VARVE_TRY(after.of(everybody));
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto row, from.round_status(each.tenant));
    VARVE_TRY_ASSIGN(auto was, before.of(each.tenant));
    VARVE_TRY_ASSIGN(auto will, after.of(each.tenant));
    bool splits = will.option.piece_switch_interval != 0;
    bool other_mode = (was.option.piece_switch_interval != 0) != splits;
    // What the round in force does may always be said: the catalog that knew the option may have been lost.
    if (row && row->round.status != round_status::stop && other_mode &&
        (row->round.piece_interval_ns != 0) != splits)
      return fail(errc::not_supported, "change switch piece mode during log archive running is not supported",
                  "ALTER SYSTEM NOARCHIVELOG first");
  }
  return {};
}

result<bool> executor::archiving(const tenant_clause& whose) {
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, whose));
  if (!names_tenant(whose) && engine_.standing_order())
    return true;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(*from, each.tenant));
    if (each.archiving && now != round_status::interrupted)
      return true;
  }
  return false;
}

result<sql_result> executor::set_state(const parameter& which, const sql::set_parameter& what) {
  VARVE_TRY_ASSIGN(auto wanted, canonical_value(which, what.value));
  VARVE_TRY_ASSIGN(auto now, archiving(what.tenant));
  if (wanted == "True" && !now)
    return fail(errc::not_supported, "set enable log archive true without archivelog is not supported",
                "ALTER SYSTEM ARCHIVELOG");
  if (wanted == "False" && now)
    return fail(errc::not_supported, "set enable log archive false while log is archived is not supported",
                "ALTER SYSTEM NOARCHIVELOG");
  return done("parameter " + std::string(which.name) + " is " + wanted + " already");
}

result<sql_result> executor::operator()(const sql::set_parameter& what) {
  auto* known = find_parameter(what.name);
  if (known == nullptr)
    return fail(errc::invalid_argument, "there is no parameter " + what.name);
  if (known->kind == parameter_kind::copy_option)
    VARVE_TRY(parse_copy_dest_option(what.value)); // what is wrong with it stays wrong when there are copies
  if (known->effect == parameter_effect::unsupported)
    return fail(errc::not_supported,
                "parameter " + what.name + " is not supported: it is " + std::string(known->info),
                "SHOW PARAMETERS says what each parameter does");
  std::string destination;
  if (what.name == "backup_dest") {
    // Before the lock: a mount that hangs must not hold up NOARCHIVELOG, register_tenant and close.
    VARVE_TRY_ASSIGN(destination, prepare(what));
  }
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  std::lock_guard one{engine_.statements()};
  if (known->effect == parameter_effect::state)
    return set_state(*known, what);
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  setting_record change{names_tenant(what.tenant) ? tenants.front().tenant : everybody, what.name, {}};
  if (what.name == "backup_dest") {
    VARVE_TRY(check_destination(*from, tenants, what)); // again: much may have happened meanwhile
    change.value = destination;
  } else {
    VARVE_TRY_ASSIGN(change.value, stored_value(settings_reader{*from}, change.tenant, *known, what.value));
  }
  VARVE_TRY(check_change(*from, tenants, change));
  change_set changes;
  changes.put(change);
  VARVE_TRY(engine_.apply(changes));
  auto made = done("parameter " + what.name + " is set");
  if (known->effect == parameter_effect::none) {
    made.warnings.push_back(what.name + " is kept and changes nothing: " + std::string(known->info));
    return made;
  }
  auto after = engine_.snapshot();
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto settings, settings_reader{*after}.of(each.tenant));
    engine_.runtime().set_option(each.tenant, settings.how);
    tenant_order changed;
    changed.option = settings.option;
    orders.emplace_back(each.tenant, changed);
  }
  VARVE_TRY(engine_.order(orders, engine_limits::statement));
  return made;
}

result<sql_result> executor::operator()(const sql::archivelog& what) {
  VARVE_TRY_ASSIGN(auto in_use, engine_.use());
  std::lock_guard one{engine_.statements()};
  auto from = engine_.snapshot();
  VARVE_TRY_ASSIGN(auto tenants, tenants_of(*from, what.tenant));
  bool all = !names_tenant(what.tenant);
  std::vector<tenant_record> beginning;
  std::vector<std::string> warnings;
  for (auto& each : tenants) {
    VARVE_TRY_ASSIGN(auto now, status_of(*from, each.tenant));
    auto intake = engine_.runtime().intake(each.tenant);
    auto gate = intake ? intake->gate() : intake_gate::closed;
    if (now == round_status::stop || gate == intake_gate::fenced || gate == intake_gate::stopped)
      beginning.push_back(each);
    else if (all && now == round_status::interrupted)
      warnings.push_back("tenant " + to_string(each.tenant) +
                         " is INTERRUPTED and stays so: ALTER SYSTEM NOARCHIVELOG TENANT_ID = " +
                         to_string(each.tenant) + ", then ARCHIVELOG, begin a new round");
    else if (all && now == round_status::stopping)
      warnings.push_back("tenant " + to_string(each.tenant) +
                         " is STOPPING and is not archived after that: " +
                         "ALTER SYSTEM ARCHIVELOG TENANT_ID = " + to_string(each.tenant) +
                         ", once it is STOP, begins its next round");
    else if (!all)
      return fail(errc::not_supported,
                  "start log archive backup when not STOP is not supported: tenant " +
                      to_string(each.tenant) + " is " + std::string(to_string(now)),
                  "ALTER SYSTEM NOARCHIVELOG first");
  }
  if (all && beginning.empty() && engine_.standing_order())
    return fail(errc::not_supported,
                "start log archive backup when not STOP is not supported: ARCHIVELOG is in force",
                warnings.empty() ? "ALTER SYSTEM NOARCHIVELOG first" : warnings.front());
  std::vector<std::pair<tenant_id, tenant_order>> orders;
  change_set changes;
  VARVE_TRY_ASSIGN(auto common, settings_reader{*from}.of(everybody));
  if (all && common.destination.empty() && beginning.empty())
    return fail(errc::invalid_destination, "backup_dest is not set",
                "ALTER SYSTEM SET backup_dest = 'file:///…'");
  for (auto& each : beginning) {
    VARVE_TRY_ASSIGN(auto settings, settings_reader{*from}.of(each.tenant));
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
  auto made = done("log archiving begins for " + std::to_string(orders.size()) + " tenant(s)");
  made.warnings = std::move(warnings);
  return made;
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
    end.what = tenant_order::kind::noarchivelog;
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
    if (!left.empty() && left.back().status == round_status::stop)
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
  auto whose = names_tenant(what.tenant) ? tenants.front().tenant : everybody;
  settings_reader settings{*from};
  VARVE_TRY_ASSIGN(auto now, archiving(what.tenant));
  VARVE_TRY_ASSIGN(auto in_force, settings.of(whose));
  std::vector<shown_parameter> shown;
  for (auto& each : parameters()) {
    VARVE_TRY_ASSIGN(auto found, settings.value(whose, each));
    if (each.effect == parameter_effect::state)
      found.value = now ? "True" : "False";
    if (each.kind == parameter_kind::dest_option)
      found.value = to_text(in_force.option);
    shown.push_back({&each, found.value, whose != everybody && found.own, found.initial});
  }
  return list_parameters(shown, what.pattern);
}

} // namespace

status check_statements(std::string_view text) {
  VARVE_TRY(parse_statements(text));
  return {};
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
