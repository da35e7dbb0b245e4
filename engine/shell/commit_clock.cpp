#include "engine/shell/commit_clock.hpp"

#include "engine/shell/wall_clock.hpp"

#include <algorithm>

namespace varve::shell {

scn commit_clock::next_locked() {
  return last_ = std::max(wall_clock(), last_ + 1);
}

scn commit_clock::begin() {
  std::lock_guard lock{mutex_};
  auto stamp = next_locked();
  on_their_way_.insert(stamp);
  return stamp;
}

void commit_clock::end(scn stamp) {
  std::lock_guard lock{mutex_};
  on_their_way_.erase(stamp);
}

scn commit_clock::settled() {
  std::lock_guard lock{mutex_};
  return on_their_way_.empty() ? next_locked() : *on_their_way_.begin() - 1;
}

void commit_clock::raise(scn floor) {
  std::lock_guard lock{mutex_};
  last_ = std::max(last_, floor);
}

} // namespace varve::shell
