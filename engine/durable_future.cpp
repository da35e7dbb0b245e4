#include "engine/archive_engine_impl.hpp"

#include <algorithm>

namespace varve {

void durable_future::shared_state::fulfil(const durable_answer& with) {
  std::lock_guard lock{mutex};
  if (answer)
    return;
  answer = with;
  ready.notify_all();
}

durable_answer durable_future::get() const {
  std::unique_lock lock{state_->mutex};
  state_->ready.wait(lock, [this] { return state_->answer.has_value(); });
  return *state_->answer;
}

std::optional<durable_answer> durable_future::get_for(std::chrono::nanoseconds limit) const {
  // Added to the clock, the longest limit there is would lie in the past.
  limit = std::min<std::chrono::nanoseconds>(limit, std::chrono::hours(24 * 365 * 100));
  std::unique_lock lock{state_->mutex};
  if (limit.count() > 0) // a wait of no time sleeps some 50 us all the same
    state_->ready.wait_for(lock, limit, [this] { return state_->answer.has_value(); });
  return state_->answer;
}

/// Looks at all only when there are twice as many as the last look has left: so what a future costs does not
/// depend on how many others are waited for.
void open_futures::add(const std::shared_ptr<durable_future::shared_state>& future) {
  std::lock_guard lock{mutex_};
  if (held_.size() >= look_at_) {
    looks_ += held_.size();
    std::erase_if(held_, [](auto& weak) {
      auto state = weak.lock();
      if (!state)
        return true;
      std::lock_guard inner{state->mutex};
      return state->answer.has_value();
    });
    look_at_ = std::max<std::size_t>(1024, 2 * held_.size());
  }
  held_.push_back(future);
}

std::vector<std::weak_ptr<durable_future::shared_state>> open_futures::take() {
  std::lock_guard lock{mutex_};
  return std::exchange(held_, {});
}

std::size_t open_futures::held() const {
  std::lock_guard lock{mutex_};
  return held_.size();
}

std::uint64_t open_futures::looks() const {
  std::lock_guard lock{mutex_};
  return looks_;
}

} // namespace varve
