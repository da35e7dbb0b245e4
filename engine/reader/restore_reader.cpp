#include "engine/reader/restore_reader.hpp"

#include "engine/reader/block_pipeline.hpp"

#include <algorithm>
#include <unordered_map>

namespace varve {
namespace {

class merging_reader final : public restore_reader {
public:
  merging_reader(std::shared_ptr<destination> where, std::optional<random_id> archive,
                 piece_catalogue catalogue, restore_preview preview, const restore_options& options)
      : where_(std::move(where)), archive_(archive), catalogue_(std::move(catalogue)),
        preview_(std::move(preview)),
        source_(*where_, catalogue_, preview_.filter, archive_ ? &*archive_ : nullptr),
        pipeline_(*where_, source_, {options.tenant, threads(options.threads), options.read_ahead_bytes}) {}

  const restore_preview& preview() const override { return preview_; }
  result<std::optional<restored_batch>> next() override;
  std::vector<std::pair<stream_id, stream_position>> positions() const override;

private:
  /// A block with what is left to give of it; nothing left and broken set: the damage is due.
  struct part {
    std::unique_ptr<decoded_block> block;
    std::size_t begin = 0, end = 0;
  };
  /// One stream of the merge.
  struct lane {
    stream_id stream;
    std::deque<part> parts; ///< in LSN order; each has entries left, or is broken
    bool started = false;   ///< entries were taken in
    stream_position taken;  ///< up to the last entry of the last part
    stream_position given;
  };
  struct head {
    varve::scn scn;
    stream_id stream;
    lane* from;
    friend bool operator>(const head& a, const head& b) {
      return a.scn != b.scn ? a.scn > b.scn : a.stream > b.stream;
    }
  };

  static unsigned threads(unsigned wanted) {
    return wanted ? wanted : std::max(1u, std::thread::hardware_concurrency());
  }
  static varve::scn scn_of(const part& x) {
    return x.begin < x.end ? x.block->entries[x.begin].scn : x.block->demand.key.scn;
  }

  status fetch();
  status take_in_due();
  void take_in(std::unique_ptr<decoded_block> block);
  void trim(lane& to, part& x);
  void release_given();
  result<std::optional<restored_batch>> finish();
  error stop(error why);
  error stop_at(const damage& found);

  // Constant after construction; the source reads the catalogue, the pipeline the source.
  std::shared_ptr<destination> where_;
  std::optional<random_id> archive_;
  piece_catalogue catalogue_;
  restore_preview preview_;
  block_source source_;

  std::unordered_map<stream_id, lane> lanes_;
  std::priority_queue<head, std::vector<head>, std::greater<>> heads_; ///< lanes with parts
  std::unique_ptr<decoded_block> ahead_; ///< came and is not due yet; nullptr: none left, once fetched_
  bool fetched_ = false;
  std::unique_ptr<decoded_block> given_; ///< whose entries the caller looks at
  error failed_;

