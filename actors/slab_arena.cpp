#include "actors/slab_arena.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace varve {

slab_arena::slab_arena(std::uint64_t capacity_bytes, std::size_t run_slabs)
    : capacity_(static_cast<std::size_t>((capacity_bytes + slab_bytes - 1) / slab_bytes)),
      run_slabs_(run_slabs) {
  auto* memory = ::mmap(nullptr, capacity_ * slab_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) // a limit of the process's address space
    throw std::bad_alloc{};
  base_ = static_cast<std::byte*>(memory);
  // Only a hint: with it, first touches cost a hundredth of what they do page by page.
  static_cast<void>(::madvise(memory, capacity_ * slab_bytes, MADV_HUGEPAGE));
}

slab_arena::~slab_arena() {
  ::munmap(base_, capacity_ * slab_bytes);
}

void slab_arena::take(std::size_t count, std::vector<std::byte*>& target) {
  target.reserve(target.size() + count);
  std::lock_guard lock{mutex_};
  for (; count > 0; --count) {
    std::size_t index;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else if (touched_ < capacity_) {
      index = touched_++;
    } else {
      assert(!free_runs_.empty());
      if (free_runs_.empty()) // more was taken than the budget has
        throw std::bad_alloc{};
      index = free_runs_.back();
      free_runs_.pop_back();
      for (auto i = run_slabs_; i-- > 1;)
        free_.push_back(static_cast<std::uint32_t>(index + i));
    }
    target.push_back(base_ + index * slab_bytes);
  }
}

bool slab_arena::take_run(std::vector<std::byte*>& target) {
  std::lock_guard lock{mutex_};
  if ((runs_in_use_ + 1) * run_slabs_ > capacity_ / 4)
    return false;
  std::size_t index;
  if (!free_runs_.empty()) {
    index = free_runs_.back();
    free_runs_.pop_back();
  } else if (touched_ + run_slabs_ <= capacity_) {
    index = touched_;
    touched_ += run_slabs_;
  } else {
    return false;
  }
  ++runs_in_use_;
  for (std::size_t i = 0; i < run_slabs_; ++i)
    target.push_back(base_ + (index + i) * slab_bytes);
  return true;
}

void slab_arena::give_back(std::vector<std::byte*>& slabs, bool run) {
  if (slabs.empty())
    return;
  {
    std::lock_guard lock{mutex_};
    if (run) {
      --runs_in_use_;
      free_runs_.push_back(
          static_cast<std::uint32_t>(static_cast<std::size_t>(slabs[0] - base_) / slab_bytes));
      slabs.erase(slabs.begin(), slabs.begin() + static_cast<std::ptrdiff_t>(run_slabs_));
    }
    // Last in, first out, and in reverse, so that a chain taken next is laid out as this one was.
    for (auto i = slabs.size(); i-- > 0;)
      free_.push_back(static_cast<std::uint32_t>(static_cast<std::size_t>(slabs[i] - base_) / slab_bytes));
  }
  slabs.clear();
}

std::size_t slab_arena::slabs_in_use() const {
  std::lock_guard lock{mutex_};
  return touched_ - free_.size() - free_runs_.size() * run_slabs_;
}

slab_chain::slab_chain(slab_chain&& other) noexcept
    : arena_(other.arena_), slabs_(std::move(other.slabs_)), size_(std::exchange(other.size_, 0)),
      run_(std::exchange(other.run_, false)) {
  other.slabs_.clear();
}

slab_chain& slab_chain::operator=(slab_chain&& other) noexcept {
  if (this != &other) { // clear() would take what is to be kept
    clear();
    arena_ = other.arena_;
    slabs_ = std::move(other.slabs_);
    other.slabs_.clear();
    size_ = std::exchange(other.size_, 0);
    run_ = std::exchange(other.run_, false);
  }
  return *this;
}

bool slab_chain::reserve_run() {
  assert(slabs_.empty());
  return run_ = arena_->take_run(slabs_);
}

bytes_view slab_chain::contiguous() const {
  bool inside = run_ && size_ <= arena_->run_slabs() * slab_arena::slab_bytes;
  return inside ? bytes_view{slabs_[0], size_} : bytes_view{};
}

void slab_chain::reserve(std::size_t bytes) {
  auto wanted = (size_ + bytes + slab_arena::slab_bytes - 1) / slab_arena::slab_bytes;
  if (wanted > slabs_.size())
    arena_->take(wanted - slabs_.size(), slabs_);
}

void slab_chain::append(bytes_view view) {
  assert(size_ + view.size() <= capacity());
  while (!view.empty()) {
    auto in_slab = size_ % slab_arena::slab_bytes;
    auto count = std::min(view.size(), slab_arena::slab_bytes - in_slab);
    std::memcpy(slabs_[size_ / slab_arena::slab_bytes] + in_slab, view.data(), count);
    size_ += count;
    view = view.subspan(count);
  }
}

void slab_chain::clear() {
  if (arena_ != nullptr)
    arena_->give_back(slabs_, std::exchange(run_, false));
  size_ = 0;
}

void slab_chain::views(std::vector<bytes_view>& target) const {
  auto left = size_;
  for (auto* slab : slabs_) {
    if (left == 0)
      return;
    auto count = std::min(left, slab_arena::slab_bytes);
    target.emplace_back(slab, count);
    left -= count;
  }
}

void slab_chain::gather(bytes& target) const {
  target.resize(size_);
  std::size_t at = 0;
  for (auto* slab : slabs_) {
    if (at == size_)
      return;
    auto count = std::min(size_ - at, slab_arena::slab_bytes);
    std::memcpy(target.data() + at, slab, count);
    at += count;
  }
}

} // namespace varve
