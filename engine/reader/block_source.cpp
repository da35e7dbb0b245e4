#include "engine/reader/block_source.hpp"

#include "engine/format/object_name.hpp"
#include "engine/reader/piece_choice.hpp"
#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {
template <class T>
std::size_t block_source::slots<T>::put(T value) {
  if (free.empty()) {
    values.push_back(std::move(value));
    return values.size() - 1;
  }
  auto at = free.back();
  free.pop_back();
  values[at] = std::move(value);
  return at;
}

template <class T>
T block_source::slots<T>::take(std::size_t at) {
  free.push_back(at);
  return std::exchange(values[at], T{});
}

block_source::block_source(destination& where, const piece_catalogue& catalogue, block_filter filter,
                           const random_id* archive)
    : where_(where), catalogue_(catalogue), filter_(filter), archive_(archive) {
  for (auto& x : catalogue_.damages)
    if (is_path_of<piece_list_name>(x.path))
      suspects_.push_back(x);
  for (auto& round : choose_pieces(catalogue_, filter_))
    begin_round(std::move(round));
}

/// Decides when the pieces of the round are read: the first of them at once, for it may take entries below
/// its start; the others hold nothing below theirs.
void block_source::begin_round(round_choice chosen) {
  auto& round = *chosen.round;
  auto* before = chosen.before;
  auto& state = rounds_[round.round.id];
  state.round = &round;
  state.whole_start = chosen.whole_start;
  state.whole_end = chosen.whole_end;
  for (auto i : chosen.pieces) {
    bool first = i == chosen.pieces.front();
    auto key = first ? merge_key{} : merge_key{catalogue_.pieces[i].bounds.start_scn, {}, 0};
    items_.push({key, item_kind::piece, i});
  }
  state.pieces = std::move(chosen.pieces);
  state.before_known = before ? !before->streams.empty() && before->round.id.value + 1 == round.round.id.value
                              : round.round.id.value == 1;
  if (state.whole_start && state.before_known)
    for (auto& row : round.streams)
      state.reached[row.stream] = log_begin(row, before ? find_row(before->streams, row.stream) : nullptr);
  if (state.pieces.empty() && state.whole_end)
    check_ends(state);
}

/// Loads the pieces of the round up to `upto` (in catalogue_.pieces), or all: behind damaged names the only
/// way to know where log is missing is to see what comes later.
status block_source::load_pieces(round_state& state, std::size_t upto) {
  bool damaged = false;
  while (state.loaded < state.pieces.size() && (damaged || state.pieces[state.loaded] <= upto)) {
    VARVE_TRY(load_piece(state, catalogue_.pieces[state.pieces[state.loaded]], damaged));
    ++state.loaded;
    if (state.loaded == state.pieces.size() && state.whole_end)
      check_ends(state);
  }
  return {};
}

status block_source::load_piece(round_state& state, const catalogued_piece& piece, bool& damaged) {
  VARVE_TRY_ASSIGN(auto files, read_piece_files(where_, catalogue_, piece, archive_));
  for (auto& x : files.damages) {
    if (x.lost_unknown)
      hidden_.push_back(x);
    if (is_path_of<piece_start_name>(x.path))
      continue;
    damaged = true;
    suspects_.push_back(x);
    if (!x.lost_unknown || is_path_of<segment_name>(x.path) || state.round->streams_proved)
      continue;
    // Nobody can tell where its log begins or ends: what comes after it may not be what follows.
    auto first = state.loaded == 0 ? merge_key{} : merge_key{piece.bounds.start_scn, {}, 0};
    if (filter_.stream)
      first.stream = *filter_.stream;
    items_.push({first, item_kind::block, blocks_.put({first, nullptr, {}, x})});
  }
  follow_streams(state, piece, files.segments);
  for (auto& segment : files.segments) {
    std::optional<merge_key> first;
    for (auto& range : segment.ranges) {
      merge_key key{range.first_scn, range.stream, range.first_lsn};
      if (filter_.touches(range) && (!first || key < *first))
        first = key;
    }
    if (!first)
      continue;
    segment_name name{catalogue_.tenant, piece.piece, segment.segment.epoch, segment.segment.number};
    items_.push({*first, item_kind::segment, segments_.put({name, std::move(segment)})});
  }
  return {};
}

