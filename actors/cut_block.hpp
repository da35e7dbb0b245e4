#pragma once

#include "actors/memory_budget.hpp"
#include "engine/format/block.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace varve {

/// Memory taken from the budget, given back when it goes.
class memory_charge {
public:
  memory_charge() = default;
  memory_charge(memory_budget& budget, std::shared_ptr<memory_budget::account> account)
      : budget_(&budget), account_(std::move(account)) {}
  ~memory_charge() { set(0); }
  memory_charge(memory_charge&& other) noexcept
      : budget_(other.budget_), account_(std::move(other.account_)), bytes_(std::exchange(other.bytes_, 0)) {}
  memory_charge& operator=(memory_charge&& other) noexcept {
    if (this != &other) { // set(0) would give back what is to be kept
      set(0);
      budget_ = other.budget_;
      account_ = std::move(other.account_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  /// Notes what memory_budget::take() granted.
  void add(std::uint64_t bytes) { bytes_ += bytes; }
  std::uint64_t bytes() const { return bytes_; }
  /// Grows from the reserve or gives back.
  void set(std::uint64_t bytes) {
    if (bytes > bytes_)
      budget_->take_reserve(account_, bytes - bytes_);
    else if (bytes < bytes_)
      budget_->give_back(account_, bytes_ - bytes);
    bytes_ = bytes;
  }

private:
  memory_budget* budget_ = nullptr;
  std::shared_ptr<memory_budget::account> account_;
  std::uint64_t bytes_ = 0;
};

/// A block on its way from the stream's memory to the medium: cut raw by the appender, numbered by the log
/// stream, packed by a compressor, written and let go by the piece writer. One of them has it at a time; only
/// compare() may come from the appender meanwhile, hence the lock.
class cut_block {
public:
  block_header header;   ///< set by the cutter but for epoch, number (log stream) and sizes (packer)
  scn end_scn = scn_max; ///< of the cell of the log-time grid it lies in; no entry reaches it
  varve::codec wanted = varve::codec::none; ///< in force when it was numbered
  std::uint64_t ticket = 0;                 ///< counts the tenant's blocks in the order they were numbered

  cut_block(slab_chain raw, memory_charge charge) : raw_(std::move(raw)), charge_(std::move(charge)) {}

  /// Compresses; afterwards the raw bytes are gone and the packed ones are there. `raw` and `packed` are
  /// scratch.
  status pack(block_packer& packer, codec wanted, slab_arena& arena, bytes& raw, bytes& packed);
  /// Header and stored body; requires pack().
  const slab_chain& packed() const { return packed_; }
  std::uint64_t charged_bytes() const { return charge_.bytes(); }
  /// Lets the bytes go: they are durable, or given up. The header stays.
  void release();

  /// A block of the same entries, not packed yet, with this one's memory: this one is empty afterwards.
  std::shared_ptr<cut_block> replacement() {
    std::lock_guard lock{mutex_};
    auto made = std::make_shared<cut_block>(std::move(raw_), std::move(charge_));
    made->header = header;
    made->end_scn = end_scn;
    return made;
  }

  /// The raw body, however it is kept now; nullopt once released. For comparing repeats: slow.
  std::optional<bytes> raw_body() const;

private:
  mutable std::mutex mutex_; // guards all below
  slab_chain raw_, packed_;
  memory_charge charge_;
};
using cut_block_ptr = std::shared_ptr<cut_block>;

} // namespace varve
