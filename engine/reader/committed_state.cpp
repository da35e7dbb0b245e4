#include "engine/reader/committed_state.hpp"

#include "engine/format/object_name.hpp"
#include "engine/reader/segment_reader.hpp"

#include <map>

namespace varve {
namespace {

constexpr unsigned looks_max = 8;

struct resolved {
  committed_state state;
  error uncertain; // the first damage that leaves a position uncertain; errc::ok: none
};

/// A stream's row and the round it speaks of.
struct placed_row {
  stream_row row;
  round_id round;
};
using row_map = std::map<stream_id, placed_row>;

result<std::vector<stream_row>> read_table(destination& where, const commit_record& commit,
                                           const random_id* archive, object_path& path) {
  auto& table = *commit.stream_table;
  bool is_seal = table.kind == object_kind::seal;
  path = is_seal ? to_path(seal_name{commit.tenant, table.piece, table.object.epoch})
                 : to_path(index_name{commit.tenant, table.piece, table.object.epoch, table.object.number});
  VARVE_TRY_ASSIGN(auto object,
                   read_referenced(where, path, table.object.digest, "commit " + to_string(commit.seq)));
  if (is_seal) {
    VARVE_TRY_ASSIGN(auto seal, decode_seal(object, archive, path));
    return std::move(seal.streams);
  }
  VARVE_TRY_ASSIGN(auto index, decode_segment_index(object, archive, path));
  return std::move(index.streams);
}

void move_forward(row_map& rows, round_id round, const stream_range& range) {
  auto [at, fresh] = rows.try_emplace(range.stream);
  auto& [row, row_round] = at->second;
  if (fresh) {
    row = {range.stream, range.first_lsn, {range.first_lsn, 0}, false};
    row_round = round;
  }
  if (round < row_round || range.next_lsn <= row.position.next_lsn)
    return;
  row.position = {range.next_lsn, range.last_scn};
}

resolved resolve(destination& where, found_commit commit, const random_id* archive) {
  resolved x;
  auto& state = x.state;
  state.commit = std::move(commit);
  auto& record = state.commit.record;
  auto note = [&](damage found, bool uncertain) {
    if (uncertain && x.uncertain.code == errc::ok)
      x.uncertain = to_error(found);
    state.damages.push_back(std::move(found));
  };

  row_map rows;
  if (record.stream_table) {
    object_path path;
    auto table = read_table(where, record, archive, path);
    if (table.ok())
      for (auto& row : *table)
        rows[row.stream] = {row, record.stream_table->piece.round};
    else
      note({path, 0, table.error(), record.tenant, {}, false}, true);
    state.table_read = table.ok();
  }
  for (auto& row : record.stream_changes)
    rows[row.stream] = {row, record.round.id};

  for (auto& piece : record.open_pieces) {
    auto& known = state.open_pieces.emplace_back(committed_piece{piece, {}});
    for (auto& segment : piece.segments) {
      segment_name name{record.tenant, piece.piece, segment.epoch, segment.number};
      auto blocks = read_segment_blocks(where, name, segment, archive);
      if (!blocks.ok()) {
        known.recent.push_back({segment, {}, {}});
        note({to_path(name), 0, blocks.error(), record.tenant, {}, true}, true);
        continue;
      }
      for (auto& found : blocks->damages)
        note(found, costs_log(found));
      known.recent.push_back(index_segment(segment, blocks->blocks));
      for (auto& range : known.recent.back().ranges)
        move_forward(rows, piece.piece.round, range);
    }
  }
  for (auto& [stream, placed] : rows)
    state.streams.push_back(placed.row);
  return x;
}

bool something_vanished(const committed_state& state) {
  for (auto& x : state.damages)
    if (x.why.code == errc::bytes_missing)
      return true;
  return false;
}

result<std::optional<resolved>> read_and_resolve(destination& where, tenant_id tenant,
                                                 const commit_options& options) {
  VARVE_TRY_ASSIGN(auto commit, read_newest_commit(where, tenant, options));
  for (unsigned look = 1; commit; ++look) {
    auto seq = commit->record.seq;
    auto state = resolve(where, std::move(*commit), options.archive);
    if (look == looks_max || !something_vanished(state.state))
      return std::optional<resolved>(std::move(state));
    VARVE_TRY_ASSIGN(commit, read_newest_commit(where, tenant, options));
    if (!commit || commit->record.seq <= seq)
      return std::optional<resolved>(std::move(state));
  }
  return std::optional<resolved>();
}

} // namespace

result<std::optional<committed_state>> read_committed_state(destination& where, tenant_id tenant,
                                                            const random_id* archive) {
  VARVE_TRY_ASSIGN(auto found, read_and_resolve(where, tenant, {.archive = archive}));
  if (!found)
    return std::optional<committed_state>();
  if (found->uncertain.code != errc::ok)
    return found->uncertain;
  return std::optional<committed_state>(std::move(found->state));
}

result<committed_state> resolve_committed_state(destination& where, found_commit commit,
                                                const random_id* archive) {
  auto found = resolve(where, std::move(commit), archive);
  if (found.uncertain.code != errc::ok)
    return found.uncertain;
  return std::move(found.state);
}

result<std::optional<committed_state>> read_readable_state(destination& where, tenant_id tenant,
                                                           const commit_options& options) {
  VARVE_TRY_ASSIGN(auto found, read_and_resolve(where, tenant, options));
  if (!found)
    return std::optional<committed_state>();
  return std::optional<committed_state>(std::move(found->state));
}

} // namespace varve
