#include "actors/segment_writer.hpp"

#include "engine/base/planted_bug.hpp"

#include <algorithm>
#include <cassert>

namespace varve {
namespace {

/// One append: large enough that its system call is nothing, small enough that a sync does not wait long for
/// it.
constexpr std::uint64_t batch_bytes_max = 4 << 20;
constexpr std::size_t batch_parts_max = 900; // below IOV_MAX

} // namespace

segment_writer::segment_writer(writer_start start) : start_(std::move(start)) {
  for (auto& known : start_.open_pieces) {
    piece of;
    of.bounds = known.bounds;
    pieces_.emplace(known.piece, std::move(of));
  }
}

void segment_writer::add(cut_block_ptr block) {
  auto ticket = block->ticket;
  not_written_.insert(ticket);
  not_durable_.insert(ticket);
  if (ticket == arrived_ + 1) {
    ++arrived_;
    while (!arrived_early_.empty() && *arrived_early_.begin() == arrived_ + 1) {
      arrived_early_.erase(arrived_early_.begin());
      ++arrived_;
    }
  } else {
    arrived_early_.insert(ticket);
  }
  auto& order = order_[block->header.stream];
  VARVE_PLANT(blocks_in_order_of_arrival, return queue_.push_back(std::move(block)));
  if (block->header.number != order.next) {
    order.early.emplace(block->header.number, std::move(block));
    return;
  }
  queue_.push_back(std::move(block));
  for (++order.next; !order.early.empty() && order.early.begin()->first == order.next; ++order.next) {
    queue_.push_back(std::move(order.early.begin()->second));
    order.early.erase(order.early.begin());
  }
}

void segment_writer::want_durable(std::uint64_t ticket) {
  wanted_ticket_ = std::max(wanted_ticket_, ticket);
}

void segment_writer::rest() {
  for (auto& [key, of] : pieces_)
    of.resting = of.current != nullptr;
}

void segment_writer::finish(scn upto) {
  for (auto& [key, of] : pieces_)
    if (upto == scn_max || of.bounds.end_scn - 1 <= upto)
      of.finishing = true;
}

bool segment_writer::is_durable(std::uint64_t ticket) const {
  return arrived_ >= ticket && (not_durable_.empty() || *not_durable_.begin() > ticket);
}

bool segment_writer::finished() const {
  return std::none_of(pieces_.begin(), pieces_.end(), [](auto& x) { return x.second.finishing; });
}

bool segment_writer::pass_wanted() const {
  if (unsynced_.empty())
    return false;
  if (unsynced_bytes_ >= start_.sync_bytes)
    return true;
  if (want_memory_ && queue_.empty())
    return true;
  return wanted_ticket_ >= *not_durable_.begin() && arrived_ >= wanted_ticket_ &&
         (not_written_.empty() || *not_written_.begin() > wanted_ticket_);
}

/// Are there blocks in the queue that belong to this piece or an older one?
bool segment_writer::waits_for(const piece& of) const {
  VARVE_PLANT(finished_while_blocks_wait, return false);
  return std::any_of(queue_.begin(), queue_.end(),
                     [&](auto& block) { return block->header.first_scn < of.bounds.end_scn; });
}

/// Pieces that never got a segment of ours, or have ended theirs, are finished without further work. One that
/// is to begin yet has the block it was made for in the queue.
void segment_writer::collect_finished() {
  for (auto i = pieces_.begin(); i != pieces_.end();) {
    if (i->second.finishing && !i->second.current && !waits_for(i->second)) {
      report_.finished.push_back(i->first);
      i = pieces_.erase(i);
    } else {
      ++i;
    }
  }
}

/// A piece whose open segment must get its footer: the piece is finishing and nothing of it waits, or rests.
segment_writer::piece* segment_writer::piece_to_end() {
  for (auto& [key, of] : pieces_) {
    if (!of.current)
      continue;
    if (of.finishing ? !waits_for(of) : of.resting && quiet())
      return &of;
  }
  return nullptr;
}

writer_operation segment_writer::next(unix_ns now) {
  assert(running_ == running::nothing);
  if (broken_)
    return {};
  if (!useless_.empty()) {
    running_ = running::removing;
    return {writer_operation::remove{useless_.front()}};
  }
  if (!pass_.empty())
    return sync_next();
  if (pass_wanted()) {
    for (auto& [key, of] : pieces_)
      if (of.current && of.current->dirty())
        pass_.push_back(of.current);
    pass_all_ = pass_;
    return sync_next(); // there is one: what is not synced lies in a dirty segment
  }
  if (auto* of = piece_to_end())
    return append_footer(*of);
  collect_finished();
  if (queue_.empty())
    return {};
  auto* of = find_or_make_piece(*queue_.front(), now);
  if (of == nullptr)
    return {};
  auto key = std::find_if(pieces_.begin(), pieces_.end(), [&](auto& x) { return &x.second == of; })->first;
  if (!of->start_made)
    return start_piece(key, *of);
  if (!of->current)
    return open_segment(key, *of);
  auto size = queue_.front()->packed().size();
  bool holds_blocks = !of->current->blocks.empty();
  if (holds_blocks && !has_room(*of->current, size, 1))
    return append_footer(*of);
  return append_batch(key, *of);
}

segment_writer::piece* segment_writer::find_piece(const cut_block& block) {
  for (auto& [key, of] : pieces_)
    if (block.header.first_scn < of.bounds.end_scn)
      return block.header.last_scn < of.bounds.end_scn ? &of : nullptr;
  return nullptr;
}

/// The piece of a block, made if there is none. nullptr: broken().
segment_writer::piece* segment_writer::find_or_make_piece(const cut_block& block, unix_ns now) {
  if (auto* known = find_piece(block))
    return known;
  auto& header = block.header;
  bool inside = start_.last_end != 0 && header.first_scn < start_.last_end;
  if (inside || header.last_scn >= block.end_scn) {
    broken_ = fail(errc::invalid_status,
                   "tenant " + to_string(start_.tenant) + " stream " + to_string(header.stream) +
                       ": a block with SCN " + std::to_string(header.first_scn) + " to " +
                       std::to_string(header.last_scn) + " belongs to no open piece",
                   "this is a bug in Varve; the log is safe with the host, begin a new round");
    return nullptr;
  }
  auto key = piece_key{start_.round, start_.no_split ? piece_id{0} : start_.next_piece};
  if (!start_.no_split)
    start_.next_piece = piece_id{start_.next_piece.value + 1};
  piece made;
  made.bounds.start_scn = start_.last_end != 0 ? start_.last_end : header.first_scn;
  made.bounds.end_scn = start_.no_split ? scn_max : block.end_scn;
  made.start_made = false;
  made.made = {key, made.bounds, {}, now};
  start_.last_end = made.bounds.end_scn;
  return &pieces_.emplace(key, std::move(made)).first->second;
}

writer_operation segment_writer::start_piece(piece_key key, piece& of) {
  running_ = running::start_object;
  running_piece_ = key;
  auto content = encode(start_.archive, piece_start{start_.tenant, key, of.bounds, of.made.created_at});
  VARVE_PLANT(start_object_of_other_bounds, of.bounds.start_scn = of.made.bounds.start_scn = 1);
  of.made.start = {start_.epoch, 0, digest_of(content)};
  return {writer_operation::create{to_path(piece_start_name{start_.tenant, key, start_.epoch}),
                                   std::move(content)}};
}

writer_operation segment_writer::open_segment(piece_key key, piece& of) {
  running_ = running::opening;
  running_piece_ = key;
  auto made = std::make_shared<segment>();
  made->piece = key;
  made->ref.epoch = start_.epoch;
  made->ref.number = ++next_number_[key];
  of.current = made;
  return {writer_operation::open{to_path(segment_name{start_.tenant, key, start_.epoch, made->ref.number})}};
}

/// Is there room for so many more bytes in so many more blocks, and for the footer behind them? The footer
/// counts: a segment longer than the format allows is one that no reader takes, whoever has been told of it.
bool segment_writer::has_room(const segment& in, std::uint64_t more, std::size_t blocks) const {
  return in.size + more + segment_footer_bytes_max(in.blocks.size() + blocks) <= start_.segment_bytes;
}

writer_operation segment_writer::append_batch(piece_key key, piece& of) {
  running_ = running::appending;
  running_piece_ = key;
  auto& to = *of.current;
  writer_operation::append op{to.file, {}, nullptr, {}};
  bytes header;
  if (to.size == 0)
    header = encode_segment_header(start_.archive, {start_.tenant, key, to.ref.epoch, to.ref.number});
  op.prologue = prologue_ = std::make_shared<const bytes>(std::move(header));
  if (!prologue_->empty())
    op.parts.push_back(*prologue_);
  std::uint64_t size = prologue_->size();
  batch_ = 0;
  for (auto& block : queue_) {
    auto more = block->packed().size();
    bool fits = size + more <= batch_bytes_max && has_room(to, size + more, batch_ + 1) &&
                op.parts.size() < batch_parts_max;
    // A block of another piece may stand behind one of this piece.
    if (batch_ > 0 && (!fits || find_piece(*block) != &of))
      break;
    block->packed().views(op.parts);
    op.blocks.push_back(block);
    size += more;
    ++batch_;
  }
  return {std::move(op)};
}

writer_operation segment_writer::append_footer(piece& of) {
  running_ = running::footer;
  running_piece_ = of.current->piece;
  prologue_ = std::make_shared<const bytes>(encode_segment_footer(of.current->blocks, of.current->size));
  return {writer_operation::append{of.current->file, {*prologue_}, prologue_, {}}};
}

writer_operation segment_writer::sync_next() {
  running_ = running::syncing;
  return {writer_operation::sync{pass_.front()->file}};
}

void segment_writer::done(std::shared_ptr<segment_file> opened) {
  auto what = std::exchange(running_, running::nothing);
  auto of = pieces_.find(running_piece_);
  switch (what) {
  case running::nothing:
    break;
  case running::start_object:
    of->second.start_made = true;
    report_.made.push_back(of->second.made);
    break;
  case running::opening:
    of->second.current->file = std::move(opened);
    break;
  case running::appending: {
    auto& to = *of->second.current;
    to.size += prologue_->size();
    for (; batch_ > 0; --batch_) {
      auto block = std::move(queue_.front());
      queue_.pop_front();
      bytes encoded(format::block_header_bytes);
      store_block_header(block->header, encoded.data());
      to.blocks.push_back(make_block_ref(block->header, encoded, to.size));
      to.size += block->packed().size();
      stored_bytes_ += block->packed().size();
      unsynced_bytes_ += block->charged_bytes();
      not_written_.erase(block->ticket);
      VARVE_PLANT(released_when_written, block->release());
      VARVE_PLANT(commit_before_its_segment,
                  moved_[block->header.stream] = {block->header.next_lsn, block->header.last_scn});
      unsynced_.push_back(std::move(block));
    }
    break;
  }
  case running::footer: {
    auto& to = *of->second.current;
    to.size += prologue_->size();
    to.has_footer = true;
    VARVE_PLANT(footer_not_synced, return pass_done());
    // It counts when it is synced, and so must everything written before it.
    for (auto& [key, each] : pieces_)
      if (each.current && each.current->dirty())
        pass_.push_back(each.current);
    pass_all_ = pass_;
    break;
  }
  case running::removing:
    useless_.pop_front();
    break;
  case running::syncing:
    ++syncs_;
    pass_.erase(pass_.begin());
    if (pass_.empty())
      pass_done();
    break;
  }
}

void segment_writer::pass_done() {
  for (auto& each : pass_all_) {
    each->ref.valid_bytes = each->size;
    each->durable_blocks = each->blocks.size();
  }
  pass_all_.clear();
  for (auto& block : unsynced_) {
    not_durable_.erase(block->ticket);
    auto& position = moved_[block->header.stream];
    position = {block->header.next_lsn, block->header.last_scn};
    block->release();
  }
  unsynced_.clear();
  unsynced_bytes_ = 0;
  want_memory_ = false;
  for (auto& [key, of] : pieces_)
    if (of.current && of.current->has_footer) {
      of.current->ref.has_footer = true;
      report_.ended.push_back({key, summary(*of.current, of.current->blocks.size())});
      of.current.reset();
      of.resting = false;
    }
}

void segment_writer::failed(const error& why) {
  auto what = std::exchange(running_, running::nothing);
  switch (what) {
  case running::nothing:
    break;
  case running::start_object:
    // There is an object of this name with other bytes, and only this writer may write it.
    if (why.code == errc::checksum_error)
      broken_ = why;
    break;
  case running::opening:
    pieces_.at(running_piece_).current.reset();
    break; // its number is not used again
  case running::appending:
  case running::footer:
    retire(pieces_.at(running_piece_));
    give_up_unsynced();
    break;
  case running::syncing:
    VARVE_PLANT(failed_sync_repeated, break);
    give_up_unsynced();
    break;
  case running::removing:
    useless_.pop_front(); // it stays, and nobody reads it
    break;
  }
}

/// Leaves every dirty segment at its durable length and puts what was in them back into the queue, in order.
void segment_writer::give_up_unsynced() {
  pass_.clear();
  pass_all_.clear();
  batch_ = 0;
  VARVE_PLANT(rewritten_in_another_order, std::reverse(unsynced_.begin(), unsynced_.end()));
  VARVE_PLANT(unsynced_given_up, for (auto& x : unsynced_) not_durable_.erase(x->ticket); unsynced_.clear());
  for (auto& block : unsynced_)
    not_written_.insert(block->ticket);
  queue_.insert(queue_.begin(), std::make_move_iterator(unsynced_.begin()),
                std::make_move_iterator(unsynced_.end()));
  unsynced_.clear();
  unsynced_bytes_ = 0;
  for (auto& [key, of] : pieces_)
    if (of.current && of.current->dirty())
      retire(of);
}

/// The current segment, left without a footer, counts up to its durable length; without any block it does not
/// exist.
void segment_writer::retire(piece& of) {
  VARVE_PLANT(abandoned_too_long, of.current->ref.valid_bytes = of.current->size);
  VARVE_PLANT(abandoned_segment_removed, of.current->durable_blocks = 0);
  if (of.current->durable_blocks > 0)
    report_.ended.push_back({of.current->piece, summary(*of.current, of.current->durable_blocks)});
  else
    useless_.push_back(to_path(
        segment_name{start_.tenant, of.current->piece, of.current->ref.epoch, of.current->ref.number}));
  of.current.reset();
  of.resting = false;
}

indexed_segment segment_writer::summary(const segment& of, std::size_t blocks) {
  indexed_segment made;
  made.segment = of.ref;
  std::map<stream_id, stream_range> ranges;
  for (std::size_t i = 0; i < blocks; ++i) {
    auto& block = of.blocks[i];
    auto [at, fresh] =
        ranges.try_emplace(block.stream, stream_range{block.stream, block.first_lsn, block.next_lsn,
                                                      block.first_scn, block.last_scn});
    if (!fresh) {
      at->second.next_lsn = block.next_lsn;
      at->second.last_scn = block.last_scn;
    }
    made.counts += byte_counts{block.input_bytes, block.size, block.entries};
  }
  for (auto& [stream, range] : ranges)
    made.ranges.push_back(range);
  return made;
}

durable_report segment_writer::take_report() {
  auto report = std::exchange(report_, {});
  for (auto& [key, of] : pieces_)
    if (of.current && of.current->durable_blocks > 0)
      report.open.push_back({key, summary(*of.current, of.current->durable_blocks)});
  report.moved.assign(moved_.begin(), moved_.end());
  moved_.clear();
  report.next_piece = start_.next_piece;
  return report;
}

} // namespace varve
