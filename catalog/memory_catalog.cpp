#include "catalog/catalog.hpp"
#include "catalog/keys.hpp"

#include <map>
#include <mutex>

namespace varve {
namespace {

using table = std::map<std::string, std::string, std::less<>>;

class memory_snapshot final : public catalog_snapshot {
public:
  explicit memory_snapshot(std::shared_ptr<const table> records) : records_(std::move(records)) {}

  result<std::optional<std::string>> get(std::string_view key) const override {
    auto found = records_->find(key);
    if (found == records_->end())
      return std::optional<std::string>{};
    return std::optional<std::string>(found->second);
  }
  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    for (auto at = records_->lower_bound(prefix); at != records_->end() && at->first.starts_with(prefix);
         ++at)
      if (!visit(at->first, at->second))
        break;
    return {};
  }

private:
  std::shared_ptr<const table> records_;
};

/// The twin of the RocksDB catalog for tests and simulations: same answers, no disk.
class memory_catalog final : public catalog {
public:
  std::shared_ptr<const catalog_snapshot> snapshot() const override {
    std::lock_guard guard(mutex_);
    lent_ = true;
    return std::make_shared<memory_snapshot>(records_);
  }

  status apply(const change_set& changes, varve::durability) override {
    std::lock_guard guard(mutex_);
    if (lent_)
      records_ = std::make_shared<table>(*records_); // snapshots keep the old one
    lent_ = false;
    if (changes.erases_archived_facts())
      std::erase_if(*records_, [](const auto& record) { return family_of(record.first)->archived_fact; });
    for (const auto& [key, value] : changes.changes()) {
      if (value)
        records_->insert_or_assign(key, *value);
      else
        records_->erase(key);
    }
    return {};
  }

private:
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::shared_ptr<table> records_ = std::make_shared<table>();
  mutable bool lent_ = false; ///< a snapshot reads records_: never change that table again
};

} // namespace

std::unique_ptr<catalog> make_memory_catalog() {
  return std::make_unique<memory_catalog>();
}

} // namespace varve
