#include "tests/harness/crash_catalog.hpp"

namespace varve::test {

crash_catalog::crash_catalog() : now_(make_memory_catalog()) {}

namespace {

/// What every read of a catalog answers that has failed.
class failed_snapshot final : public catalog_snapshot {
public:
  result<std::optional<std::string>> get(std::string_view) const override { return why(); }
  status scan(std::string_view,
              const std::function<bool(std::string_view, std::string_view)>&) const override {
    return why();
  }

private:
  static error why() {
    return fail(errc::catalog_error, "the simulated catalog has failed", "open it again");
  }
};

} // namespace

std::shared_ptr<const catalog_snapshot> crash_catalog::snapshot() const {
  bool fails = read_hook_ && read_hook_();
  read_failed_ = read_failed_ || fails;
  if (failed_ || fails)
    return std::make_shared<failed_snapshot>();
  return now_->snapshot();
}

status crash_catalog::apply(const change_set& changes, durability how) {
  if (failed_)
    return fail(errc::catalog_error, "the simulated catalog has failed", "open it again");
  if (hook_)
    hook_(*this);
  if (fails_after_ && writes_.size() >= *fails_after_) {
    failed_ = true;
    writes_.push_back(changes); // it may be there after a crash
    return fail(errc::catalog_error, "a write of the simulated catalog failed", "open it again");
  }
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
  made->hook_ = hook_;
  made->read_hook_ = read_hook_;
  return made;
}

} // namespace varve::test
