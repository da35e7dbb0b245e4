#include "engine/reader/block_pipeline.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr std::uint64_t batch_bytes_max = 1 << 20; // stored bytes a thread claims at once
constexpr std::uint64_t gap_bytes_max = 32 << 10;  // read over rather than ask twice

std::uint64_t held_bytes(const decoded_block& x) {
  return x.raw.capacity() + x.entries.capacity() * sizeof(log_entry);
}

} // namespace

struct block_pipeline::reading {
  bytes stored;
  block_unpacker unpacker;
  bytes single;
};

block_pipeline::block_pipeline(destination& where, block_source& source, options options)
    : where_(where), options_(options), source_(source) {
  if (options_.threads == 1) {
    own_ = std::make_unique<reading>();
    return;
  }
  for (unsigned i = 0; i < options_.threads; ++i)
    threads_.emplace_back([this] { work(); });
}

block_pipeline::~block_pipeline() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (auto& x : threads_)
    x.join();
}

/// Decompressed, with its entries, and with what is in flight to get there.
std::uint64_t block_pipeline::cost_of(const block_demand& demand) {
  if (demand.broken)
    return 0;
  return demand.block.raw_bytes + demand.block.entries * sizeof(log_entry);
}

/// Without threads the one who takes reads, when nothing is left. There is room then for one block at least.
void block_pipeline::read_here() {
  {
    std::lock_guard lock(mutex_);
    if (!queue_.empty())
      return;
  }
  if (claim(batch_))
    read_batch(batch_, *own_);
}

result<std::unique_ptr<decoded_block>> block_pipeline::take() {
  if (own_)
    read_here();
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return queue_.empty() ? ended_ : queue_.front()->ready; });
  if (queue_.empty()) {
    if (failed_.code != errc::ok)
      return failed_;
    return std::unique_ptr<decoded_block>();
  }
  auto block = std::move(queue_.front()->block);
  queue_.pop_front();
  ahead_bytes_ -= block->cost_bytes;
  lock.unlock();
  room_.notify_one();
  return block;
}

void block_pipeline::recycle(std::unique_ptr<decoded_block> block) {
  auto held = held_bytes(*block);
  {
    std::lock_guard lock(mutex_);
    out_bytes_ -= block->cost_bytes;
    // A merge of many streams gives its blocks back nearly at once, to need as many soon after.
    auto spare_bytes_max = std::max(options_.read_ahead_bytes / 4, peak_bytes_ - out_bytes_);
    if (spare_bytes_ + held <= spare_bytes_max) {
      spare_bytes_ += held;
      spare_.push_back(std::move(block));
    }
  }
}

void block_pipeline::work() {
  reading own;
  std::vector<slot*> batch;
  while (claim(batch))
    read_batch(batch, own);
}

/// Takes the next blocks of the source, as many as make a good read and have room; false: no more.
bool block_pipeline::claim(std::vector<slot*>& batch) {
  batch.clear();
  std::uint64_t batch_bytes = 0;
  auto batch_limit = std::min(batch_bytes_max, options_.read_ahead_bytes / (2 * options_.threads) + 1);
  std::lock_guard claiming(source_mutex_);
  while (batch_bytes < batch_limit) {
    if (!pending_) {
      {
        std::lock_guard lock(mutex_);
        if (stop_ || ended_) // it ends within a claim, and that one returns
          return false;
      }
      auto next = source_.next();
      if (!next.ok() || !*next) {
        std::lock_guard lock(mutex_);
        if (!next.ok())
          failed_ = next.error();
        ended_ = true;
        arrived_.notify_all();
        return !batch.empty();
      }
      pending_ = std::move(**next);
    }
    auto cost = cost_of(*pending_);
    std::unique_lock lock(mutex_);
    auto has_room = [&] { return queue_.empty() || ahead_bytes_ + cost <= options_.read_ahead_bytes; };
    if (!batch.empty() && !has_room())
      return !stop_;
    room_.wait(lock, [&] { return stop_ || has_room(); });
    if (stop_)
      return false;
    auto fresh = std::make_unique<slot>();
    if (!spare_.empty()) {
      auto& spare = *(fresh->block = std::move(spare_.back()));
      spare_.pop_back();
      spare_bytes_ -= held_bytes(spare);
    } else {
      fresh->block = std::make_unique<decoded_block>();
    }
    batch_bytes += pending_->block.size;
    ahead_bytes_ += cost;
    out_bytes_ += cost;
    peak_bytes_ = std::max(peak_bytes_, out_bytes_);
    fresh->block->demand = std::move(*pending_);
    fresh->block->entries.clear();
    fresh->block->cost_bytes = cost;
    pending_.reset();
    batch.push_back(fresh.get());
    queue_.push_back(std::move(fresh));
  }
  return true;
}

