#include "engine/catalog_rebuild.hpp"

#include "actors/round_records.hpp"
#include "engine/reader/piece_catalogue.hpp"

#include <algorithm>

namespace varve {
namespace {

/// What nobody could look at is an error: that is no reason to forget what the catalog says of it.
status put_tenant(const piece_catalogue& known, const std::string& uri, const random_id* archive,
                  destination& where, change_set& changes, rebuilt_catalog& made) {
  auto tenant = known.tenant;
  auto& commit = known.state.commit.record;
  for (auto& each_damage : known.damages) {
    if (each_damage.why.code == errc::io_error)
      return each_damage.why;
    made.damaged = true;
    made.notes.push_back(describe(each_damage));
  }
  round_status_record row;
  row.tenant = tenant;
  row.round = commit.round;
  row.counts = commit.round_counts;
  row.seq = commit.seq;
  row.destination = uri;
  row.limiting_stream = commit.limiting_stream;
  if (commit.interruption)
    row.comment = commit.interruption->reason;
  row.updated_at = commit.written_at;
  for (auto& each : known.pieces) {
    row.current_piece = std::max(row.current_piece, each.piece.piece);
    piece_record piece;
    piece.tenant = tenant;
    piece.piece = each.piece;
    piece.bounds = each.bounds;
    piece.status = each.status;
    piece.destination = uri;
    for (auto& round : known.rounds)
      if (round.round.id == each.piece.round)
        piece.start_piece = round.round.start_piece;
    VARVE_TRY_ASSIGN(auto files, read_piece_files(where, known, each, archive));
    piece.created_at = files.created_at;
    piece.checkpoint_scn = std::min(files.checkpoint_scn, each.bounds.end_scn);
    piece.counts = files.counts;
    for (auto& each_damage : files.damages) {
      made.damaged = true;
      made.notes.push_back(describe(each_damage));
    }
    changes.put(piece);
    ++made.pieces;
  }
  changes.put(row);
  put_rounds(tenant, known.rounds, round_id{0}, uri, changes);
  made.rounds += known.rounds.size();
  for (auto& each : known.state.streams) {
    changes.put(stream_record{tenant, each.stream, each.start_lsn, each.position, each.dropped});
    ++made.streams;
  }
  ++made.tenants;
  return {};
}

} // namespace

status rebuild_catalog(catalog& into, const std::string& data_directory, destination& where,
                       const std::string& uri, rebuilt_catalog& made) {
  auto before = into.snapshot();
  VARVE_TRY_ASSIGN(auto identity, read_identity(where));
  VARVE_TRY_ASSIGN(auto ours, before->identity());
  VARVE_TRY_ASSIGN(auto settings, before->settings());
  // A data directory that was never told where to write belongs to nobody yet.
  if (ours && ours->archive != identity.archive && !settings.empty())
    return fail(errc::foreign_destination,
                "the destination " + uri + " belongs to archive " + to_hex(identity.archive) +
                    ", the data directory " + data_directory + " to " + to_hex(ours->archive),
                "name the destination this data directory wrote to, or an empty data directory");
  VARVE_TRY_ASSIGN(auto known_tenants, before->tenants());

  change_set changes;
  changes.erase_archived_facts();
  bool standing = ours && ours->archive == identity.archive && ours->standing_order;
  changes.put(catalog_identity{identity.archive, identity.created_at, standing});
  if (std::none_of(settings.begin(), settings.end(), [](auto& x) { return x.name == "backup_dest"; }))
    changes.put(setting_record{tenant_id{0}, "backup_dest", uri});
  VARVE_TRY_ASSIGN(auto tenants, list_tenants(where));
  for (auto tenant : tenants) {
    commit_options options{&identity.archive, true};
    auto known = read_piece_catalogue(where, tenant, options);
    if (known.code() == errc::io_error || known.code() == errc::invalid_destination)
      return known.error();
    if (!known.ok()) {
      made.damaged = true;
      made.notes.push_back("tenant " + to_string(tenant) + ": " + known.error().message);
      continue;
    }
    if (!*known)
      continue;
    VARVE_TRY(put_tenant(**known, uri, &identity.archive, where, changes, made));
    auto record =
        std::find_if(known_tenants.begin(), known_tenants.end(), [&](auto& x) { return x.tenant == tenant; });
    if (record != known_tenants.end())
      continue;
    bool archiving = (*known)->state.commit.record.round.status != round_status::stop;
    changes.put(tenant_record{tenant, "t" + to_string(tenant), archiving});
  }
  return into.apply(changes, durability::synced);
}

} // namespace varve
