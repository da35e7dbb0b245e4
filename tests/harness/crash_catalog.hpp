#pragma once

#include "catalog/catalog.hpp"

#include <functional>
#include <optional>
#include <random>
#include <vector>

namespace varve::test {

/// A catalog in memory that knows what it would still hold after a power failure: everything up to the last
/// synced write, and of the buffered writes since then any prefix, as a write-ahead log has it. Not
/// thread-safe.
class crash_catalog final : public catalog {
public:
  crash_catalog();

  std::shared_ptr<const catalog_snapshot> snapshot() const override;
  status apply(const change_set& changes, durability how) override;

  /// A catalog as a power failure now would leave it; the choice is drawn from `random`.
  std::shared_ptr<crash_catalog> after_crash(std::mt19937_64& random) const;
  /// The worst of them: nothing that was only buffered is left.
  std::shared_ptr<crash_catalog> synced() const { return first(synced_); }
  /// Another with the same content, as buffered writes survive the process.
  std::shared_ptr<crash_catalog> copy() const { return first(writes_.size()); }

  /// The write after `let_through` more fails, done or not, which only a crash tells; from then on all do,
  /// and reads too, as of a RocksDB that met an error.
  void fail_after(std::size_t let_through) { fails_after_ = writes_.size() + let_through; }
  /// Called before each write takes effect, also before those of every copy made from now on; the hook may
  /// fail_after(0), and then this write does.
  void on_write(std::function<void(crash_catalog&)> hook) { hook_ = std::move(hook); }
  /// Asked for each snapshot, also of every copy made from now on: true fails all reads of this one.
  void on_read(std::function<bool()> hook) { read_hook_ = std::move(hook); }
  bool failed() const { return failed_ || read_failed_; } ///< some call did
  bool may_fail() const { return fails_after_.has_value() || read_failed_; }
  std::size_t writes() const { return writes_.size(); }

  std::size_t unsynced_writes() const { return writes_.size() - synced_; }

private:
  std::shared_ptr<crash_catalog> first(std::size_t count) const;

  std::unique_ptr<catalog> now_;
  std::function<void(crash_catalog&)> hook_;
  std::function<bool()> read_hook_;
  std::vector<change_set> writes_;
  std::size_t synced_ = 0; // of writes_, so many survive
  std::optional<std::size_t> fails_after_;
  bool failed_ = false;
  mutable bool read_failed_ = false;
};

} // namespace varve::test
