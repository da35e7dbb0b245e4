#include "actors/taken_state.hpp"

#include "actors/round_records.hpp"
#include "engine/base/planted_bug.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {
namespace {

/// Damage that costs no log keeps nobody from archiving on.
bool does_without(errc code) {
  return code == errc::bytes_missing || code == errc::checksum_error;
}

struct reading {
  destination& where;
  tenant_id tenant;
  const random_id& archive;
  const std::string& uri;
  taken_state taken;
  std::vector<catalogued_round> ended; // ascending, as far as they are wanted

  const commit_record& record() const { return taken.state.commit.record; }

  /// nullopt: it is damaged, or not there.
  result<std::optional<bytes>> object(const object_path& path, const varve::digest& digest) {
    auto read = read_referenced(where, path, digest, "commit " + to_string(record().seq));
    if (read.ok())
      return std::optional(std::move(*read));
    if (does_without(read.code()))
      return std::optional<bytes>();
    return read.error();
  }

  /// A writer goes on only with pieces of the round that it goes on with: a commit of ours has no others.
  status check_open_pieces() const {
    auto& round = record().round;
    for (auto& [open, recent] : taken.state.open_pieces)
      if (round.status == round_status::stop || open.piece.round != round.id)
        return fail(
            errc::checksum_error,
            "commit " + to_string(record().seq) + " of tenant " + to_string(tenant) + " at " + uri +
                " has an open piece of round " + to_string(open.piece.round) + ", which is over",
            "no engine writes such a commit: verify the destination; to archive on, NOARCHIVELOG, then "
            "ARCHIVELOG, begin a new round");
    return {};
  }

  status read_open_pieces() {
    for (auto& [open, recent] : taken.state.open_pieces) {
      auto path = to_path(piece_start_name{tenant, open.piece, open.start.epoch});
      VARVE_TRY_ASSIGN(auto content, object(path, open.start.digest));
      auto& at = taken.made_at[open.piece];
      if (!content)
        continue;
      if (auto start = decode_piece_start(*content, &archive, path); start.ok())
        at = start->created_at;
    }
    return {};
  }

  /// The ends of rounds that the catalog may have missed, and the one before these. Gives the first of them,
  /// or the running round.
  result<round_id> read_ended_rounds(const catalog_standing& known) {
    std::vector<damage> damages;
    ended = read_round_ends(where, tenant, record(), known.seq, &archive, damages);
    for (auto& found : damages)
      if (!does_without(found.why.code))
        return found.why;
    std::ranges::reverse(ended);
    for (auto& round : ended)
      if (round.round.id.value + 1 == record().round.id.value &&
          !holds_a_break(round.streams, round.interruption))
        taken.before = round.streams;
    for (auto& round : ended)
      if (round.round.id >= known.begun && may_have_ended_after(round, ended, known.seq))
        return round.round.id;
    return record().round.id;
  }

  std::optional<piece_id> start_piece_of(round_id round) const {
    if (round == record().round.id)
      return record().round.start_piece;
    for (auto& each : ended)
      if (each.round.id == round)
        return each.round.start_piece;
    return std::nullopt;
  }

  status add_missed_pieces(round_id from) {
    for (auto& each : record().frozen_pieces) {
      auto start_piece = start_piece_of(each.piece.round);
      if (each.piece.round < from || !start_piece) // from there on every end was read
        continue;
      auto path = to_path(seal_name{tenant, each.piece, each.seal.epoch});
      VARVE_TRY_ASSIGN(auto content, object(path, each.seal.digest));
      if (!content)
        continue;
      auto seal = decode_seal(*content, &archive, path);
      if (!seal.ok())
        continue;
      piece_record row;
      row.tenant = tenant;
      row.piece = each.piece;
      row.bounds = each.bounds;
      row.created_at = seal->created_at;
      row.checkpoint_scn = std::min(seal->checkpoint_scn, each.bounds.end_scn);
      row.status = piece_status::frozen;
      row.start_piece = *start_piece;
      row.counts = seal->counts;
      row.destination = uri;
      taken.missed.put(row);
      taken.newest_piece = std::max(taken.newest_piece, each.piece.piece);
    }
    return {};
  }
};

} // namespace

result<std::optional<taken_state>> read_taken_state(destination& where, tenant_id tenant,
                                                    const random_id& archive, const std::string& uri,
                                                    const catalog_standing& known) {
  VARVE_TRY_ASSIGN(auto found, read_committed_state(where, tenant, &archive));
  if (!found)
    return std::optional<taken_state>();
  reading r{where, tenant, archive, uri, {}, {}};
  r.taken.state = std::move(*found);
  VARVE_TRY(r.check_open_pieces());
  VARVE_TRY(r.read_open_pieces());
  VARVE_TRY_ASSIGN(auto from, r.read_ended_rounds(known));
  bool behind = known.seq.value + 1 < r.record().seq.value; // the last one is the takeover's
  VARVE_PLANT(catalog_not_caught_up, behind = false);
  if (behind) {
    VARVE_TRY(r.add_missed_pieces(from));
    put_rounds(tenant, r.ended, from, uri, r.taken.missed);
  }
  return std::optional(std::move(r.taken));
}

} // namespace varve
