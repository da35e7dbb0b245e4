#include "tests/harness/archive_builder.hpp"

#include "engine/format/object_name.hpp"

#include <algorithm>
#include <stdexcept>

namespace varve::test {
namespace {

constexpr unix_ns build_time = 1'700'000'000 * one_second;

void must(const status& outcome) {
  if (!outcome.ok())
    throw std::runtime_error(outcome.error().to_string());
}

} // namespace

archive_builder::archive_builder(std::shared_ptr<destination> where, options options)
    : where_(std::move(where)), options_(options) {
  if (auto there = where_->size(to_path(format_name{})); !there.ok())
    must(where_->create(to_path(format_name{}), encode(archive_identity{options_.archive, build_time})));
  commit_.tenant = options_.tenant;
  take_over();
}

object_ref archive_builder::create(const object_path& path, const bytes& object, varve::epoch epoch,
                                   std::uint32_t number) {
  must(where_->create(path, object));
  return {epoch, number, digest_of(object)};
}

void archive_builder::publish(commit_record record) {
  record.seq = commit_seq{commit_.seq.value + 1};
  record.predecessor = commit_digest_;
  record.written_at = build_time + record.seq.value * one_second;
  auto object = encode(options_.archive, record);
  must(where_->create(to_path(commit_name{options_.tenant, record.seq}), object));
  commit_ = std::move(record);
  commit_digest_ = digest_of(object);
}

void archive_builder::take_over() {
  auto record = commit_;
  record.epoch = varve::epoch{commit_.seq.value + 1};
  record.writer[0] = static_cast<std::byte>(record.epoch.value);
  publish(record);

  // Everything as that commit says.
  round_ = commit_.round;
  round_counts_ = commit_.round_counts;
  next_piece_ = commit_.next_piece;
  frozen_ = commit_.frozen_pieces;
  piece_list_ = commit_.piece_list;
  piece_lists_ = 0;
  table_ = commit_.stream_table;
  changed_.clear();
  for (auto& row : commit_.stream_changes)
    changed_[row.stream] = true;
  streams_.clear();
  for (auto& [stream, row] : committed_rows_)
    streams_[stream] = {row, row.position.next_lsn, row.position.last_scn, std::nullopt, 0};
  written_ = committed();

  std::map<piece_key, piece_state> kept;
  for (auto& open : commit_.open_pieces) {
    auto& before = pieces_.at(open.piece);
    piece_state after{open.bounds, open.start, open.index, {}, before.indexed, 0, 0};
    for (auto& ref : open.segments) {
      auto at = std::find_if(before.segments.begin(), before.segments.end(),
                             [&](auto& x) { return x.ref.epoch == ref.epoch && x.ref.number == ref.number; });
      std::erase_if(at->blocks, [&](auto& x) { return x.offset + x.size > ref.valid_bytes; });
      after.segments.push_back({ref, std::move(at->blocks), nullptr});
    }
    kept.emplace(open.piece, std::move(after));
  }
  pieces_ = std::move(kept);
}

void archive_builder::begin_round(scn start_scn, duration_ns piece_interval) {
  round_ = {commit_.next_round, round_status::doing, start_scn, 0, piece_interval ? next_piece_ : piece_id{},
            piece_interval};
  round_counts_ = {};
}

void archive_builder::open_stream(stream_id stream, lsn start_lsn) {
  auto& x = streams_[stream];
  x.row.stream = stream;
  x.row.start_lsn = x.row.position.next_lsn = x.next_lsn = start_lsn;
  x.row.dropped = false;
  changed_[stream] = true;
}

piece_key archive_builder::piece_for(scn scn) {
  for (auto& [key, piece] : pieces_)
    if (key.round == round_.id && scn < piece.bounds.end_scn)
      return key;
  piece_key key{round_.id, {}};
  piece_bounds bounds{round_.start_scn, scn_max};
  if (auto interval = round_.piece_interval_ns) {
    if (!pieces_.empty() && pieces_.rbegin()->first.round == round_.id)
      bounds.start_scn = pieces_.rbegin()->second.bounds.end_scn;
    else if (!frozen_.empty() && frozen_.back().piece.round == round_.id)
      bounds.start_scn = frozen_.back().bounds.end_scn;
    auto past = scn > bounds.start_scn ? scn - bounds.start_scn : 0;
    bounds.end_scn = bounds.start_scn + (past / interval + 1) * interval;
    key.piece = next_piece_;
    next_piece_.value++;
  }
  piece_start start{options_.tenant, key, bounds, build_time};
  auto& piece = pieces_[key];
  piece.bounds = bounds;
  piece.start = create(to_path(piece_start_name{options_.tenant, key, commit_.epoch}),
                       encode(options_.archive, start), commit_.epoch, 0);
  return key;
}

void archive_builder::append(stream_id stream, lsn lsns, scn scn, std::string payload) {
  auto& x = streams_.at(stream);
  auto piece = piece_for(scn);
  if (x.block && x.block->piece != piece)
    cut(stream);
  if (!x.block) {
    x.block.emplace();
    x.block->piece = piece;
    auto& header = x.block->header;
    header.tenant = options_.tenant;
    header.stream = stream;
    header.first_lsn = x.next_lsn;
    header.first_scn = header.last_scn = scn;
  }
  auto& [key, header, raw] = *x.block;
  log_entry entry{x.next_lsn, x.next_lsn + lsns, scn, as_bytes(payload)};
  std::byte head[format::entry_head_bytes_max];
  varve::append(raw, {head, store_entry_head(head, entry, header.last_scn)});
  varve::append(raw, entry.payload);
  header.entries++;
  header.next_lsn = entry.next_lsn;
  header.last_scn = scn;
  header.input_bytes += payload.size();
  x.next_lsn = entry.next_lsn;
  x.last_scn = scn;
  written_.push_back({round_.id, stream, entry.lsn, entry.next_lsn, scn, std::move(payload)});
  if (raw.size() >= options_.block_bytes)
    cut(stream);
}

archive_builder::known_segment& archive_builder::growing(const piece_key& key) {
  auto& piece = pieces_.at(key);
  if (!piece.segments.empty() && piece.segments.back().file)
    return piece.segments.back();
  segment_ref ref{commit_.epoch, ++piece.segments_made, 0, false};
  segment_header header{options_.tenant, key, ref.epoch, ref.number};
  auto file = where_->open_segment(to_path(segment_name{options_.tenant, key, ref.epoch, ref.number}));
  if (!file.ok())
    throw std::runtime_error(file.error().to_string());
  auto encoded = encode_segment_header(options_.archive, header);
  bytes_view part = encoded;
  must((*file)->append({&part, 1}));
  return piece.segments.emplace_back(known_segment{ref, {}, std::move(*file)});
}

void archive_builder::cut(stream_id stream) {
  auto& x = streams_.at(stream);
  if (!x.block)
    return;
  auto& header = x.block->header;
  header.epoch = commit_.epoch;
  header.number = ++x.blocks;
  bytes encoded;
  must(packer_.pack(header, x.block->raw, options_.codec, encoded));
  auto& segment = growing(x.block->piece);
  segment.blocks.push_back(make_block_ref(header, encoded, segment.file->size()));
  bytes_view part = encoded;
  must(segment.file->append({&part, 1}));
  round_counts_ += {header.input_bytes, encoded.size(), header.entries};
  x.row.position = {header.next_lsn, header.last_scn};
  x.block.reset();
  if (segment.file->size() >= options_.segment_bytes)
    end_segment(segment, true);
}

void archive_builder::cut_all() {
  for (auto& [stream, x] : streams_)
    cut(stream);
}

void archive_builder::drop_stream(stream_id stream) {
  cut(stream);
  streams_.at(stream).row.dropped = true;
  changed_[stream] = true;
}

void archive_builder::end_segment(known_segment& x, bool footer) {
  if (footer) {
    auto encoded = encode_segment_footer(x.blocks, x.file->size());
    bytes_view part = encoded;
    must(x.file->append({&part, 1}));
  }
  must(x.file->sync());
  x.ref.valid_bytes = x.file->size();
  x.ref.has_footer = footer;
  x.file.reset();
}

void archive_builder::end_segments() {
  for (auto& [key, piece] : pieces_)
    for (auto& x : piece.segments)
      if (x.file)
        end_segment(x, true);
}

void archive_builder::abandon_segments() {
  for (auto& [key, piece] : pieces_)
    for (auto& x : piece.segments)
      if (x.file)
        end_segment(x, false);
}

indexed_segment archive_builder::summary(const known_segment& x) {
  std::map<stream_id, stream_range> ranges;
  indexed_segment made{x.ref, {}, {}};
  for (auto& b : x.blocks) {
    made.counts += {b.input_bytes, b.size, b.entries};
    auto& range =
        ranges.try_emplace(b.stream, stream_range{b.stream, b.first_lsn, 0, b.first_scn, 0}).first->second;
    range.next_lsn = b.next_lsn;
    range.last_scn = b.last_scn;
  }
  for (auto& [stream, range] : ranges)
    made.ranges.push_back(range);
  return made;
}

byte_counts archive_builder::counts_of(const piece_state& x) {
  auto counts = x.indexed;
  for (auto& segment : x.segments)
    counts += summary(segment).counts;
  return counts;
}

std::vector<stream_row> archive_builder::all_rows() const {
  std::vector<stream_row> rows;
  for (auto& [stream, x] : streams_)
    rows.push_back(x.row);
  return rows;
}

void archive_builder::write_indexes() {
  for (auto& [key, piece] : pieces_) {
    auto growing =
        std::find_if(piece.segments.begin(), piece.segments.end(), [](auto& x) { return x.file != nullptr; });
    if (growing == piece.segments.begin())
      continue;
    segment_index index{options_.tenant, key, piece.index, {}, all_rows()};
    for (auto x = piece.segments.begin(); x != growing; ++x) {
      index.segments.push_back(summary(*x));
      piece.indexed += index.segments.back().counts;
    }
    piece.segments.erase(piece.segments.begin(), growing);
    auto number = ++piece.indexes_made;
    piece.index = create(to_path(index_name{options_.tenant, key, commit_.epoch, number}),
                         encode(options_.archive, index), commit_.epoch, number);
    table_ = stream_table_ref{object_kind::segment_index, key, *piece.index};
    changed_.clear();
  }
}

void archive_builder::seal_oldest() {
  seal(pieces_.begin()->first);
}

void archive_builder::seal(const piece_key& key) {
  for (auto& [stream, x] : streams_)
    if (x.block && x.block->piece == key)
      cut(stream);
  auto& piece = pieces_.at(key);
  for (auto& x : piece.segments)
    if (x.file)
      end_segment(x, true);
  piece_seal made{
      options_.tenant,  key,         piece.bounds, build_time, build_time + one_second, round_.checkpoint_scn,
      counts_of(piece), piece.index, {},           all_rows()};
  for (auto& x : piece.segments)
    made.segments.push_back(summary(x));
  auto ref = create(to_path(seal_name{options_.tenant, key, commit_.epoch}), encode(options_.archive, made),
                    commit_.epoch, 0);
  table_ = stream_table_ref{object_kind::seal, key, ref};
  changed_.clear();
  frozen_.push_back({key, piece.bounds, ref});
  pieces_.erase(key);
  if (frozen_.size() <= options_.frozen_in_commit)
    return;
  piece_list list{options_.tenant, piece_list_, {frozen_.begin(), frozen_.end() - 1}};
  auto number = ++piece_lists_;
  piece_list_ = create(to_path(piece_list_name{options_.tenant, commit_.epoch, number}),
                       encode(options_.archive, list), commit_.epoch, number);
  frozen_.erase(frozen_.begin(), frozen_.end() - 1);
}

void archive_builder::commit(scn checkpoint) {
  auto record = commit_;
  round_.checkpoint_scn = std::max(round_.checkpoint_scn, checkpoint);
  record.round = round_;
  record.next_round = round_id{std::max(record.next_round.value, round_.id.value + 1)};
  record.next_piece = next_piece_;
  record.round_counts = round_counts_;
  record.stream_table = table_;
  record.stream_changes.clear();
  committed_rows_.clear();
  for (auto& [stream, x] : streams_) {
    committed_rows_[stream] = x.row;
    if (changed_.contains(stream))
      record.stream_changes.push_back(x.row);
    auto& limiting = record.limiting_stream;
    if (!x.row.dropped &&
        (!limiting || x.row.position.last_scn < streams_.at(*limiting).row.position.last_scn))
      limiting = stream;
  }
  record.open_pieces.clear();
  for (auto& [key, piece] : pieces_) {
    open_piece open{key, piece.bounds, piece.start, piece.index, {}, counts_of(piece)};
    for (auto& x : piece.segments) {
      if (x.file) {
        must(x.file->sync());
        x.ref.valid_bytes = x.file->synced_size();
      }
      open.segments.push_back(x.ref);
    }
    record.open_pieces.push_back(std::move(open));
  }
  record.frozen_pieces = frozen_;
  record.piece_list = piece_list_;
  publish(std::move(record));
}

void archive_builder::end_round(scn checkpoint) {
  cut_all();
  round_.checkpoint_scn = std::max(round_.checkpoint_scn, checkpoint);
  round_.status = round_status::stop;
  while (!pieces_.empty())
    seal_oldest();
  piece_id last = round_.piece_interval_ns && !frozen_.empty() ? frozen_.back().piece.piece : piece_id{};
  round_end end{options_.tenant,    round_,    round_counts_, last, build_time, {}, commit_.last_round_end,
                commit_.last_round, all_rows()};
  commit_.last_round_end = create(to_path(round_end_name{options_.tenant, round_.id, commit_.epoch}),
                                  encode(options_.archive, end), commit_.epoch, 0);
  commit_.last_round = round_.id;
  commit(checkpoint);
}

std::vector<model_entry> archive_builder::committed() const {
  std::vector<model_entry> entries;
  for (auto& x : written_) {
    auto row = committed_rows_.find(x.stream);
    bool old = x.round != round_.id;
    if (old || (row != committed_rows_.end() && x.next_lsn <= row->second.position.next_lsn))
      entries.push_back(x);
  }
  return entries;
}

std::vector<model_entry> archive_builder::merged() const {
  auto entries = committed();
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) {
    return std::tuple(a.scn, a.stream, a.lsn) < std::tuple(b.scn, b.stream, b.lsn);
  });
  return entries;
}

} // namespace varve::test
