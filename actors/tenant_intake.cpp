#include "actors/tenant_intake.hpp"

#include <algorithm>

namespace varve {

tenant_intake::tenant_intake(tenant_id id, memory_budget& budget, limits given)
    : id_(id), budget_(budget), account_(budget.open_account(id, "")), limits_(given) {}

tenant_intake::~tenant_intake() {
  take_all();
  {
    std::lock_guard lock{streams_mutex_};
    streams_.clear();
  }
  budget_.close_account(account_);
}

void tenant_intake::connect(signals to) {
  std::lock_guard lock{signals_mutex_};
  signals_ = std::move(to);
  pressure_sent_.store(false, std::memory_order_release); // whoever was told is gone
}

void tenant_intake::disconnect() {
  connect({});
}

std::shared_ptr<stream_buffer> tenant_intake::find(stream_id id) const {
  std::lock_guard lock{streams_mutex_};
  auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second;
}

std::shared_ptr<stream_buffer>& tenant_intake::slot_locked(stream_id id) {
  auto& slot = streams_[id];
  if (slot)
    return slot;
  slot = std::make_shared<stream_buffer>(*this, id);
  if (auto known = archived_.find(id); known != archived_.end()) {
    slot->know(known->second.row, known->second.accepted);
    archived_.erase(known);
  }
  return slot;
}

std::shared_ptr<stream_buffer> tenant_intake::find_or_add(stream_id id) {
  std::lock_guard lock{streams_mutex_};
  return slot_locked(id);
}

result<std::shared_ptr<stream_buffer>> tenant_intake::open(stream_id id, std::optional<lsn> start_lsn,
                                                           bool pulled) {
  std::lock_guard lock{streams_mutex_};
  if (retired_)
    return fail(errc::invalid_argument, "tenant " + to_string(id_) + " is dropped",
                "call register_tenant once drop_tenant has returned");
  auto& slot = slot_locked(id);
  if (!slot->attach(start_lsn, pulled))
    return fail(errc::already_open,
                "tenant " + to_string(id_) + " stream " + to_string(id) + " is open already",
                "a stream has one appender: close the other handle first");
  return slot;
}

std::vector<stream_id> tenant_intake::retire() {
  std::lock_guard lock{streams_mutex_};
  std::vector<stream_id> open;
  for (auto& [id, stream] : streams_)
    if (stream->attached())
      open.push_back(id);
  retired_ = open.empty();
  return open;
}

void tenant_intake::reinstate() {
  std::lock_guard lock{streams_mutex_};
  retired_ = false;
}

std::vector<std::shared_ptr<stream_buffer>> tenant_intake::streams() const {
  std::lock_guard lock{streams_mutex_};
  std::vector<std::shared_ptr<stream_buffer>> all;
  all.reserve(streams_.size());
  for (auto& [id, stream] : streams_)
    all.push_back(stream);
  return all;
}

void tenant_intake::forget(stream_id id) {
  std::lock_guard lock{streams_mutex_};
  auto found = streams_.find(id);
  if (found == streams_.end() || found->second->attached())
    return;
  auto standing = found->second->support(nullptr);
  if (!standing.dropped)
    return; // opened again meanwhile
  archived_[id] = {standing.row, 0};
  streams_.erase(found);
}

void tenant_intake::remember(stream_row row) {
  std::lock_guard lock{streams_mutex_};
  stream_position before;
  lsn accepted = 0;
  if (auto known = archived_.find(row.stream); known != archived_.end()) {
    before = known->second.row.position;
    accepted = known->second.accepted;
  }
  auto held = streams_.find(row.stream);
  if (held != streams_.end()) {
    if (held->second->attached() || held->second->holds_beyond(row.position.next_lsn))
      return;
    before = held->second->archived();
    accepted = held->second->accepted_ever();
    streams_.erase(held);
  }
  // A round without log of it need not have what others have, perhaps at another destination.
  if (row.start_lsn == row.position.next_lsn && before.next_lsn > row.start_lsn) {
    row.start_lsn = before.next_lsn;
    row.position = before;
  }
  archived_[row.stream] = {row, accepted};
}

std::optional<lsn> tenant_intake::remembered_upto(stream_id id) const {
  std::lock_guard lock{streams_mutex_};
  auto known = archived_.find(id);
  return known == archived_.end() ? std::nullopt : std::optional{known->second.row.position.next_lsn};
}

void tenant_intake::begin_round() {
  checkpoint_.store(0, std::memory_order_release);
  outdate_advances();
  std::lock_guard lock{streams_mutex_};
  for (auto& [id, known] : archived_)
    known.row.start_lsn = known.row.position.next_lsn;
  for (auto& [id, stream] : streams_)
    stream->begin_round();
}

scn tenant_intake::archived_before_round() const {
  scn latest = 0;
  std::lock_guard lock{streams_mutex_};
  for (auto& [id, known] : archived_)
    if (known.row.position.next_lsn == known.row.start_lsn)
      latest = std::max(latest, known.row.position.last_scn);
  for (auto& [id, stream] : streams_)
    if (auto now = stream->support(nullptr); !now.started || now.row.position.next_lsn == now.row.start_lsn)
      latest = std::max(latest, stream->committed().last_scn);
  return latest;
}

void tenant_intake::outdate_advances() {
  advances_before_.store(advances(), std::memory_order_release);
  for (auto& stream : streams())
    stream->outdate_advance();
}

error tenant_intake::stopped_by() const {
  std::lock_guard lock{signals_mutex_};
  return stopped_by_;
}

void tenant_intake::set_gate(intake_gate gate, error why) {
  {
    std::lock_guard lock{signals_mutex_};
    stopped_by_ = std::move(why);
  }
  if (gate == intake_gate::open && this->gate() != gate)
    outdate_advances();
  gate_.store(gate, std::memory_order_release);
  wake_waiters();
}

/// Whoever was refused gets another answer now.
void tenant_intake::wake_waiters() {
  for (auto& stream : streams())
    if (stream->on_room())
      signal_room(stream->id());
}

void tenant_intake::set_option(const archive_option& option) {
  codec_.store(option.codec, std::memory_order_relaxed);
  if (mode_.exchange(option.mode) == option.mode)
    return;
  wake_waiters();
}

status tenant_intake::advance(scn upto) {
  VARVE_TRY(check_advance(upto));
  if (gate() != intake_gate::open)
    return {};
  auto before = advance_.load();
  while (before < upto && !advance_.compare_exchange_weak(before, upto)) {
  }
  if (upto < before)
    return {};
  bool first = round_advance() == 0;
  advances_.fetch_add(1, std::memory_order_acq_rel);
  if (before < upto || first)
    wake();
  return {};
}

void tenant_intake::push(cut_block_ptr block) {
  {
    std::lock_guard lock{queue_mutex_};
    queue_.push_back(std::move(block));
  }
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_work)
    signals_.on_work();
}

