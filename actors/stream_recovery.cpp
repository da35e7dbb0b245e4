// The part of stream_buffer that the tenant's actors use: rounds, takeover, commits.
#include "actors/stream_buffer.hpp"
#include "actors/tenant_intake.hpp"
#include "engine/policy/checkpoint_rule.hpp"

#include <algorithm>

namespace varve {

void stream_buffer::estimate(const stream_row& row) {
  std::lock_guard lock{mutex_};
  if (started_ || row.dropped)
    return;
  started_ = true;
  start_ = row.start_lsn;
  expected_ = known_from_ = row.position.next_lsn;
  last_scn_ = row.position.last_scn;
  committed_ = row.position;
}

void stream_buffer::begin_round() {
  std::lock_guard lock{mutex_};
  if (started_)
    known_from_ = std::max(known_from_, committed_.next_lsn);
  started_ = false;
  start_scn_ = 0;
  if (asked_start_ && attached_) {
    started_ = true;
    start_ = expected_ = std::max(*asked_start_, known_from_);
    committed_ = {start_, last_scn_};
  }
}

/// A block of the entries of `block` from `from` on; nullptr: no entry starts there.
static cut_block_ptr trimmed(const cut_block_ptr& block, lsn from, tenant_intake& tenant) {
  auto raw = block->raw_body();
  if (!raw)
    return nullptr;
  auto& old = block->header;
  block_header header;
  bytes kept;
  for (entry_cursor at{old, *raw}; at.next();) {
    auto& entry = at.entry();
    if (entry.lsn < from)
      continue;
    if (header.entries == 0) {
      if (entry.lsn != from)
        return nullptr;
      header = old;
      header.entries = 0;
      header.input_bytes = 0;
      header.first_lsn = entry.lsn;
      header.first_scn = header.last_scn = entry.scn;
    }
    std::byte head[format::entry_head_bytes_max];
    append(kept, {head, store_entry_head(head, entry, header.last_scn)});
    append(kept, entry.payload);
    header.last_scn = entry.scn;
    header.input_bytes += entry.payload.size();
    ++header.entries;
  }
  if (header.entries == 0)
    return nullptr;
  header.raw_bytes = static_cast<std::uint32_t>(kept.size());
  // It is smaller than the block it replaces, which gives its memory back below.
  block->release();
  memory_charge charge{tenant.budget(), tenant.account()};
  slab_chain chain{tenant.budget().arena()};
  chain.reserve(kept.size());
  charge.set(chain.capacity());
  chain.append(kept);
  auto made = std::make_shared<cut_block>(std::move(chain), std::move(charge));
  made->header = header;
  made->end_scn = block->end_scn;
  return made;
}

std::optional<lsn> stream_buffer::reconcile(const std::optional<stream_row>& row, bool new_round,
                                            std::deque<cut_block_ptr>& held) {
  std::lock_guard lock{mutex_};
  if (!row)
    return std::nullopt; // the destination has never heard of it: what the host says counts
  auto position = row->position;
  auto before = started_ ? expected_ : known_from_;
  if (!started_) {
    known_from_ = std::max(known_from_, position.next_lsn);
    last_scn_ = std::max(last_scn_, position.last_scn);
    if (new_round)
      return std::nullopt;
    if (!row->dropped) {
      started_ = true;
      start_ = row->start_lsn;
      expected_ = position.next_lsn;
    }
    committed_ = position;
    return std::nullopt;
  }
  if (new_round && position.next_lsn <= start_)
    return std::nullopt; // the round begins at or after it
  start_ = new_round ? position.next_lsn : row->start_lsn;
  known_from_ = committed_.next_lsn = position.next_lsn;
  committed_.last_scn = position.last_scn;
  auto expected = position.next_lsn;
  bool fits = true;
  std::deque<cut_block_ptr> kept;
  for (auto& block : held) {
    if (block->header.stream != id_) {
      kept.push_back(block);
      continue;
    }
    std::erase(in_flight_, block);
    cut_block_ptr use;
    if (!fits || block->header.next_lsn <= expected)
      use = nullptr;
    else if (block->header.first_lsn == expected)
      use = block;
    else if (block->header.first_lsn < expected) {
      use = trimmed(block, expected, tenant_);
      fits = use != nullptr;
    } else {
      fits = false;
    }
    if (!use)
      continue;
    expected = use->header.next_lsn;
    in_flight_.push_back(use);
    kept.push_back(use);
  }
  held = std::move(kept);
  expected_ = expected;
  last_scn_ = in_flight_.empty() ? position.last_scn : in_flight_.back()->header.last_scn;
  if (fits && expected_ >= before)
    return std::nullopt;
  return expected_;
}

std::uint64_t stream_buffer::open_since() const {
  std::lock_guard lock{mutex_};
  return open_since_;
}

std::uint64_t stream_buffer::open_bytes() const {
  std::lock_guard lock{mutex_};
  return chain_.capacity();
}

stream_standing stream_buffer::support(const stream_position* durable) const {
  std::lock_guard lock{mutex_};
  stream_standing s;
  s.waits_for_start = attached_ && !started_ && advance_ == 0 && tenant_.advanced() == 0;
  s.started = started_;
  s.row = {id_, start_, committed_, false};
  if (!started_)
    return s;
  s.start_scn = start_scn_ != 0 ? start_scn_ : std::max(advance_, tenant_.advanced());
  if (durable != nullptr && durable->next_lsn > committed_.next_lsn)
    s.row.position = *durable;
  auto position = s.row.position;
  s.pending = expected_ != position.next_lsn;
  stream_progress progress{position.last_scn, std::nullopt, std::max(advance_, tenant_.advanced())};
  if (s.pending) {
    progress.first_pending_scn = open_.first_scn;
    for (auto& block : in_flight_)
      if (block->header.next_lsn > position.next_lsn) {
        progress.first_pending_scn = block->header.first_scn;
        break;
      }
  }
  s.supports = varve::stream_support(progress);
  s.dropped = drop_at_ && !s.pending && position.next_lsn >= *drop_at_;
  s.row.dropped = s.dropped;
  return s;
}

void stream_buffer::on_committed(const stream_position& position) {
  std::lock_guard lock{mutex_};
  if (position.next_lsn < committed_.next_lsn)
    return;
  committed_ = position;
  while (!in_flight_.empty() && in_flight_.front()->header.next_lsn <= position.next_lsn)
    in_flight_.pop_front();
}

lsn stream_buffer::give_up() {
  std::lock_guard lock{mutex_};
  in_flight_.clear(); // compressor and writer may still hold blocks: each goes with its last holder
  chain_.clear();
  charge_.set(0);
  open_ = block_header{};
  open_since_ = 0;
  tenant_.budget().release(tenant_.account(), lease_);
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
