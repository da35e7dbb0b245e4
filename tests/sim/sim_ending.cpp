// How a simulated world ends: faults stop, everything is archived again, and all accounts are compared.
#include "engine/catalog_rebuild.hpp"
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_world.hpp"

#include <algorithm>

namespace varve::test {

bool sim_world::all_is_committed() {
  auto& engine = *engines_.front();
  return std::ranges::all_of(tenants(), [&](auto tenant) { return engine.caught_up(tenant); }) &&
         engine.open_waits() == 0 && !engine.in_call();
}

void sim_world::run_until_all_is_committed() {
  faults_on_ = false;
  for (auto& each : storages_)
    each.medium->clear_faults();
  note("faults stop");
  check();
  while (engines_.size() > 1)
    kill(0);
  if (!engines_.empty() && engines_.front()->catalog()->may_fail())
    kill(0);
  if (engines_.empty())
    restart();
  auto& engine = *engines_.front();
  // A tenant without news is not taken over, and its catalog need not know what others committed last.
  for (auto tenant : tenants())
    for (auto& [id, of] : log_.streams(tenant))
      if (!of.dropped) {
        log_.write(tenant, id, options_.entry_bytes);
        break;
      }
  run_until_caught_up();
  if (options_.watched_to_the_end) {
    watch_the_age();
    run_until_caught_up();
  }
  engine.fall_silent();
  run_for(2 * interval_in_force());
  engine.publish();
  model_.check_complete(places(false));
  compare_catalog();
  compare_views();
}

/// At most: a catalog that was lost says what is initial.
duration_ns sim_world::interval_in_force() const {
  return std::max(options_.option.checkpoint_interval, 120 * one_second);
}

void sim_world::run_until_caught_up() {
  auto& engine = *engines_.front();
  engine.stop_writing();
  auto bound = world_.now() + 10 * interval_in_force() + 5 * one_minute;
  for (auto next_look = world_.now(); !all_is_committed(); next_look += 5 * one_second) {
    while (world_.now() < next_look)
      if (!step())
        throw broken_claim("nothing happens any more");
    engine.dba().mend();
    if (world_.now() > bound) {
      std::string why = "the archive does not catch up:";
      for (auto tenant : tenants())
        why += "\n  " + engine.standing(tenant);
      throw broken_claim(why + "\n  open waits: " + std::to_string(engine.open_waits()));
    }
  }
}

/// Once nothing fails, a checkpoint is never older than the interval, but for the time that a host and a
/// commit take.
void sim_world::watch_the_age() {
  auto& engine = *engines_.front();
  engine.go_on_writing();
  engine.dba().settle();
  auto interval = options_.option.checkpoint_interval;
  auto slack = 3 * options_.host_pause + 10 * one_second;
  run_for(interval + slack);
  for (int i = 0; i < 20; ++i) {
    run_for(interval / 10);
    for (auto tenant : tenants()) {
      auto row = engine.row(tenant);
      auto checkpoint = row ? row->round.checkpoint_scn : 0;
      if (checkpoint + interval + slack < log_.now())
        throw broken_claim("the checkpoint of tenant " + to_string(tenant) + " is " +
                           format_duration(log_.now() - checkpoint) + " old, promised is " +
                           format_duration(interval) + ":\n  " + engine.standing(tenant));
    }
  }
}

/// The catalog says what the destinations tell.
void sim_world::compare_catalog() {
  auto& engine = *engines_.front();
  auto known = engine.catalog()->snapshot();
  for (auto& each : storages_) {
    auto made = std::make_shared<crash_catalog>();
    fault_destination where{each.medium->copy(world_.random()), "rebuild"};
    varve::rebuilt_catalog said;
    auto outcome = rebuild_catalog(*made, "simulated", where, each.uri, said);
    if (!outcome.ok())
      throw broken_claim("the catalog cannot be rebuilt: " + outcome.error().to_string());
    auto told = made->snapshot();
    // What others left at a destination comes into the catalog when the tenant is taken over there. Archived
    // elsewhere meanwhile it has given numbers that the others gave here, too.
    auto must_know = [&](tenant_id tenant) {
      auto row = engine.row(tenant);
      auto outbox = known->outbox(tenant).value();
      if (std::ranges::any_of(outbox, [&](auto& x) { return x.destination == each.uri; }))
        return false; // it left before it heard whether the end of its round was said there
      return company_.empty() || (storages_.size() == 1 && row && row->destination == each.uri);
    };
    for (auto& piece : told->pieces().value()) {
      if (!must_know(piece.tenant))
        continue;
      ++counts_.pieces;
      auto all = known->pieces().value();
      auto found = std::ranges::find_if(all, [&](auto& x) {
        return x.tenant == piece.tenant && x.piece == piece.piece && x.destination == piece.destination;
      });
      auto name = each.uri + " tenant " + to_string(piece.tenant) + " piece " + to_string(piece.piece.round) +
                  "/" + to_string(piece.piece.piece);
      if (found == all.end())
        throw broken_claim(name + " is not in the catalog");
      if (found->bounds != piece.bounds || found->status != piece.status)
        throw broken_claim(name + " is another in the catalog: " + std::string(to_string(found->status)) +
                           " there, " + std::string(to_string(piece.status)) + " at the destination");
    }
    for (auto& round : told->round_history().value()) {
      if (!must_know(round.tenant))
        continue;
      ++counts_.rounds;
      auto all = known->round_history().value();
      auto found = std::ranges::find_if(all, [&](auto& x) {
        return x.tenant == round.tenant && x.round.id == round.round.id && x.destination == round.destination;
      });
      auto name = each.uri + " tenant " + to_string(round.tenant) + " round " + to_string(round.round.id);
      if (found == all.end())
        throw broken_claim(name + " is not in the catalog's history");
      // Of two engines one may have given the number to a round that never began anywhere.
      if (!company_.empty() && found->round.checkpoint_scn == 0)
        continue;
      if (found->round != round.round || found->counts != round.counts)
        throw broken_claim(name + " is another in the catalog's history: checkpoint " +
                           std::to_string(found->round.checkpoint_scn) + " there, " +
                           std::to_string(round.round.checkpoint_scn) + " at the destination");
    }
    for (auto& row : told->round_statuses().value()) {
      auto ours = known->round_status(row.tenant).value();
      if (!ours || ours->destination != each.uri)
        continue; // it is archived elsewhere by now
      if (ours->seq != row.seq || ours->round != row.round || ours->counts != row.counts)
        throw broken_claim(each.uri + " tenant " + to_string(row.tenant) + ": the catalog says commit " +
                           to_string(ours->seq) + " checkpoint " +
                           std::to_string(ours->round.checkpoint_scn) + ", the destination " +
                           to_string(row.seq) + " " + std::to_string(row.round.checkpoint_scn));
    }
    auto breaks = known->breaks().value();
    for (auto& each_break : told->breaks().value())
      if (must_know(each_break.tenant) && std::ranges::none_of(breaks, [&](auto& x) {
            return x.tenant == each_break.tenant && x.round == each_break.round &&
                   x.stream == each_break.stream && x.first_missing == each_break.first_missing;
          }))
        throw broken_claim(each.uri + ": the break of tenant " + to_string(each_break.tenant) + " round " +
                           to_string(each_break.round) + " is not in the catalog");
  }
}

/// The views say what the model knows.
void sim_world::compare_views() {
  auto& engine = *engines_.front();
  auto select = [&](const std::string& text) {
    auto table = engine.door().query(text);
    if (!table.ok())
      throw broken_claim(text + ": " + table.error().to_string());
    return table->rows;
  };
  for (auto tenant : tenants()) {
    auto whose = " WHERE TENANT_ID = " + to_string(tenant);
    auto status = select("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG" + whose);
    if (status.size() != 1 || status[0][0] != "DOING")
      throw broken_claim("tenant " + to_string(tenant) + " is archived, but the view does not say DOING");
    // The windows of the destination it is archived to, as a restore finds them there.
    auto at = engine.row(tenant)->destination;
    fault_destination where{medium_of(at)->copy(world_.random()), "reader"};
    auto known = read_piece_catalogue(where, tenant, {});
    std::string told, found;
    for (auto& each : restore_windows(**known, std::nullopt))
      if (each.start_scn != 0 && each.checkpoint_scn >= each.start_scn &&
          std::ranges::any_of(each.streams, [](auto& x) { return x.next_lsn > x.first_lsn; }))
        found += to_string(each.first_round) + "-" + to_string(each.last_round) + ": " +
                 std::to_string(each.start_scn) + "-" + std::to_string(each.checkpoint_scn) + "; ";
    for (auto& each : select("SELECT FIRST_ROUND, LAST_ROUND, FROM_SCN, UNTIL_SCN FROM "
                             "VARVE_RESTORABLE_WINDOWS" +
                             whose + " AND DESTINATION = '" + at + "' ORDER BY FIRST_ROUND"))
      told += *each[0] + "-" + *each[1] + ": " + *each[2] + "-" + *each[3] + "; ";
    if (told != found)
      throw broken_claim("VARVE_RESTORABLE_WINDOWS of tenant " + to_string(tenant) + " says " + told +
                         "but a restore finds " + found);
  }
}

} // namespace varve::test
