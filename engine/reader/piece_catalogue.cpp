#include "engine/reader/piece_catalogue.hpp"

#include "engine/format/object_name.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace varve {
namespace {

std::string commit_text(const commit_record& x) {
  return "commit " + to_string(x.seq);
}

/// The newest open piece is ACTIVE until the checkpoint has passed its end.
void add_open_pieces(piece_catalogue& x) {
  auto& record = x.state.commit.record;
  for (std::size_t i = 0; i < record.open_pieces.size(); ++i) {
    auto& open = record.open_pieces[i];
    bool newest = i + 1 == record.open_pieces.size();
    bool active = newest && record.round.checkpoint_scn < open.bounds.end_scn;
    x.pieces.push_back(
        {open.piece, open.bounds, active ? piece_status::active : piece_status::freezing, std::nullopt, i});
  }
}

void add_frozen(piece_catalogue& x, const std::vector<frozen_piece>& pieces) {
  for (auto& piece : pieces)
    x.pieces.push_back({piece.piece, piece.bounds, piece_status::frozen, piece.seal, std::nullopt});
}

result<piece_list> read_list(destination& where, const piece_list_name& name, const varve::digest& expected,
                             const random_id* archive, std::string_view named_by) {
  auto path = to_path(name);
  VARVE_TRY_ASSIGN(auto object, read_referenced(where, path, expected, named_by));
  return decode_piece_list(object, archive, path);
}

void add_listed_pieces(destination& where, piece_catalogue& x, const random_id* archive) {
  auto& record = x.state.commit.record;
  auto next = record.piece_list;
  auto named_by = commit_text(x.state.commit.record);
  piece_key before =
      record.frozen_pieces.empty() ? piece_key{round_id{lsn_max}, {}} : record.frozen_pieces[0].piece;
  while (next) {
    piece_list_name name{x.tenant, next->epoch, next->number};
    auto path = to_path(name);
    auto list = read_list(where, name, next->digest, archive, named_by);
    if (list.ok() && !list->pieces.empty() && list->pieces.back().piece >= before)
      list = fail(errc::checksum_error, path + " lists pieces that are not older than those after it");
    if (!list.ok()) {
      x.damages.push_back({path, 0, list.error(), x.tenant, {}, true});
      return;
    }
    x.list_objects.push_back(path);
    add_frozen(x, list->pieces);
    if (!list->pieces.empty())
      before = list->pieces.front().piece;
    next = list->previous;
    named_by = path;
  }
}

void add_current_round(piece_catalogue& x) {
  auto& record = x.state.commit.record;
  bool known = record.round.id.value == 0;
  for (auto& round : x.rounds)
    known = known || round.round.id == record.round.id;
  if (known)
    return;
  piece_id last_piece;
  for (auto& piece : x.pieces)
    if (piece.piece.round == record.round.id)
      last_piece = std::max(last_piece, piece.piece.piece);
  x.rounds.push_back(
      {record.round, record.round_counts, last_piece, 0, record.interruption, x.state.streams, true, {}});
}

/// The table of streams is lost: the current round's rows, from all of its segments and the round before.
void rebuild_rows(destination& where, piece_catalogue& x, const random_id* archive) {
  auto& current = x.rounds.back();
  std::map<stream_id, stream_row> rows;
  if (x.rounds.size() > 1)
    for (auto& row : x.rounds[x.rounds.size() - 2].streams)
      rows[row.stream] = row;
  std::set<stream_id> seen;
  for (auto& piece : x.pieces) {
    if (piece.piece.round != current.round.id)
      continue;
    auto files = read_piece_files(where, x, piece, archive);
    if (!files.ok())
      continue; // it is met again, and told, when the piece is read
    for (auto& segment : files->segments)
      for (auto& range : segment.ranges) {
        auto& row = rows[range.stream];
        if (seen.insert(range.stream).second)
          row = {range.stream, range.first_lsn, {range.next_lsn, 0}, false};
        row.start_lsn = std::min(row.start_lsn, range.first_lsn);
        row.position.next_lsn = std::max(row.position.next_lsn, range.next_lsn);
        row.position.last_scn = std::max(row.position.last_scn, range.last_scn);
      }
  }
  for (auto& row : x.state.commit.record.stream_changes) {
    auto& known = rows.try_emplace(row.stream, row).first->second;
    known.start_lsn = row.start_lsn;
    known.dropped = row.dropped;
  }
  x.state.streams.clear();
  for (auto& [stream, row] : rows)
    x.state.streams.push_back(row);
  current.streams = x.state.streams;
  current.streams_proved = false;
}

/// A round whose end object is lost: its last seal tells where it stood.
void add_round_from_seal(destination& where, piece_catalogue& x, round_id id, const random_id* archive) {
  catalogued_round round;
  round.round.id = id;
  round.streams_proved = false;
  const catalogued_piece* last = nullptr;
  for (auto& piece : x.pieces) {
    if (piece.piece.round != id)
      continue;
    if (round.round.start_scn == 0) {
      round.round.start_scn = piece.bounds.start_scn;
      round.round.start_piece = piece.piece.piece;
    }
    last = &piece;
  }
  if (last->seal) { // a round is missed where it has a piece
    auto path = to_path(seal_name{x.tenant, last->piece, last->seal->epoch});
    auto object = read_referenced(where, path, last->seal->digest, "a commit");
    auto seal = object.ok() ? decode_seal(*object, archive, path) : result<piece_seal>(object.error());
    if (seal.ok()) {
      round.round.checkpoint_scn = seal->checkpoint_scn;
      round.ended_at = seal->sealed_at;
      round.streams = std::move(seal->streams);
    }
    round.last_piece = last->piece.piece;
  }
  x.rounds.push_back(std::move(round));
}

} // namespace

