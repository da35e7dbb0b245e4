// The part of stream_buffer that the tenant's actors use: rounds, takeover, commits.
#include "actors/stream_buffer.hpp"
#include "actors/tenant_intake.hpp"
#include "engine/base/planted_bug.hpp"
#include "engine/policy/checkpoint_rule.hpp"

#include <algorithm>

namespace varve {

void stream_buffer::estimate(const stream_row& row) {
  std::lock_guard lock{mutex_};
  if (started_ || row.dropped)
    return;
  started_ = true;
  start_ = row.start_lsn;
  expected_ = row.position.next_lsn;
  begin_.set_archived(expected_);
  last_scn_ = row.position.last_scn;
  committed_ = row.position;
  // The SCN of its first entry is not known any more; that of its last one is no lower.
  if (row.position.next_lsn > row.start_lsn)
    start_scn_ = row.position.last_scn;
}

void stream_buffer::know(const stream_row& row, lsn accepted) {
  bool has_log = row.position.next_lsn > row.start_lsn; // in this round: it must go on where that ends
  if (has_log)
    estimate({row.stream, row.start_lsn, row.position, false});
  std::lock_guard lock{mutex_};
  accepted_ = std::max(accepted_, accepted);
  if (has_log)
    return;
  begin_.set_archived(row.position.next_lsn);
  last_scn_ = row.position.last_scn;
}

void stream_buffer::outdate_advance() {
  std::lock_guard lock{mutex_};
  begin_.outdate();
}

void stream_buffer::begin_round() {
  std::lock_guard lock{mutex_};
  // Where its log only was to begin, nothing is archived.
  if (started_ && committed_.next_lsn > start_)
    begin_.archive(committed_.next_lsn);
  begin_.next_round();
  started_ = false;
  opened_ = attached_;
  start_scn_ = 0;
  if (compare_state_ == compare_state::loading)
    forget_compare(); // who was to read it may have ended with the last round
  begin_where_said();
}

/// What the host has said when it opened the stream. That log below is gone does not begin it: more may go
/// before the round begins.
void stream_buffer::begin_where_said() {
  if (attached_ && !pulled_ && begin_.asked())
    begin_at(*begin_.asked());
}

/// Open, and no log of it in this round yet. One that is to be dropped still counts until all its log is
/// there, which may have been given up with the round before.
bool stream_buffer::quiet() const {
  return opened_ && !started_ && !(drop_at_ && begin_.archived() >= *drop_at_);
}

void stream_buffer::go_on() {
  std::lock_guard lock{mutex_};
  if (quiet() && round_advance() > 0 && (begin_.archived() > 0 || begin_.oldest_left()))
    begin_at(begin_.archived());
}

namespace {

/// Entries of one block, on their way into another.
struct entry_run {
  block_header header;
  bytes body;
  scn end_scn = scn_max;