/// Every range of a stream must begin where the ones before it end.
void block_source::follow_streams(round_state& state, const catalogued_piece& piece,
                                  const std::vector<indexed_segment>& segments) {
  std::vector<stream_range> ranges;
  for (auto& segment : segments)
    for (auto& range : segment.ranges)
      if (!filter_.stream || range.stream == *filter_.stream)
        ranges.push_back(range);
  std::sort(ranges.begin(), ranges.end(), [](auto& a, auto& b) {
    return std::pair(a.stream, a.first_lsn) < std::pair(b.stream, b.first_lsn);
  });
  for (auto& range : ranges) {
    auto [at, fresh] = state.reached.try_emplace(range.stream, stream_position{range.first_lsn, 0});
    auto& reached = at->second;
    if (range.first_lsn > reached.next_lsn)
      add_missing(piece_folder(catalogue_.tenant, piece.piece), 0,
                  fail(errc::bytes_missing, "no segment that a commit reaches has this log"),
                  {range.stream, reached.next_lsn, range.first_lsn, reached.last_scn, range.first_scn});
    if (range.next_lsn > reached.next_lsn)
      reached = {range.next_lsn, range.last_scn};
  }
}

void block_source::check_ends(const round_state& state) {
  for (auto& row : state.round->streams) {
    if (filter_.stream && row.stream != *filter_.stream)
      continue;
    auto at = state.reached.find(row.stream);
    bool seen = at != state.reached.end();
    if (!seen && (!state.before_known || row.position.last_scn < filter_.from_scn))
      continue;
    auto reached = seen ? at->second : stream_position{row.start_lsn, 0};
    if (reached.next_lsn >= row.position.next_lsn)
      continue;
    add_missing(
        tenant_folder(catalogue_.tenant), 0,
        fail(errc::bytes_missing, "no segment that a commit reaches has the end of this log"),
        {row.stream, reached.next_lsn, row.position.next_lsn, reached.last_scn, row.position.last_scn});
  }
}

void block_source::add_missing(const object_path& path, std::uint64_t offset, error why,
                               const stream_range& lost) {
  if (!filter_.touches(lost))
    return;
  block_demand x;
  x.key = {lost.first_scn, lost.stream, lost.first_lsn};
  x.broken = damage{path, offset, std::move(why), catalogue_.tenant, {lost}, false};
  if (x.broken->why.code == errc::bytes_missing)
    x.broken->why.code = code_of_loss(suspects_);
  for (auto& suspect : suspects_)
    x.broken->why.message += "; see " + suspect.path + ": " + suspect.why.message;
  auto key = x.key;
  items_.push({key, item_kind::block, blocks_.put(std::move(x))});
}

void block_source::load_segment(const waiting_segment& waiting) {
  auto path = std::make_shared<const object_path>(to_path(waiting.name));
  auto found = read_segment_blocks(where_, waiting.name, waiting.segment.segment, archive_);
  if (!found.ok()) {
    for (auto& range : waiting.segment.ranges)
      add_missing(*path, 0, found.error(), range);
    return;
  }
  for (auto& block : found->blocks) {
    if (!filter_.touches({block.stream, block.first_lsn, block.next_lsn, block.first_scn, block.last_scn}))
      continue;
    merge_key key{block.first_scn, block.stream, block.first_lsn};
    items_.push({key, item_kind::block, blocks_.put({key, path, block, std::nullopt})});
  }
  auto why = fail(errc::checksum_error, "the segment holds less than the index says");
  for (auto& x : found->damages)
    if (costs_log(x))
      why = x.why;
  for (auto& range : missing_ranges(waiting.segment, *found))
    add_missing(*path, found->data_end, why, range);
}

result<std::optional<block_demand>> block_source::next() {
  while (!items_.empty()) {
    auto top = items_.top();
    items_.pop();
    switch (top.kind) {
    case item_kind::piece:
      VARVE_TRY(load_pieces(rounds_[catalogue_.pieces[top.at].piece.round], top.at));
      break;
    case item_kind::segment:
      load_segment(segments_.take(top.at));
      break;
    case item_kind::block:
      return std::optional<block_demand>(blocks_.take(top.at));
    }
  }
  return std::optional<block_demand>();
}

} // namespace varve
