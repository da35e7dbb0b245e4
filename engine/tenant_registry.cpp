// Which tenants there are: registered, found again at open, dropped.
#include "engine/archive_engine_impl.hpp"
#include "engine/base/text.hpp"
#include "engine/log_stream.hpp"
#include "engine/tenant_settings.hpp"

#include <algorithm>

namespace varve {
namespace {

/// One that was dropped and is there again: its rounds and pieces are numbered on.
status number_on(const catalog_snapshot& from, round_status_record& row, tenant_id tenant) {
  VARVE_TRY_ASSIGN(auto ended, from.round_history());
  for (auto& each : ended) {
    if (each.tenant != tenant)
      continue;
    row.round = each.round;
    row.round.status = round_status::stop;
    row.counts = each.counts;
    row.current_piece = std::max(row.current_piece, each.last_piece);
  }
  return {};
}

/// Of all breaks only that of a round that has broken is looked for.
result<std::optional<break_history_record>> break_of(const catalog_snapshot& from,
                                                     const round_status_record& row) {
  std::optional<break_history_record> found;
  auto status = row.round.status;
  if (status != round_status::interrupted && status != round_status::stopping)
    return found;
  VARVE_TRY_ASSIGN(auto breaks, from.breaks());
  for (auto& each : breaks)
    if (each.tenant == row.tenant && each.round == row.round.id)
      found = each;
  return found;
}

std::string list_of(const std::vector<stream_id>& streams) {
  std::string list;
  for (auto stream : streams)
    list.append(list.empty() ? "" : ", ").append(to_string(stream));
  return list;
}

} // namespace

result<archive_runtime::tenant_facts> archive_engine_impl::facts_of(const catalog_snapshot& from,
                                                                    const tenant_record& record) const {
  archive_runtime::tenant_facts facts;
  facts.tenant = record.tenant;
  facts.archiving = record.archiving;
  VARVE_TRY_ASSIGN(auto settings, settings_reader{from}.of(record.tenant));
  facts.option = settings.option;
  facts.how = settings.how;
  VARVE_TRY_ASSIGN(auto row, from.round_status(record.tenant));
  if (row)
    facts.status = *row;
  else
    VARVE_TRY(number_on(from, facts.status, record.tenant));
  VARVE_TRY_ASSIGN(facts.broke, break_of(from, facts.status));
  // A round goes on where it began, whatever backup_dest says by now.
  bool running = facts.status.round.status != round_status::stop && !facts.status.destination.empty();
  facts.destination = running ? facts.status.destination : settings.destination;
  VARVE_TRY_ASSIGN(facts.outbox, from.outbox(record.tenant));
  // Unless ARCHIVELOG was heard: then the next round begins where it was told to, and what another
  // destination was not told goes on waiting.
  // The last first: an older one that is away for good would be waited for for ever.
  auto owed = std::find_if(facts.outbox.rbegin(), facts.outbox.rend(),
                           [](auto& left) { return left.status == round_status::stop; });
  if (owed != facts.outbox.rend() && !running && !facts.archiving)
    facts.destination = owed->destination;
  VARVE_TRY_ASSIGN(facts.writers, from.writers(record.tenant));
  VARVE_TRY_ASSIGN(facts.streams, from.streams(record.tenant));
  VARVE_TRY_ASSIGN(auto samples, from.lag_samples(record.tenant));
  if (!samples.empty())
    facts.last_lag_sample = samples.back().number;
  return facts;
}

status archive_engine_impl::register_tenant(tenant_id tenant, std::string_view name) {
  VARVE_TRY_ASSIGN(auto in_use, use());
  if (tenant.value < 2)
    return fail(errc::invalid_argument, "tenant number " + to_string(tenant) + " is reserved",
                "use 2 or more");
  std::lock_guard one{statements_};
  auto from = snapshot();
  VARVE_TRY_ASSIGN(auto tenants, from->tenants());
  VARVE_TRY_ASSIGN(auto settings, settings_reader{*from}.of(tenant));
  bool begins = standing_order() && !settings.destination.empty();
  tenant_record record{tenant, std::string(name), begins};
  bool known = false;
  for (auto& each : tenants) {
    if (each.tenant == tenant) {
      known = true;
      record.archiving = each.archiving;
      if (each.name == name)
        return {};
    } else if (each.name == name) {
      return fail(errc::invalid_argument,
                  "tenant name " + in_quotes(record.name) + " belongs to tenant " + to_string(each.tenant));
    }
  }
  // Read before anything is written: a tenant that is in the catalog alone could not be registered again.
  VARVE_TRY_ASSIGN(auto facts, facts_of(*from, record));
  facts.archiving = false; // the order begins the round
  change_set changes;
  changes.put(record);
  VARVE_TRY(apply(changes));
  if (known)
    return {};
  runtime_->add_tenant(facts);
  if (begins)
    return begin_round(tenant, settings);
  if (standing_order())
    return fail(
        errc::invalid_destination,
        "tenant " + to_string(tenant) +
            " is registered, but not archived: ARCHIVELOG is in force, and backup_dest is not set for it",
        "ALTER SYSTEM SET backup_dest = 'file:///…' TENANT_ID = " + to_string(tenant) +
            ", then ALTER SYSTEM ARCHIVELOG TENANT_ID = " + to_string(tenant));
  return {};
}

status archive_engine_impl::begin_round(tenant_id tenant, const tenant_settings& settings) {
  tenant_order begin;
  begin.what = tenant_order::kind::archivelog;
  begin.destination = settings.destination;
  begin.option = settings.option;
  return order({{tenant, begin}}, engine_limits::statement);
}

status archive_engine_impl::drop_tenant(tenant_id tenant) {
  VARVE_TRY_ASSIGN(auto in_use, use());
  std::lock_guard one{statements_};
  auto intake = runtime_->intake(tenant);
  if (!intake)
    return fail(errc::invalid_argument, "tenant " + to_string(tenant) + " is not registered");
  // A stream that were opened from here on would be left over, and its source be called for ever.
  if (auto open = intake->retire(); !open.empty())
    return fail(errc::invalid_argument, "tenant " + to_string(tenant) + " has open streams: " + list_of(open),
                "close them first");
  auto dropped = end_and_forget(tenant);
  if (!dropped.ok())
    intake->reinstate();
  return dropped;
}

/// A drop that was interrupted has not happened. NOARCHIVELOG is none of these: before it says STOPPING the
/// tenant's record says that nothing is to be archived.
status archive_engine_impl::take_drop_back(archive_runtime::tenant_facts& facts) {
  auto& round = facts.status.round;
  round.status = facts.broke            ? round_status::interrupted
                 : round.start_scn != 0 ? round_status::doing
                                        : round_status::beginning;
  change_set changes;
  changes.put(facts.status);
  return catalog_->apply(changes, durability::buffered);
}

status archive_engine_impl::end_and_forget(tenant_id tenant) {
  auto from = snapshot();
  VARVE_TRY_ASSIGN(auto tenants, from->tenants());
  VARVE_TRY_ASSIGN(auto row, from->round_status(tenant));
  auto record = std::ranges::find(tenants, tenant, &tenant_record::tenant);
  bool archiving = record != tenants.end() && record->archiving;
  if (archiving || (row && row->round.status != round_status::stop)) {
    tenant_order end;
    end.what = tenant_order::kind::noarchivelog;
    VARVE_TRY(order({{tenant, end}}, engine_limits::statement));
  }
  tenant_order drop;
  drop.what = tenant_order::kind::drop;
  VARVE_TRY(order({{tenant, drop}}, engine_limits::statement));
  change_set changes; // behind everything that was said of it
  changes.erase_tenant(tenant);
  changes.erase_round_status(tenant);
  VARVE_TRY(apply(changes));
  runtime_->remove_tenant(tenant);
  return {};
}

} // namespace varve