std::vector<catalogued_round> read_round_ends(destination& where, tenant_id tenant,
                                              const commit_record& commit, commit_seq since,
                                              const random_id* archive, std::vector<damage>& damages) {
  std::vector<catalogued_round> ended;
  auto next = commit.last_round_end;
  auto round = commit.last_round;
  auto named_by = commit_text(commit);
  while (next) {
    auto path = to_path(round_end_name{tenant, round, next->epoch});
    auto object = read_referenced(where, path, next->digest, named_by);
    auto end = object.ok() ? decode_round_end(*object, archive, path) : result<round_end>(object.error());
    if (end.ok() && end->round.id != round) // the one before it is older: decode_round_end() sees to that
      end = fail(errc::checksum_error, path + " is about another round");
    if (!end.ok()) {
      damages.push_back({path, 0, end.error(), tenant, {}, false});
      break;
    }
    ended.push_back({end->round, end->counts, end->last_piece, end->ended_at, end->interruption,
                     std::move(end->streams), true, path, next->epoch});
    if (!may_have_ended_after(ended.back(), ended, since))
      break;
    next = end->previous;
    round = end->previous_round;
    named_by = path;
  }
  return ended;
}

bool may_have_ended_after(const catalogued_round& round, const std::vector<catalogued_round>& ended,
                          commit_seq since) {
  auto in_doubt = epoch{0};
  for (auto& each : ended)
    if (each.ended_in.value <= since.value)
      in_doubt = std::max(in_doubt, each.ended_in);
  return round.ended_in >= in_doubt;
}

result<std::optional<piece_catalogue>> read_piece_catalogue(destination& where, tenant_id tenant,
                                                            const commit_options& options) {
  VARVE_TRY_ASSIGN(auto state, read_readable_state(where, tenant, options));
  if (!state)
    return std::optional<piece_catalogue>();
  piece_catalogue x;
  x.tenant = tenant;
  x.state = std::move(*state);
  x.damages = x.state.damages;

  add_frozen(x, x.state.commit.record.frozen_pieces);
  add_listed_pieces(where, x, options.archive);
  add_open_pieces(x);
  std::sort(x.pieces.begin(), x.pieces.end(), [](auto& a, auto& b) { return a.piece < b.piece; });

  x.rounds = read_round_ends(where, tenant, x.state.commit.record, commit_seq{0}, options.archive, x.damages);
  add_current_round(x);
  std::vector<round_id> missing;
  for (auto& piece : x.pieces) {
    auto id = piece.piece.round;
    bool known = std::any_of(x.rounds.begin(), x.rounds.end(), [&](auto& r) { return r.round.id == id; });
    if (!known && (missing.empty() || missing.back() != id))
      missing.push_back(id);
  }
  for (auto id : missing)
    add_round_from_seal(where, x, id, options.archive);
  std::sort(x.rounds.begin(), x.rounds.end(),
            [](const catalogued_round& a, const catalogued_round& b) { return a.round.id < b.round.id; });
  bool running = !x.rounds.empty() && !x.rounds.back().end_object;
  if (running && !x.state.table_read)
    rebuild_rows(where, x, options.archive);
  return std::optional<piece_catalogue>(std::move(x));
}

} // namespace varve