/// Reads neighbours of one segment together; no two blocks of one overlap. A slot is the taker's as soon as
/// it is ready.
void block_pipeline::read_batch(std::vector<slot*>& batch, reading& own) {
  auto demand = [](slot* x) -> block_demand& { return x->block->demand; };
  auto broken = std::partition(batch.begin(), batch.end(), [&](slot* x) { return !demand(x).broken; });
  std::sort(batch.begin(), broken, [&](slot* a, slot* b) {
    auto &x = demand(a), &y = demand(b);
    return std::pair(x.segment.get(), x.block.offset) < std::pair(y.segment.get(), y.block.offset);
  });
  auto groups = std::span(batch.begin(), broken);
  while (!groups.empty()) {
    std::size_t n = 1;
    for (; n < groups.size(); ++n) {
      auto &before = demand(groups[n - 1]), &next = demand(groups[n]);
      auto end = before.block.offset + before.block.size;
      if (next.segment != before.segment || next.block.offset - end > gap_bytes_max)
        break;
    }
    read_group(groups.first(n), own);
    groups = groups.subspan(n);
  }
  {
    std::lock_guard lock(mutex_);
    for (auto* x : batch)
      x->ready = true;
  }
  arrived_.notify_one();
}

void block_pipeline::read_group(std::span<slot*> group, reading& own) {
  auto& first = group.front()->block->demand;
  auto& last = group.back()->block->demand;
  auto size = static_cast<std::size_t>(last.block.offset + last.block.size - first.block.offset);
  if (own.stored.size() < size)
    own.stored.resize(size);
  auto read = read_exactly(where_, *first.segment, first.block.offset, mutable_bytes(own.stored).first(size));
  for (auto* x : group) {
    auto& block = *x->block;
    auto& ref = block.demand.block;
    auto length = static_cast<std::size_t>(ref.size);
    if (read.ok()) {
      auto at = static_cast<std::size_t>(ref.offset - first.block.offset);
      decode(block, bytes_view(own.stored).subspan(at, length), own);
      continue;
    }
    own.single.resize(length); // one by one, to tell the good ones from the lost
    auto alone = read_exactly(where_, *block.demand.segment, ref.offset, own.single);
    if (alone.ok())
      decode(block, own.single, own);
    else
      block.demand.broken =
          damage{*block.demand.segment, ref.offset, alone.error(), options_.tenant, {}, false};
    if (block.demand.broken)
      block.demand.broken->lost = {{ref.stream, ref.first_lsn, ref.next_lsn, ref.first_scn, ref.last_scn}};
  }
}

void block_pipeline::decode(decoded_block& block, bytes_view stored, reading& own) {
  auto& path = *block.demand.segment;
  auto& ref = block.demand.block;
  auto header = open_block(ref, stored, options_.tenant, path, own.unpacker, block.raw);
  status outcome = header.ok() ? collect_entries(*header, block.raw, path, ref.offset, block.entries)
                               : status(header.error());
  if (outcome.ok())
    return;
  block.entries.clear();
  stream_range lost{ref.stream, ref.first_lsn, ref.next_lsn, ref.first_scn, ref.last_scn};
  block.demand.broken = damage{path, ref.offset, outcome.error(), options_.tenant, {lost}, false};
}

} // namespace varve
