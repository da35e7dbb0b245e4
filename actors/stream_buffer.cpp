#include "actors/stream_buffer.hpp"

#include "actors/tenant_intake.hpp"
#include "engine/base/planted_bug.hpp"

#include <algorithm>

namespace varve {
namespace {

/// A block that does not shrink is stored raw, so its packed form is at most this.
std::uint64_t packed_bound(std::uint64_t raw) {
  return whole_slabs(raw + format::block_header_bytes);
}

std::string range(lsn from, lsn to) {
  return "[" + std::to_string(from) + ", " + std::to_string(to) + ")";
}

} // namespace

stream_buffer::stream_buffer(tenant_intake& tenant, stream_id id)
    : tenant_(tenant), id_(id), chain_(tenant.budget().arena()), charge_(tenant.budget(), tenant.account()) {}

stream_buffer::~stream_buffer() {
  chain_.clear();
  tenant_.budget().release(tenant_.account(), lease_);
  forget_compare();
}

append_answer stream_buffer::refuse(errc code, std::string message, std::string hint) const {
  message = "tenant " + to_string(tenant_.id()) + " stream " + to_string(id_) + ": " + message;
  return {append_outcome::error, expected_, fail(code, std::move(message), std::move(hint))};
}

/// No entry at or below this will follow, the host has said. While accepted log was given up that does not
/// count: it must come again, whatever has been said since. Nor does it where log that should come is gone.
scn stream_buffer::promised_scn() const {
  bool must_go_on = started_ || tenant_.checkpoint() > 0;
  auto said = std::max(begin_.advance(), tenant_.advanced());
  if (must_go_on && begin_.is_gone(known_upto()))
    return started_ ? 0 : round_advance();
  VARVE_PLANT(advance_over_what_was_given_up, return said);
  if (known_upto() < accepted_)
    return started_ ? 0 : round_advance();
  return said;
}

/// The largest SCN that a new entry must be above.
scn stream_buffer::floor_scn() const {
  return std::max(promised_scn(), tenant_.checkpoint());
}

/// What is wrong with an entry that nobody has seen before; nullopt: nothing.
std::optional<append_answer> stream_buffer::check_new(const log_entry& entry) const {
  VARVE_PLANT(gap_accepted, return std::nullopt);
  if (started_ && entry.lsn > expected_)
    return refuse(
        errc::lsn_gap,
        "the entry starts at LSN " + std::to_string(entry.lsn) + ", expected " + std::to_string(expected_),
        "hand over every entry from LSN " + std::to_string(expected_) + " on, or report log_recycled");
  // It was read before a new round began.
  if (!started_ && pulled_)
    return refuse(errc::lsn_gap, "its source is to say first where the log of this round begins");
  if (entry.scn < last_scn_)
    return refuse(errc::scn_goes_back, "LSN " + std::to_string(entry.lsn) + " has SCN " +
                                           std::to_string(entry.scn) + ", below SCN " +
                                           std::to_string(last_scn_) + ", which the stream has reached");
  VARVE_PLANT(entry_below_advance_accepted, return std::nullopt);
  if (entry.scn <= floor_scn())
    return refuse(errc::scn_goes_back,
                  "LSN " + std::to_string(entry.lsn) + " has SCN " + std::to_string(entry.scn) +
                      ", but nothing at or below " + std::to_string(floor_scn()) +
                      " may follow an advance or a committed checkpoint",
                  "its LSN must come: only a new round (NOARCHIVELOG, ARCHIVELOG) leads on");
  return std::nullopt;
}

append_answer stream_buffer::append(const log_entry& entry) {
  std::lock_guard lock{mutex_};
  switch (tenant_.gate()) {
  case intake_gate::open:
    break;
  case intake_gate::closed:
    return {append_outcome::not_archiving, expected_, {}};
  case intake_gate::interrupted:
    return {append_outcome::interrupted, expected_, {}};
  case intake_gate::fenced:
    return {append_outcome::fenced, expected_, {}};
  case intake_gate::stopped:
    return {append_outcome::error, expected_, tenant_.stopped_by()};
  }
  if (entry.next_lsn <= entry.lsn || entry.scn == 0 || entry.scn == scn_max)
    return refuse(errc::invalid_argument, "the entry at LSN " + std::to_string(entry.lsn) +
                                              " needs next_lsn > lsn and 0 < scn < 2^64 - 1");
  if (entry.payload.size() > tenant_.limit().entry_bytes_max)
    return refuse(errc::entry_too_large,
                  "the entry at LSN " + std::to_string(entry.lsn) + " has " +
                      std::to_string(entry.payload.size()) + " bytes, the limit is " +
                      std::to_string(tenant_.limit().entry_bytes_max),
                  "raise entry_bytes_max (at most an eighth of the memory budget) or split the entry");
  if (entry.lsn < known_upto())
    return repeat(entry);
  if (auto wrong = check_new(entry))
    return *std::move(wrong);

  auto most = format::entry_head_bytes_max + entry.payload.size();
  bool fits = open_.raw_bytes + most <= tenant_.limit().block_bytes;
  VARVE_PLANT(border_one_too_far, open_end_ += entry.scn == open_end_);
  if (open_.entries > 0 && (entry.scn >= open_end_ || !fits))
    cut_locked(!fits);
  bool large = most > tenant_.limit().block_bytes;
  if (!room_for(most, large)) {
    seen_generation_ = room_generation_;
    refused_ = true;
    return {append_outcome::full, started_ ? expected_ : entry.lsn, {}};
  }
  bool quiet = open_.entries == 0;
  if (quiet) {
    open_ = block_header{};
    open_.tenant = tenant_.id();
    open_.stream = id_;
    open_.first_lsn = entry.lsn;
    open_.first_scn = entry.scn;
    open_.last_scn = entry.scn;
    open_end_ = tenant_.grid().end_of_cell(entry.scn);
    open_since_ = tenant_.next_opening();
  }
  std::byte head[format::entry_head_bytes_max];
  auto head_bytes = store_entry_head(head, entry, open_.last_scn);
  chain_.append({head, head_bytes});
  chain_.append(entry.payload);
  open_.raw_bytes = static_cast<std::uint32_t>(chain_.size());
  open_.input_bytes += entry.payload.size();
  open_.next_lsn = entry.next_lsn;
  open_.last_scn = entry.scn;
  ++open_.entries;
  if (!started_) {
    started_ = true;
    start_ = entry.lsn;
    start_scn_ = entry.scn;
    committed_ = {entry.lsn, last_scn_};
  }
  if (start_scn_ == 0)
    start_scn_ = entry.scn;
  expected_ = entry.next_lsn;
  accepted_ = std::max(accepted_, expected_);
  last_scn_ = entry.scn;
  tenant_.accepted_entries.fetch_add(1, std::memory_order_relaxed);
  tenant_.accepted_bytes.fetch_add(entry.payload.size(), std::memory_order_relaxed);
  forget_compare();
  if (open_.raw_bytes >= tenant_.limit().block_bytes)
    cut_locked(true);
  else if (quiet)
    tenant_.wake();
  return {append_outcome::accepted, expected_, {}};
}

/// Makes sure that `bytes_wanted` more fit into the open block's slabs, with the header that its packed form
/// will have: a block that does not shrink must not need more memory than it holds. Asks the budget for new
/// ones. A block of one large entry is charged for its packed form as well: the reserve is made for the
/// compressors' copies of ordinary blocks.
bool stream_buffer::room_for(std::uint64_t bytes_wanted, bool large) {
  auto needed = chain_.size() + format::block_header_bytes + bytes_wanted;
  if (needed <= chain_.capacity())
    return true;
  auto& arena = tenant_.budget().arena();
  auto run = arena.run_slabs() * slab_arena::slab_bytes;
  if (busy_ && chain_.capacity() == 0 && needed <= run && chain_.reserve_run()) {
    if (tenant_.budget().take(tenant_.account(), id_, lease_, run)) {
      charge_.add(run);
      return true;
    }
    chain_.clear();
    return false;
  }
  auto charge = whole_slabs(needed) - chain_.capacity() + (large ? packed_bound(bytes_wanted) : 0);
  if (!tenant_.budget().take(tenant_.account(), id_, lease_, charge))
    return false;
  charge_.add(charge);
  chain_.reserve(format::block_header_bytes + bytes_wanted);
  return true;
}

void stream_buffer::cut_locked(bool full) {
  if (open_.entries == 0)
    return;
  auto block = std::make_shared<cut_block>(std::move(chain_), std::move(charge_));
  block->header = open_;
  block->end_scn = open_end_;
  chain_ = slab_chain{tenant_.budget().arena()};
  charge_ = memory_charge{tenant_.budget(), tenant_.account()};
  open_ = block_header{};
  open_since_ = 0;
  busy_ = full;
  tenant_.budget().release_promise(tenant_.account(), lease_); // it may be long before the next entry
  in_flight_.push_back(block);
  tenant_.push(std::move(block));
}

bool stream_buffer::cut() {
  std::lock_guard lock{mutex_};
  if (open_.entries == 0)
    return false;
  cut_locked(false);
  return true;
}

/// An entry at or below what is known: equal, different, or too old to tell.
append_answer stream_buffer::repeat(const log_entry& entry) {
  auto known = known_upto();
  if (entry.next_lsn > known)
    return refuse(errc::lsn_conflict, "the entry " + range(entry.lsn, entry.next_lsn) +
                                          " straddles the end of the log handed over before, LSN " +
                                          std::to_string(known));
  if (open_.entries > 0 && entry.lsn >= open_.first_lsn) {
    bytes raw;
    chain_.gather(raw);
    return compare(entry, open_, raw);
  }
  for (auto& block : in_flight_)
    if (entry.lsn >= block->header.first_lsn && entry.lsn < block->header.next_lsn) {
      if (auto raw = block->raw_body())
        return compare(entry, block->header, *raw);
      break;
    }
  if (entry.lsn < committed_.next_lsn) {
    if (compare_state_ == compare_state::ready && entry.lsn >= compare_header_.first_lsn &&
        entry.lsn < compare_header_.next_lsn)
      return compare(entry, compare_header_, compare_raw_);
    if (compare_state_ == compare_state::loading) {
      seen_generation_ = room_generation_;
      refused_ = true;
      return {append_outcome::full, expected_, {}};
    }
    if (compare_state_ == compare_state::none &&
        tenant_.compare_blocks.fetch_add(1) < tenant_intake::compare_blocks_max) {
      compare_state_ = compare_state::loading;
      seen_generation_ = room_generation_;
      refused_ = true;
      tenant_.signal_repeat(id_);
      return {append_outcome::full, expected_, {}};
    }
    if (compare_state_ == compare_state::none)
      tenant_.compare_blocks.fetch_sub(1);
  }
  tenant_.repeats_uncompared.fetch_add(1, std::memory_order_relaxed);
  return {append_outcome::repeated, known, {}};
}

append_answer stream_buffer::compare(const log_entry& entry, const block_header& header,
                                     bytes_view raw) const {
  auto conflict = [&](std::string_view why, const log_entry& stored) {
    return refuse(errc::lsn_conflict,
                  "the repeated entry " + range(entry.lsn, entry.next_lsn) + " " + std::string(why) +
                      ": archived " + range(stored.lsn, stored.next_lsn) + " SCN " +
                      std::to_string(stored.scn) + " checksum " + std::to_string(checksum64(stored.payload)) +
                      ", given SCN " + std::to_string(entry.scn) + " checksum " +
                      std::to_string(checksum64(entry.payload)),
                  "two histories of one stream: find out which one is right before archiving goes on");
  };
  VARVE_PLANT(conflict_accepted, return {append_outcome::repeated, expected_, {}});
  for (entry_cursor at{header, raw}; at.next();) {
    auto& stored = at.entry();
    if (stored.next_lsn <= entry.lsn)
      continue;
    if (stored.lsn != entry.lsn || stored.next_lsn != entry.next_lsn)
      return conflict("straddles another", stored);
    if (stored.scn != entry.scn || !equal(stored.payload, entry.payload))
      return conflict("differs", stored);
    break;
  }
  return {append_outcome::repeated, known_upto(), {}};
}

bool stream_buffer::wait_for_room(std::chrono::nanoseconds limit) {
  std::unique_lock lock{mutex_};
  return room_.wait_for(lock, limit, [&] { return room_generation_ != seen_generation_; });
}

bool stream_buffer::on_room() {
  bool refused = false;
  {
    std::lock_guard lock{mutex_};
    ++room_generation_;
    refused = std::exchange(refused_, false);
  }
  room_.notify_all();
  return refused;
}

status check_advance(scn upto) {
  if (upto == scn_max)
    return fail(errc::invalid_argument, "an advance to SCN 2^64 - 1 leaves no SCN for any entry",
                "drop the stream, or end the round");
  return {};
}

status stream_buffer::advance(scn upto) {
  VARVE_TRY(check_advance(upto));
  if (tenant_.gate() != intake_gate::open)
    return {};
  bool news = false;
  {
    std::lock_guard lock{mutex_};
    VARVE_PLANT(advance_one_too_far, ++upto);
    news = upto > begin_.advance() || round_advance() == 0;
    if (!begin_.say(upto))
      return {};
  }
  if (news)
    tenant_.wake();
  return {};
}

lsn stream_buffer::expected_lsn() const {
  std::lock_guard lock{mutex_};
  return started_ ? expected_ : begin_.begins(begin_.wanted());
}

lsn stream_buffer::accepted_upto() const {
  std::lock_guard lock{mutex_};
  return started_ ? std::max(expected_, accepted_) : begin_.archived();
}

bool stream_buffer::owes() const {
  std::lock_guard lock{mutex_};
  return started_ && expected_ < accepted_;
}

stream_position stream_buffer::archived() const {
  std::lock_guard lock{mutex_};
  if (!started_)
    return {begin_.archived(), last_scn_};
  return {committed_.next_lsn > start_ ? committed_.next_lsn : begin_.archived(), committed_.last_scn};
}

lsn stream_buffer::accepted_ever() const {
  std::lock_guard lock{mutex_};
  return accepted_;
}

stream_position stream_buffer::committed() const {
  std::lock_guard lock{mutex_};
  return started_ ? committed_ : stream_position{begin_.archived(), last_scn_};
}

stream_position stream_buffer::resume() const {
  std::lock_guard lock{mutex_};
  return started_ ? committed_ : stream_position{begin_.begins(0), last_scn_};
}

bool stream_buffer::attach(std::optional<lsn> start_lsn, bool pulled) {
  std::lock_guard lock{mutex_};
  if (attached_)
    return false;
  attached_ = opened_ = true;
  pulled_ = pulled;
  drop_at_.reset();
  begin_.ask(start_lsn, started_);
  if (start_lsn)
    begin_.skip(begin_.archived(), *start_lsn, tenant_.advances());
  // The host has said where its log begins: a quiet stream does not hold the round back.
  if (!started_ && start_lsn)
    begin_at(*start_lsn);
  return true;
}

void stream_buffer::start_at(lsn start) {
  std::lock_guard lock{mutex_};
  if (started_)
    return;
  begin_.skip(begin_.archived(), start, tenant_.advances());
  begin_.source_says(start);
  begin_at(start);
}

/// Log of the stream begins there in this round, or where it can.
void stream_buffer::begin_at(lsn start) {
  started_ = true;
  start_ = expected_ = begin_.begins(start);
  committed_ = {start_, last_scn_};
}

bool stream_buffer::started() const {
  std::lock_guard lock{mutex_};
  return started_;
}

lsn stream_buffer::recycled(lsn oldest) {
  std::lock_guard lock{mutex_};
  if (begin_.let_go(oldest))
    begin_.skip(known_upto(), oldest, tenant_.advances());
  return started_ ? expected_ : begin_.wanted();
}

log_supply stream_buffer::supply() const {
  std::lock_guard lock{mutex_};
  return {committed_.next_lsn, expected_, started_ ? begin_.oldest_left() : std::nullopt, refused_};
}

void stream_buffer::detach() {
  std::lock_guard lock{mutex_};
  attached_ = pulled_ = false;
  tenant_.budget().release(tenant_.account(), lease_);
}

bool stream_buffer::attached() const {
  std::lock_guard lock{mutex_};
  return attached_;
}

void stream_buffer::drop_at(lsn final_lsn) {
  {
    std::lock_guard lock{mutex_};
    drop_at_ = final_lsn;
  }
  tenant_.wake();
}

/// The last committed block is not wanted any more, whether it has come or is being read.
void stream_buffer::forget_compare() {
  if (compare_state_ == compare_state::loading || compare_state_ == compare_state::ready)
    tenant_.compare_blocks.fetch_sub(1);
  compare_state_ = compare_state::none;
  compare_raw_ = {};
}

void stream_buffer::on_compare_block(std::optional<std::pair<block_header, bytes>> block) {
  {
    std::lock_guard lock{mutex_};
    if (compare_state_ != compare_state::loading)
      return; // of a read that nobody waits for any more
    if (block) {
      compare_state_ = compare_state::ready;
      compare_header_ = block->first;
      compare_raw_ = std::move(block->second);
    } else {
      forget_compare();
      compare_state_ = compare_state::unavailable;
    }
  }
  on_room();
}

} // namespace varve
