#pragma once

#include "engine/base/bytes.hpp"

#include <mutex>
#include <vector>

namespace varve {

/// Where all log lies while it is not durable: one stretch of address space cut into slabs of slab_bytes.
/// Pages are touched when first used and reused last-freed-first, so the memory of a quiet engine stays small
/// and hot. Thread-safe.
class slab_arena {
public:
  static constexpr std::size_t slab_bytes = 8 << 10;

  /// `capacity_bytes` is rounded up to whole slabs. Throws std::bad_alloc when there is no address space.
  /// A run is so many slabs side by side, for a block that will surely fill them: it needs no gathering.
  explicit slab_arena(std::uint64_t capacity_bytes, std::size_t run_slabs = 1);
  ~slab_arena();
  slab_arena(const slab_arena&) = delete;
  slab_arena& operator=(const slab_arena&) = delete;

  /// Appends `count` slabs to `target`. Requires that they are free: the memory budget sees to that.
  void take(std::size_t count, std::vector<std::byte*>& target);
  /// Appends the slabs of one run; false: a quarter of all slabs are in runs already, or none is whole.
  bool take_run(std::vector<std::byte*>& target);
  /// Gives slabs back and empties the vector. `run`: they are a run, whole and in order.
  void give_back(std::vector<std::byte*>& slabs, bool run = false);
  std::size_t run_slabs() const { return run_slabs_; }

  std::size_t slabs_in_use() const;

private:
  std::byte* base_ = nullptr;
  std::size_t capacity_; // slabs
  const std::size_t run_slabs_;
  mutable std::mutex mutex_; // guards all below
  std::size_t touched_ = 0;  // slabs ever handed out: [0, touched_)
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> free_runs_; // first slab of each
  std::size_t runs_in_use_ = 0;
};

/// As many bytes as the slabs that hold `bytes` have.
constexpr std::uint64_t whole_slabs(std::uint64_t bytes) {
  return (bytes + slab_arena::slab_bytes - 1) / slab_arena::slab_bytes * slab_arena::slab_bytes;
}

/// Bytes in slabs. Not thread-safe; gives its slabs back when it goes.
class slab_chain {
public:
  slab_chain() = default;
  explicit slab_chain(slab_arena& arena) : arena_(&arena) {}
  ~slab_chain() { clear(); }
  slab_chain(slab_chain&& other) noexcept;
  slab_chain& operator=(slab_chain&& other) noexcept;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return slabs_.size() * slab_arena::slab_bytes; }

  /// An empty chain takes a run; false: there is none.
  bool reserve_run();
  /// Takes slabs until `bytes` more fit.
  void reserve(std::size_t bytes);
  /// Requires size() + view.size() <= capacity().
  void append(bytes_view view);
  void clear();

  /// All bytes where they lie, if they lie side by side; empty: gather them.
  bytes_view contiguous() const;
  /// The bytes, slab by slab.
  void views(std::vector<bytes_view>& target) const;
  /// All bytes in one stretch; `target` is resized.
  void gather(bytes& target) const;

private:
  slab_arena* arena_ = nullptr;
  std::vector<std::byte*> slabs_;
  std::size_t size_ = 0;
  bool run_ = false; // the first slabs are a run
};

} // namespace varve
