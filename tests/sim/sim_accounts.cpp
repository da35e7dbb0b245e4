// How the accounts of a simulated world compare at its end: catalog, destinations, views.
#include "engine/catalog_rebuild.hpp"
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_world.hpp"

#include <algorithm>

namespace varve::test {
namespace {

std::string name_of(const piece_record& piece) {
  return piece.destination + " tenant " + to_string(piece.tenant) + " piece " + to_string(piece.piece.round) +
         "/" + to_string(piece.piece.piece);
}

std::string name_of(const round_history_record& round) {
  return round.destination + " tenant " + to_string(round.tenant) + " round " + to_string(round.round.id);
}

std::string text_of(const piece_record& piece) {
  return std::string(to_string(piece.status)) + " SCN " + std::to_string(piece.bounds.start_scn) + " to " +
         std::to_string(piece.bounds.end_scn) + " checkpoint " + std::to_string(piece.checkpoint_scn) +
         " created at " + std::to_string(piece.created_at) + " bytes " +
         std::to_string(piece.counts.input_bytes) + "/" + std::to_string(piece.counts.output_bytes) +
         " first " + to_string(piece.start_piece);
}

std::string text_of(const round_history_record& round) {
  return std::string(to_string(round.round.status)) + " SCN " + std::to_string(round.round.start_scn) +
         " to " + std::to_string(round.round.checkpoint_scn) + " bytes " +
         std::to_string(round.counts.input_bytes) + "/" + std::to_string(round.counts.output_bytes);
}

} // namespace

/// The catalog says what the destinations tell, and nothing else.
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
    auto must_agree = [&](tenant_id tenant, const std::string& destination) {
      auto row = engine.row(tenant);
      auto outbox = known->outbox(tenant).value();
      if (destination != each.uri ||
          std::ranges::any_of(outbox, [&](auto& x) { return x.destination == each.uri; }))
        return false; // it left before it heard whether the end of its round was said there
      return company_.empty() || (storages_.size() == 1 && row && row->destination == each.uri);
    };
    compare_pieces(*known, *told, must_agree);
    compare_rounds(*known, *told, must_agree);
    compare_standing(*known, *told, each.uri);
  }
}

void sim_world::compare_pieces(const catalog_snapshot& known, const catalog_snapshot& told,
                               const account_rule& must_agree) {
  auto ours = known.pieces().value(), theirs = told.pieces().value();
  auto same = [](const piece_record& x) {
    return [&x](const piece_record& y) {
      return x.tenant == y.tenant && x.piece == y.piece && x.copy == y.copy && x.destination == y.destination;
    };
  };
  for (auto& piece : theirs) {
    if (!must_agree(piece.tenant, piece.destination))
      continue;
    ++counts_.pieces;
    auto found = std::ranges::find_if(ours, same(piece));
    if (found == ours.end())
      throw broken_claim(name_of(piece) + " is not in the catalog");
    if (*found != piece)
      throw broken_claim(name_of(piece) + " is another in the catalog: " + text_of(*found) +
                         " there, at the destination " + text_of(piece));
  }
  for (auto& piece : ours)
    if (must_agree(piece.tenant, piece.destination) && std::ranges::none_of(theirs, same(piece)))
      throw broken_claim(name_of(piece) + " is in the catalog, and not at the destination");
}

void sim_world::compare_rounds(const catalog_snapshot& known, const catalog_snapshot& told,
                               const account_rule& must_agree) {
  auto ours = known.round_history().value(), theirs = told.round_history().value();
  auto same = [](const round_history_record& x) {
    return [&x](const round_history_record& y) {
      return x.tenant == y.tenant && x.round.id == y.round.id && x.destination == y.destination;
    };
  };
  for (auto& round : theirs) {
    if (!must_agree(round.tenant, round.destination))
      continue;
    ++counts_.rounds;
    auto found = std::ranges::find_if(ours, same(round));
    if (found == ours.end())
      throw broken_claim(name_of(round) + " is not in the catalog's history");
    // Of two engines one may have given the number to a round that never began anywhere.
    if (!company_.empty() && found->round.checkpoint_scn == 0)
      continue;
    if (found->round != round.round || found->counts != round.counts)
      throw broken_claim(name_of(round) + " is another in the catalog's history: " + text_of(*found) +
                         " there, at the destination " + text_of(round));
  }
  for (auto& round : ours) // but for those that never began
    if (round.round.checkpoint_scn != 0 && must_agree(round.tenant, round.destination) &&
        std::ranges::none_of(theirs, same(round)))
      throw broken_claim(name_of(round) + " is in the catalog's history, and not at the destination");

  auto our_breaks = known.breaks().value(), their_breaks = told.breaks().value();
  auto same_break = [](const break_history_record& x) {
    return [&x](const break_history_record& y) {
      return x.tenant == y.tenant && x.round == y.round && x.stream == y.stream &&
             x.first_missing == y.first_missing && x.oldest_left == y.oldest_left;
    };
  };
  auto destination_of = [&](const break_history_record& x) {
    auto found =
        std::ranges::find_if(ours, [&](auto& y) { return x.tenant == y.tenant && x.round == y.round.id; });
    bool began = found != ours.end() && found->round.checkpoint_scn != 0;
    return began ? found->destination : std::string{};
  };
  for (auto& broke : their_breaks)
    if (must_agree(broke.tenant, destination_of(broke)) &&
        std::ranges::none_of(our_breaks, same_break(broke)))
      throw broken_claim("the break of tenant " + to_string(broke.tenant) + " round " +
                         to_string(broke.round) + " is not in the catalog");
  for (auto& broke : our_breaks)
    if (must_agree(broke.tenant, destination_of(broke)) &&
        std::ranges::none_of(their_breaks, same_break(broke)))
      throw broken_claim("the break of tenant " + to_string(broke.tenant) + " round " +
                         to_string(broke.round) + " is in the catalog, and not at the destination");
}