std::deque<cut_block_ptr> tenant_intake::take_all() {
  std::lock_guard lock{queue_mutex_};
  return std::exchange(queue_, {});
}

void tenant_intake::wake() {
  if (awake_.exchange(true))
    return;
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_work)
    signals_.on_work();
}

void tenant_intake::cut_oldest(std::uint64_t bytes_wanted) {
  struct partial {
    std::uint64_t since, held;
    std::shared_ptr<stream_buffer> stream;
  };
  std::vector<partial> open;
  std::uint64_t held = 0;
  for (auto& stream : streams()) {
    auto since = stream->open_since();
    if (since == 0)
      continue;
    open.push_back({since, stream->open_bytes(), stream});
    held += open.back().held;
  }
  // What is cut already and on its way gives memory back by itself; cutting more would only make small
  // blocks.
  auto idle = held + budget_.promised_bytes(account_);
  if (auto used = budget_.used_bytes(account_); used > idle && used - idle > 2 * bytes_wanted)
    return;
  std::sort(open.begin(), open.end(), [](auto& a, auto& b) { return a.since < b.since; });
  std::uint64_t cut = 0;
  for (auto& each : open) {
    if (cut >= bytes_wanted)
      return;
    if (each.stream->cut())
      cut += each.held;
  }
}

void tenant_intake::cut_all() {
  for (auto& stream : streams())
    stream->cut();
}

void tenant_intake::signal_repeat(stream_id stream) {
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_repeat)
    signals_.on_repeat(stream);
}

void tenant_intake::signal_room(stream_id stream) {
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_room)
    signals_.on_room(stream);
}

void tenant_intake::signal_pressure() {
  if (pressure_sent_.exchange(true))
    return;
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_pressure)
    signals_.on_pressure();
}

} // namespace varve
