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
  state_->ready.wait_for(lock, limit, [this] { return state_->answer.has_value(); });
  return state_->answer;
}

} // namespace varve