/// Where tenants and their streams stand, of those that are archived to this destination.
void sim_world::compare_standing(const catalog_snapshot& known, const catalog_snapshot& told,
                                 const std::string& uri) {
  for (auto& row : told.round_statuses().value()) {
    auto ours = known.round_status(row.tenant).value();
    if (!ours || ours->destination != uri)
      continue; // it is archived elsewhere by now
    auto who = uri + " tenant " + to_string(row.tenant);
    if (ours->seq != row.seq || ours->round != row.round || ours->counts != row.counts)
      throw broken_claim(who + ": the catalog says commit " + to_string(ours->seq) + " checkpoint " +
                         std::to_string(ours->round.checkpoint_scn) + ", the destination " +
                         to_string(row.seq) + " " + std::to_string(row.round.checkpoint_scn));
    auto our_streams = known.streams(row.tenant).value();
    for (auto& stream : told.streams(row.tenant).value())
      if (std::ranges::find(our_streams, stream) == our_streams.end())
        throw broken_claim(who + " stream " + to_string(stream.stream) +
                           " stands elsewhere in the catalog than at LSN " +
                           std::to_string(stream.position.next_lsn));
  }
}

/// The views say what the model knows, and what a restore finds.
void sim_world::compare_views() {
  auto& engine = *engines_.front();
  // Rows by what their first columns say, the others joined: every SELECT opens a database of its own.
  auto select = [&](std::size_t keys, const std::string& text) {
    auto table = engine.door().query(text);
    if (!table.ok())
      throw broken_claim(text + ": " + table.error().to_string());
    std::map<std::string, std::string> rows;
    for (auto& row : table->rows) {
      std::string key, rest;
      for (std::size_t i = 0; i < row.size(); ++i)
        (i < keys ? key : rest) += row[i].value_or("NULL") + " ";
      rows[key] += rest;
    }
    return rows;
  };
  auto status = select(1, "SELECT TENANT_ID, STATUS FROM CDB_OB_BACKUP_ARCHIVELOG");
  auto progress = select(2, "SELECT TENANT_ID, TABLE_ID, NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS "
                            "WHERE DROPPED = 0");
  auto pieces = select(4, "SELECT DESTINATION, TENANT_ID, ROUND_ID, BACKUP_PIECE_ID, STATUS "
                          "FROM CDB_OB_BACKUP_PIECE_FILES");
  auto windows = select(2, "SELECT DESTINATION, TENANT_ID, FIRST_ROUND, LAST_ROUND, FROM_SCN, UNTIL_SCN "
                           "FROM VARVE_RESTORABLE_WINDOWS ORDER BY FIRST_ROUND");
  auto row_of = [&](const std::string& key) {
    return key == "1 " || std::ranges::any_of(tenants(), [&](auto x) { return key == to_string(x) + " "; });
  };
  for (auto& [key, says] : status)
    if (!row_of(key))
      throw broken_claim("the view of rounds in force has a row of tenant " + key + ": " + says);
  for (auto tenant : tenants()) {
    auto key = to_string(tenant) + " ";
    auto require = [&](const std::string& what, const std::string& told, const std::string& wanted) {
      if (told != wanted)
        throw broken_claim(what + " of tenant " + to_string(tenant) + ": the view says '" + told +
                           "', wanted '" + wanted + "'");
    };
    require("status", status[key], "DOING ");
    for (auto& [id, of] : log_.streams(tenant))
      if (!of.dropped && !of.entries.empty())
        require("progress of stream " + to_string(id), progress[key + to_string(id) + " "],
                std::to_string(host_log::end_of(of)) + " ");
    // Of the destination it is archived to.
    auto at = engine.row(tenant)->destination;
    fault_destination where{medium_of(at)->copy(world_.random()), "reader"};
    auto known = read_piece_catalogue(where, tenant, {});
    if (company_.empty() || storages_.size() == 1) {
      auto begin = at + " " + key;
      auto shown = std::ranges::count_if(pieces, [&](auto& row) { return row.first.starts_with(begin); });
      for (auto& piece : (*known)->pieces)
        require("piece " + to_string(piece.piece.piece),
                pieces[begin + to_string(piece.piece.round) + " " + to_string(piece.piece.piece) + " "],
                std::string(to_string(piece.status)) + " ");
      require("pieces", std::to_string(shown), std::to_string((*known)->pieces.size()));
    }
    std::string found;
    for (auto& each : restore_windows(**known, std::nullopt))
      if (each.start_scn != 0 && each.checkpoint_scn >= each.start_scn &&
          std::ranges::any_of(each.streams, [](auto& x) { return x.next_lsn > x.first_lsn; }))
        found += to_string(each.first_round) + " " + to_string(each.last_round) + " " +
                 std::to_string(each.start_scn) + " " + std::to_string(each.checkpoint_scn) + " ";
    require("restorable windows", windows[at + " " + key], found);
  }
}

} // namespace varve::test
