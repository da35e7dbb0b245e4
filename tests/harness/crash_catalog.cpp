#include "tests/harness/crash_catalog.hpp"

namespace varve::test {

crash_catalog::crash_catalog() : now_(make_memory_catalog()) {}

status crash_catalog::apply(const change_set& changes, durability how) {
  VARVE_TRY(now_->apply(changes, how));
  writes_.push_back(changes);
  if (how == durability::synced)
    synced_ = writes_.size();
  return {};
}

std::shared_ptr<crash_catalog> crash_catalog::after_crash(std::mt19937_64& random) const {
  return first(synced_ + static_cast<std::size_t>(random() % (unsynced_writes() + 1)));
}

/// What was kept counts as synced: it has been read back from the disk.
std::shared_ptr<crash_catalog> crash_catalog::first(std::size_t count) const {
  auto made = std::make_shared<crash_catalog>();
  for (std::size_t i = 0; i < count; ++i)
    static_cast<void>(made->apply(writes_[i], durability::synced));
  return made;
}

} // namespace varve::test