  block_pipeline pipeline_; ///< last: its threads stop before what they use goes away
};

status merging_reader::fetch() {
  VARVE_TRY_ASSIGN(ahead_, pipeline_.take());
  fetched_ = true;
  return {};
}

/// Takes in every block that may hold the next entry in order.
status merging_reader::take_in_due() {
  if (!fetched_)
    VARVE_TRY(fetch());
  while (ahead_) {
    auto& key = ahead_->demand.key;
    if (!heads_.empty() && head{key.scn, key.stream, nullptr} > heads_.top())
      return {};
    take_in(std::move(ahead_));
    VARVE_TRY(fetch());
  }
  return {};
}

void merging_reader::take_in(std::unique_ptr<decoded_block> block) {
  auto stream = block->demand.key.stream;
  auto& to = lanes_[stream];
  to.stream = stream;
  part x{std::move(block), 0, 0};
  trim(to, x);
  if (x.begin == x.end && !x.block->demand.broken)
    return pipeline_.recycle(std::move(x.block));
  if (x.begin < x.end) {
    auto& last = x.block->entries[x.end - 1];
    to.started = true;
    to.taken = {last.next_lsn, last.scn};
  }
  to.parts.push_back(std::move(x));
  if (to.parts.size() == 1)
    heads_.push({scn_of(to.parts.front()), stream, &to});
}

/// Leaves what was asked for and not given before; what does not follow on the stream's log so far is damage.
void merging_reader::trim(lane& to, part& x) {
  auto& demand = x.block->demand;
  auto& filter = preview_.filter;
  if (demand.broken) {
    bool known = !demand.broken->lost.empty();
    if (known && to.started && demand.broken->lost.back().next_lsn <= to.taken.next_lsn)
      demand.broken.reset();
    return;
  }
  auto& entries = x.block->entries;
  auto from = std::max(filter.from_lsn, to.started ? to.taken.next_lsn : 0);
  auto begin = std::partition_point(entries.begin(), entries.end(),
                                    [&](auto& e) { return e.next_lsn <= from || e.scn < filter.from_scn; });
  auto end = std::partition_point(
      begin, entries.end(), [&](auto& e) { return e.lsn < filter.to_lsn && e.scn <= filter.until_scn; });
  if (begin == end)
    return;
  if (to.started && begin->lsn != to.taken.next_lsn) {
    bool gap = begin->lsn > to.taken.next_lsn;
    auto why = gap ? fail(errc::bytes_missing, "no block that a commit reaches has the log before this one")
                   : fail(errc::checksum_error, "an entry starts within the one before it");
    auto lost_end = gap ? begin->lsn : begin->next_lsn;
    stream_range lost{to.stream, to.taken.next_lsn, lost_end, to.taken.last_scn, begin->scn};
    demand.broken = damage{*demand.segment, demand.block.offset, why, catalogue_.tenant, {lost}, false};
    demand.key.scn = to.taken.last_scn;
    return;
  }
  x.begin = static_cast<std::size_t>(begin - entries.begin());
  x.end = static_cast<std::size_t>(end - entries.begin());
}

void merging_reader::release_given() {
  if (given_)
    pipeline_.recycle(std::move(given_));
}

error merging_reader::stop(error why) {
  failed_ = std::move(why);
  return failed_;
}

/// With what may have been missing before already: damage of the newest segments hides what nothing else
/// names.
error merging_reader::stop_at(const damage& found) {
  auto why = to_error(found);
  for (auto& x : catalogue_.state.damages)
    if (x.lost_unknown)
      why.message += "; besides, " + describe(x);
  return stop(std::move(why));
}

result<std::optional<restored_batch>> merging_reader::next() {
  if (failed_.code != errc::ok)
    return failed_;
  release_given();
  if (auto taken = take_in_due(); !taken.ok())
    return stop(taken.error());
  if (heads_.empty())
    return finish();

  auto& from = *heads_.top().from;
  heads_.pop();
  auto& front = from.parts.front();
  if (front.begin == front.end)
    return stop_at(*front.block->demand.broken);

  // Up to the first entry that another stream's comes before.
  auto run = front.begin + 1;
  auto& entries = front.block->entries;
  std::optional<head> other;
  if (!heads_.empty())
    other = heads_.top();
  if (ahead_) {
    head next_block{ahead_->demand.key.scn, ahead_->demand.key.stream, nullptr};
    if (!other || *other > next_block)
      other = next_block;
  }
  auto before_other = [&](const log_entry& e) {
    return !other || !(head{e.scn, from.stream, nullptr} > *other);
  };
  if (before_other(entries[front.end - 1]))
    run = front.end;
  else
    while (before_other(entries[run])) // the last one is not
      ++run;

  restored_batch batch{from.stream,
                       std::span<const log_entry>(entries).subspan(front.begin, run - front.begin)};
  from.given = {batch.entries.back().next_lsn, batch.entries.back().scn};
  front.begin = run;
  if (front.begin == front.end) {
    given_ = std::move(front.block);
    from.parts.pop_front();
  }
  if (!from.parts.empty())
    heads_.push({scn_of(from.parts.front()), from.stream, &from});
  return std::optional<restored_batch>(batch);
}

/// Nothing is left that could be read; was that all?
result<std::optional<restored_batch>> merging_reader::finish() {
  if (source_.hidden().empty())
    return std::optional<restored_batch>();
  auto why = to_error(source_.hidden().front());
  why.message += "; everything readable was given, up to";
  auto reached = positions();
  for (auto& [stream, position] : reached)
    why.message += " LSN " + std::to_string(position.next_lsn) + " of stream " + to_string(stream) + ",";
  if (reached.empty())
    why.message += " nothing,";
  why.message += " what followed may be missing";
  return stop(std::move(why));
}

std::vector<std::pair<stream_id, stream_position>> merging_reader::positions() const {
  std::vector<std::pair<stream_id, stream_position>> all;
  for (auto& [stream, x] : lanes_)
    if (x.given.next_lsn > 0)
      all.emplace_back(stream, x.given);
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.first < b.first; });
  return all;
}

} // namespace

result<std::unique_ptr<restore_reader>> restore_reader::open(std::shared_ptr<destination> where,
                                                             restore_options options) {
  std::vector<std::string> notes;
  VARVE_TRY_ASSIGN(auto archive, identity_for_reading(*where, notes));
  VARVE_TRY_ASSIGN(auto catalogue, catalogue_for_reading(*where, options, archive ? &*archive : nullptr));
  VARVE_TRY_ASSIGN(auto preview, plan_restore(catalogue, options));
  VARVE_TRY(check_nothing_hidden(catalogue, preview, options));
  preview.notes.insert(preview.notes.begin(), notes.begin(), notes.end());
  return std::unique_ptr<restore_reader>(std::make_unique<merging_reader>(
      std::move(where), archive, std::move(catalogue), std::move(preview), options));
}

} // namespace varve
