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
}

void tenant_intake::disconnect() {
  connect({});
}

std::shared_ptr<stream_buffer> tenant_intake::find(stream_id id) const {
  std::lock_guard lock{streams_mutex_};
  auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second;
}

std::shared_ptr<stream_buffer> tenant_intake::find_or_add(stream_id id) {
  std::lock_guard lock{streams_mutex_};
  auto& slot = streams_[id];
  if (!slot)
    slot = std::make_shared<stream_buffer>(*this, id);
  return slot;
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
  streams_.erase(id);
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
  gate_.store(gate, std::memory_order_release);
  for (auto& stream : streams())
    stream->on_room();
}

void tenant_intake::set_option(const archive_option& option) {
  codec_.store(option.codec, std::memory_order_relaxed);
  if (mode_.exchange(option.mode) == option.mode)
    return;
  for (auto& stream : streams())
    stream->on_room();
}

void tenant_intake::advance(scn upto) {
  auto before = advance_.load();
  while (before < upto && !advance_.compare_exchange_weak(before, upto)) {
  }
  if (before < upto)
    wake();
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

void tenant_intake::put_back(std::deque<cut_block_ptr> blocks) {
  std::lock_guard lock{queue_mutex_};
  queue_.insert(queue_.begin(), std::make_move_iterator(blocks.begin()),
                std::make_move_iterator(blocks.end()));
}

void tenant_intake::wake() {
  if (awake_.exchange(true))
    return;
  std::lock_guard lock{signals_mutex_};
  if (signals_.on_work)
    signals_.on_work();
}

void tenant_intake::cut_oldest(std::uint64_t bytes_wanted) {
  std::vector<std::pair<std::uint64_t, std::shared_ptr<stream_buffer>>> open;
  for (auto& stream : streams())
    if (auto since = stream->open_since(); since != 0)
      open.emplace_back(since, stream);
  std::sort(open.begin(), open.end(), [](auto& a, auto& b) { return a.first < b.first; });
  auto goal = budget_.used_bytes(account_) > bytes_wanted ? bytes_wanted : 0;
  std::uint64_t cut = 0;
  for (auto& [since, stream] : open) {
    if (cut >= goal && cut > 0)
      return;
    auto bytes_open = stream->open_bytes();
    if (stream->cut())
      cut += bytes_open;
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