  void add(const log_entry& entry) {
    if (header.entries == 0) {
      header.first_lsn = entry.lsn;
      header.first_scn = header.last_scn = entry.scn;
    }
    std::byte head[format::entry_head_bytes_max];
    append(body, {head, store_entry_head(head, entry, header.last_scn)});
    append(body, entry.payload);
    header.next_lsn = entry.next_lsn;
    header.last_scn = entry.scn;
    header.input_bytes += entry.payload.size();
    ++header.entries;
  }
};

} // namespace

/// Appends to `into` the entries of `block` from `from` on, as blocks that cross no border; as it is, if that
/// is what it is. It is empty afterwards if it was replaced. False: no entry starts at `from`, or there is no
/// memory for the parts, which have slabs of their own.
bool stream_buffer::recut(const cut_block_ptr& block, lsn from, std::deque<cut_block_ptr>& into) {
  auto& old = block->header;
  if (from <= old.first_lsn) {
    block->end_scn = tenant_.grid().end_of_cell(old.first_scn);
    if (old.last_scn < block->end_scn) {
      into.push_back(block);
      return true;
    }
  }
  auto raw = block->raw_body();
  if (!raw)
    return false;
  std::vector<entry_run> runs;
  for (entry_cursor at{old, *raw}; at.next();) {
    auto& entry = at.entry();
    VARVE_PLANT(recut_loses_an_entry, if (entry.lsn == from) continue);
    if (entry.lsn < from)
      continue;
    if (runs.empty() && from > old.first_lsn && entry.lsn != from)
      return false;
    if (runs.empty() || entry.scn >= runs.back().end_scn) {
      auto& run = runs.emplace_back();
      run.header.tenant = old.tenant;
      run.header.stream = old.stream;
      run.end_scn = tenant_.grid().end_of_cell(entry.scn);
    }
    runs.back().add(entry);
  }
  if (runs.empty())
    return false;
  block->release(); // its memory goes to those that replace it
  block->header.entries = 0;
  for (auto& run : runs) {
    run.header.raw_bytes = static_cast<std::uint32_t>(run.body.size());
    auto size = whole_slabs(format::block_header_bytes + run.body.size());
    if (!tenant_.budget().take_spare(tenant_.account(), size))
      return false;
    memory_charge charge{tenant_.budget(), tenant_.account()};
    charge.add(size);
    slab_chain chain{tenant_.budget().arena()};
    chain.reserve(size);
    chain.append(run.body);
    auto made = std::make_shared<cut_block>(std::move(chain), std::move(charge));
    made->header = run.header;
    made->end_scn = run.end_scn;
    into.push_back(std::move(made));
  }
  return true;
}

std::optional<lsn> stream_buffer::reconcile(const std::optional<stream_row>& row, bool new_round,
                                            bool begun) {
  std::lock_guard lock{mutex_};
  cut_locked(false);
  auto before = known_upto();
  auto archived = started_ ? std::max(start_, committed_.next_lsn) : begin_.archived();
  bool owes_log = std::max(before, accepted_) > archived;
  bool has_log = row && !new_round && row->position.next_lsn > row->start_lsn;
  bool takes_part = row && !new_round && !row->dropped;
  bool may_begin_anywhere = row && !new_round && !has_log && (!begun || row->dropped);
  bool anew = new_round || may_begin_anywhere;
  if (may_begin_anywhere && takes_part)
    opened_ = true; // by whoever had the tenant; the round waits for it
  // What only the catalog knew, perhaps of another round, begins nothing in this one; nor what earlier rounds
  // have. But what the host has said of this one stays, also where nobody is there to say it again.
  bool all_archived = row && in_flight_.empty() && !owes_log && accepted_ <= row->position.next_lsn;
  bool said = begin_.source_spoke(pulled_) || (begin_.asked() && (begun || !attached_)) || (begun && pulled_);
  if (anew && all_archived && !said) {
    if (started_ && new_round)
      opened_ = attached_; // it was open in the round before
    if (started_)
      begin_.ask_anew();
    started_ = false;
    start_scn_ = 0;
  }
  if (row && !started_) {
    begin_.archive(row->position.next_lsn);
    last_scn_ = std::max(last_scn_, row->position.last_scn);
    if (anew) {
      begin_where_said();
      return std::nullopt;
    }
    // One that was dropped in this round and is open again goes on where it ended.
    if (!row->dropped || attached_) {
      started_ = true;
      start_ = row->start_lsn;
      expected_ = row->position.next_lsn;
      if (has_log) // of its first entry it is not known
        start_scn_ = row->position.last_scn;
    }
    committed_ = row->position;
    accepted_ = std::max(accepted_, before);
    return std::nullopt;
  }
  // What the host says counts where the destination has never heard of the stream, or where its log in this
  // round begins at or after what is archived.
  bool spoken_for = takes_part && begun;
  bool as_said = !row || (!has_log && !spoken_for && row->position.next_lsn <= start_);
  // What the catalog said to be archived is, but in another round, or at another destination.
  if (as_said && started_ && committed_.next_lsn > start_) {
    start_ = committed_.next_lsn;
    begin_.set_archived(start_);
  }
  if (as_said && row)
    begin_.archive(row->position.next_lsn);
  auto expected = as_said ? start_ : row->position.next_lsn;
  if (!as_said) {
    bool begins_there = has_log && start_ == row->start_lsn;
    start_ = has_log ? row->start_lsn : row->position.next_lsn;
    begin_.set_archived(row->position.next_lsn);
    committed_ = row->position;
    if (has_log && (!begins_there || start_scn_ == 0))
      start_scn_ = row->position.last_scn; // of its first entry it is not known
  }
  // The round's log begins behind some that was accepted: no position of it may be taken to cover that.
  bool left_out = !as_said && owes_log && start_ > archived;
  // But where it is new and goes on where the one before ends, which has all from its own beginning on.
  bool nobody_has_it = left_out && !(new_round && row->start_lsn <= archived);
  VARVE_PLANT(left_out_taken_for_durable, nobody_has_it = false);
  if (nobody_has_it)
    tenant_.leave_out();
  // Nobody but the queue has these blocks yet. Those that replace others follow in the stream's order, so
  // where one is replaced all that come after it move behind it.
  auto held = std::exchange(in_flight_, {});
  bool fits = true, moved = false;
  for (auto& block : held) {
    auto first = in_flight_.size();
    auto next = block->header.next_lsn;
    if (fits && next > expected)
      fits = block->header.first_lsn <= expected && recut(block, expected, in_flight_);
    bool kept = first < in_flight_.size();
    if (kept) // perhaps only in part
      expected = in_flight_.back()->header.next_lsn;
    bool same = kept && in_flight_[first] == block;
    if (same && moved) {
      in_flight_[first] = block->replacement();
      same = false;
    }
    if (!same) {
      block->release();
      block->header.entries = 0;
      moved = moved || kept;
    }
    for (; !same && first < in_flight_.size(); ++first)
      tenant_.push(in_flight_[first]);
  }
  if (!started_)
    return std::nullopt;
  last_scn_ = in_flight_.empty() ? committed_.last_scn : in_flight_.back()->header.last_scn;
  // What the archive has already is of another round: this one begins with the first entry that is left.
  if (!as_said && !has_log)
    start_scn_ = in_flight_.empty() ? 0 : in_flight_.front()->header.first_scn;
  expected_ = expected;
  // What was said from further on, where the host meant to begin, counts once that has come, too.
  accepted_ = std::max(accepted_, before);
  if (fits && expected_ >= before && !left_out)
    return std::nullopt;
  return expected_;
}

/// The SCN at which its log can begin, as far as it was said in this round.
scn stream_buffer::round_advance() const {
  auto in_round = tenant_.round_advance(); // before it is counted: another thread may say more
  return begin_.advance_in_round(started_ ? start_ : 0, {tenant_.advances(), in_round});
}

std::uint64_t stream_buffer::open_since() const {
  std::lock_guard lock{mutex_};
  return open_since_;
}

std::uint64_t stream_buffer::open_bytes() const {
  std::lock_guard lock{mutex_};
  return chain_.capacity() + lease_.promised;
}

stream_standing stream_buffer::support(const stream_position* durable) const {
  std::lock_guard lock{mutex_};
  stream_standing s;
  s.quiet = quiet();
  // Where the log begins behind what its host has recycled, an SCN must come that says what the round lacks.
  bool behind_recycled = started_ && start_scn_ == 0 && begin_.leaves_out(start_);
  s.waits_for_start = (s.quiet && pulled_) || ((s.quiet || behind_recycled) && round_advance() == 0);
  s.started = started_;
  s.row = {id_, start_, committed_, false};
  if (s.quiet) {
    s.start_scn = round_advance();
    s.supports = std::max(last_scn_ == 0 ? 0 : last_scn_ - 1, promised_scn());
  }
  if (!started_)
    return s;
  s.start_scn = start_scn_ != 0 ? start_scn_ : round_advance();
  if (durable != nullptr && durable->next_lsn > committed_.next_lsn)
    s.row.position = *durable;
  auto position = s.row.position;
  s.pending = expected_ != position.next_lsn;
  stream_progress progress{position.last_scn, std::nullopt, promised_scn()};
  if (s.pending) {
    progress.first_pending_scn = open_.first_scn;
    for (auto& block : in_flight_)
      if (block->header.next_lsn > position.next_lsn) {
        progress.first_pending_scn = block->header.first_scn;
        break;
      }
    VARVE_PLANT(blocks_under_way_overlooked, progress.first_pending_scn = open_.first_scn);
  }
  s.supports = varve::stream_support(progress);
  s.dropped = drop_at_ && !s.pending && position.next_lsn >= *drop_at_;
  VARVE_PLANT(dropped_early, s.dropped = drop_at_.has_value());
  s.row.dropped = s.dropped;
  return s;
}

void stream_buffer::on_committed(const stream_position& position) {
  std::lock_guard lock{mutex_};
  if (position.next_lsn <= committed_.next_lsn)
    return;
  committed_ = position;
  while (!in_flight_.empty() && in_flight_.front()->header.next_lsn <= position.next_lsn)
    in_flight_.pop_front();
}

bool stream_buffer::opened() const {
  std::lock_guard lock{mutex_};
  auto durable = started_ ? committed_.next_lsn : begin_.archived();
  return opened_ && !(drop_at_ && durable >= *drop_at_);
}

lsn stream_buffer::give_up() {
  std::lock_guard lock{mutex_};
  in_flight_.clear(); // compressor and writer may still hold blocks: each goes with its last holder
  chain_.clear();
  charge_.set(0);
  open_ = block_header{};
  open_since_ = 0;
  tenant_.budget().release(tenant_.account(), lease_);
  begin_.give_up();
  VARVE_PLANT(given_up_not_asked_again, return expected_);
  if (started_) {
    expected_ = committed_.next_lsn;
    last_scn_ = committed_.last_scn;
  }
  ++room_generation_;
  room_.notify_all();
  return expected_;
}

bool stream_buffer::holds_beyond(lsn position) const {
  std::lock_guard lock{mutex_};
  return started_ && expected_ > position;
}

} // namespace varve
