#include "actors/piece_ledger.hpp"

#include "engine/base/planted_bug.hpp"

#include <algorithm>
#include <cassert>
#include <functional>

namespace varve {
namespace {

// When a piece gets an index object: so that a commit, a takeover and a rebuild cost what is new.
constexpr std::size_t segments_per_index = 256;
constexpr std::size_t epochs_per_index = 64;
constexpr std::size_t stream_changes_per_index = 4096;

std::size_t epochs_in(const std::vector<indexed_segment>& segments) {
  std::set<epoch> found;
  for (auto& each : segments)
    found.insert(each.segment.epoch);
  return found.size();
}

} // namespace

byte_counts piece_ledger::piece::counts() const {
  auto sum = indexed;
  for (auto& each : ended)
    sum += each.counts;
  if (open)
    sum += open->counts;
  return sum;
}

void piece_ledger::adopt_nothing(const commit_record& first) {
  record_ = first;
}

void piece_ledger::adopt(const committed_state& state) {
  record_ = state.commit.record;
  pieces_.clear();
  streams_.clear();
  changed_streams_.clear();
  for (auto& row : state.streams)
    streams_[row.stream] = row;
  VARVE_PLANT(position_not_restored, for (auto& [id, row] : streams_) row.position = {});
  for (auto& row : record_.stream_changes)
    changed_streams_.insert(row.stream);
  last_end_ = 0;
  byte_counts open_counts;
  for (auto& each : state.open_pieces) {
    auto& of = pieces_[each.piece.piece];
    of.bounds = each.piece.bounds;
    of.start = each.piece.start;
    of.index = each.piece.index;
    of.ended = each.recent;
    VARVE_PLANT(abandoned_segments_forgotten, of.ended.clear());
    of.indexed = each.piece.counts;
    for (auto& recent : each.recent) {
      of.indexed.input_bytes -= std::min(of.indexed.input_bytes, recent.counts.input_bytes);
      of.indexed.output_bytes -= std::min(of.indexed.output_bytes, recent.counts.output_bytes);
      of.indexed.entries -= std::min(of.indexed.entries, recent.counts.entries);
    }
    open_counts += of.counts();
    last_end_ = std::max(last_end_, of.bounds.end_scn);
  }
  for (auto& each : record_.frozen_pieces)
    if (each.piece.round == record_.round.id)
      last_end_ = std::max(last_end_, each.bounds.end_scn);
  sealed_counts_ = record_.round_counts;
  sealed_counts_.input_bytes -= std::min(sealed_counts_.input_bytes, open_counts.input_bytes);
  sealed_counts_.output_bytes -= std::min(sealed_counts_.output_bytes, open_counts.output_bytes);
  sealed_counts_.entries -= std::min(sealed_counts_.entries, open_counts.entries);
}

void piece_ledger::piece_was_made(piece_key piece, unix_ns at) {
  pieces_.at(piece).created_at = at;
}

void piece_ledger::begin_round(std::uint64_t piece_interval_ns, round_id round_floor, piece_id piece_floor) {
  assert(pieces_.empty());
  VARVE_PLANT(round_id_reused, round_floor = {});
  record_.next_round = std::max(record_.next_round, round_floor);
  record_.next_piece = std::max(record_.next_piece, piece_floor);
  for (auto& [id, row] : streams_) {
    row.start_lsn = row.position.next_lsn;
    row.dropped = true;
    changed_streams_.insert(id);
  }
  auto& round = record_.round;
  round = archive_round{};
  round.id = record_.next_round;
  round.status = round_status::beginning;
  round.piece_interval_ns = piece_interval_ns;
  round.start_piece = piece_interval_ns == 0 ? piece_id{0} : record_.next_piece;
  record_.next_round = round_id{round.id.value + 1};
  record_.interruption.reset();
  record_.round_counts = sealed_counts_ = {};
  last_end_ = 0;
  round_end_made_ = false;
}

void piece_ledger::note_stream(const stream_row& row) {
  streams_[row.stream] = row;
  changed_streams_.insert(row.stream);
}

const stream_row* piece_ledger::stream(stream_id id) const {
  auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

void piece_ledger::absorb(const durable_report& report) {
  for (auto& made : report.made) {
    auto& of = pieces_[made.piece];
    of.bounds = made.bounds;
    of.start = made.start;
    of.created_at = made.created_at;
    last_end_ = std::max(last_end_, made.bounds.end_scn);
  }
  for (auto& [key, of] : pieces_)
    of.open.reset();
  for (auto& [key, segment] : report.ended)
    pieces_[key].ended.push_back(segment);
  for (auto& [key, segment] : report.open)
    pieces_[key].open = segment;
  for (auto& key : report.finished)
    pieces_[key].finished = true;
  for (auto& [id, position] : report.moved) {
    auto [row, fresh] = streams_.try_emplace(id, stream_row{id, 0, {}, false});
    if (fresh)
      changed_streams_.insert(id);
    row->second.position = position;
  }
  VARVE_PLANT(piece_id_reused, return count_round());
  record_.next_piece = std::max(record_.next_piece, report.next_piece);
  count_round();
}

void piece_ledger::count_round() {
  record_.round_counts = sealed_counts_;
  for (auto& [key, of] : pieces_)
    record_.round_counts += of.counts();
}

std::vector<stream_row> piece_ledger::rows() const {
  std::vector<stream_row> rows;
  rows.reserve(streams_.size());
  for (auto& [id, row] : streams_)
    rows.push_back(row);
  return rows;
}

void piece_ledger::table_is(object_kind kind, piece_key piece, const object_ref& object) {
  record_.stream_table = stream_table_ref{kind, piece, object};
  changed_streams_.clear();
}

std::optional<piece_ledger::object> piece_ledger::next_object(epoch current, scn checkpoint, bool round_over,
                                                              unix_ns now) {
  if (auto made = make_index(current))
    return made;
  if (auto made = make_seal(current, checkpoint, now))
    return made;
  if (auto made = make_piece_list(current))
    return made;
  if (round_over && pieces_.empty() && !round_end_made_)
    return make_round_end(current, now);
  return std::nullopt;
}

void piece_ledger::object_made() {
  std::exchange(when_made_, nullptr)();
}

std::optional<piece_ledger::object> piece_ledger::make_index(epoch current) {
  for (auto& [key, of] : pieces_) {
    bool many = of.ended.size() >= segments_per_index || epochs_in(of.ended) >= epochs_per_index ||
                (changed_streams_.size() >= stream_changes_per_index && key == pieces_.rbegin()->first);
    if (!many)
      continue;
    segment_index index{tenant_, key, of.index, of.ended, rows()};
    VARVE_PLANT(index_not_linked, index.previous.reset());
    auto number = of.indexes + 1;
    auto content = encode(archive_, index);
    object_ref ref{current, number, digest_of(content)};
    when_made_ = [this, key = key, ref, number] {
      auto& made = pieces_.at(key);
      for (auto& each : made.ended)
        made.indexed += each.counts;
      made.ended.clear();
      made.index = ref;
      made.indexes = number;
      table_is(object_kind::segment_index, key, ref);
    };
    return object{to_path(index_name{tenant_, key, current, number}), std::move(content)};
  }
  return std::nullopt;
}

/// Pieces are sealed in id order, once the committed checkpoint has passed their end.
std::optional<piece_ledger::object> piece_ledger::make_seal(epoch current, scn checkpoint, unix_ns now) {
  if (pieces_.empty())
    return std::nullopt;
  auto& [key, of] = *pieces_.begin();
  bool passed = checkpoint == scn_max || of.bounds.end_scn - 1 <= checkpoint;
  VARVE_PLANT(sealed_before_its_last_segment, if (passed) of.finished = true, of.open.reset());
  assert(!of.finished || !of.open); // the writer has said that it ended
  if (!of.finished || !passed)
    return std::nullopt;
  piece_seal seal{tenant_,     key,      of.bounds, of.created_at, now, record_.round.checkpoint_scn,
                  of.counts(), of.index, of.ended,  rows()};
  auto content = encode(archive_, seal);
  object_ref ref{current, 0, digest_of(content)};
  when_made_ = [this, key = key, ref] {
    auto& sealed = pieces_.at(key);
    record_.frozen_pieces.push_back({key, sealed.bounds, ref});
    sealed_counts_ += sealed.counts();
    VARVE_PLANT(sealed_counted_twice, sealed_counts_ += sealed.counts());
    sealed_.push_back({key, sealed.bounds, sealed.counts(), sealed.created_at, true, false});
    pieces_.erase(key);
    count_round();
    table_is(object_kind::seal, key, ref);
  };
  return object{to_path(seal_name{tenant_, key, current}), std::move(content)};
}

std::optional<piece_ledger::object> piece_ledger::make_piece_list(epoch current) {
  if (record_.frozen_pieces.size() <= frozen_in_commit)
    return std::nullopt;
  // Half of them at once, so that a list is written every few dozen pieces and not with each.
  auto middle = record_.frozen_pieces.begin() + frozen_in_commit / 2;
  piece_list list{tenant_, record_.piece_list, {record_.frozen_pieces.begin(), middle}};
  VARVE_PLANT(piece_lists_not_linked, list.previous.reset());
  auto content = encode(archive_, list);
  auto number = ++lists_;
  object_ref ref{current, number, digest_of(content)};
  when_made_ = [this, ref, count = list.pieces.size()] {
    record_.piece_list = ref;
    record_.frozen_pieces.erase(record_.frozen_pieces.begin(),
                                record_.frozen_pieces.begin() + static_cast<std::ptrdiff_t>(count));
  };
  return object{to_path(piece_list_name{tenant_, current, number}), std::move(content)};
}

std::optional<piece_ledger::object> piece_ledger::make_round_end(epoch current, unix_ns now) {
  round_end end;
  end.tenant = tenant_;
  end.round = record_.round;
  end.round.status = round_status::stop;
  end.counts = record_.round_counts;
  if (!record_.frozen_pieces.empty() && record_.frozen_pieces.back().piece.round == end.round.id)
    end.last_piece = record_.frozen_pieces.back().piece.piece;
  end.ended_at = now;
  end.interruption = record_.interruption;
  end.previous = record_.last_round_end;
  end.previous_round = record_.last_round;
  end.streams = rows();
  auto content = encode(archive_, end);
  object_ref ref{current, 0, digest_of(content)};
  when_made_ = [this, ref, round = end.round.id] {
    record_.last_round_end = ref;
    record_.last_round = round;
    record_.round.status = round_status::stop;
    round_end_made_ = true;
  };
  return object{to_path(round_end_name{tenant_, end.round.id, current}), std::move(content)};
}

commit_record piece_ledger::record(std::optional<stream_id> limiting) const {
  auto made = record_;
  made.limiting_stream = limiting;
  made.stream_changes.clear();
  for (auto id : changed_streams_)
    made.stream_changes.push_back(streams_.at(id));
  made.open_pieces.clear();
  for (auto& [key, of] : pieces_) {
    open_piece piece{key, of.bounds, of.start, of.index, {}, of.counts()};
    for (auto& each : of.ended)
      piece.segments.push_back(each.segment);
    if (of.open)
      piece.segments.push_back(of.open->segment);
    made.open_pieces.push_back(std::move(piece));
  }
  return made;
}

bool piece_ledger::wants_finish(scn checkpoint) const {
  return !pieces_.empty() && !pieces_.begin()->second.finished &&
         pieces_.begin()->second.bounds.end_scn - 1 <= checkpoint;
}

std::vector<scn> piece_ledger::open_ends() const {
  std::vector<scn> ends;
  for (auto& [key, of] : pieces_)
    ends.push_back(of.bounds.end_scn);
  return ends;
}

writer_start piece_ledger::start_of_writer(epoch current, std::uint64_t segment_bytes,
                                           std::uint64_t sync_bytes) const {
  writer_start start;
  start.archive = archive_;
  start.tenant = tenant_;
  start.epoch = current;
  start.round = record_.round.id;
  start.no_split = record_.round.piece_interval_ns == 0;
  start.next_piece = record_.next_piece;
  start.open_pieces = record(std::nullopt).open_pieces;
  start.last_end = last_end_;
  start.segment_bytes = segment_bytes;
  start.sync_bytes = sync_bytes;
  return start;
}

std::vector<piece_ledger::piece_row> piece_ledger::take_rows() {
  auto rows = std::exchange(sealed_, {});
  for (auto& [key, of] : pieces_)
    rows.push_back({key, of.bounds, of.counts(), of.created_at, false, key == pieces_.rbegin()->first});
  return rows;
}

} // namespace varve
