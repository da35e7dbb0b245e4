#include "actors/memory_budget.hpp"

#include "engine/base/planted_bug.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace varve {

memory_budget::memory_budget(limits given)
    : limits_(given), arena_(given.budget_bytes + given.reserve_bytes,
                             static_cast<std::size_t>(given.run_bytes / slab_arena::slab_bytes)) {
  assert(given.reserve_bytes < given.budget_bytes);
}

std::shared_ptr<memory_budget::account> memory_budget::open_account(tenant_id tenant,
                                                                    const std::string& group) {
  auto made = std::make_shared<account>(tenant);
  std::lock_guard lock{mutex_};
  auto& place = groups_[group];
  if (!place)
    place = std::make_shared<memory_budget::group>();
  made->group_ = place;
  accounts_.push_back(made);
  recompute_shares();
  return made;
}

void memory_budget::close_account(const std::shared_ptr<account>& which) {
  std::vector<call> calls;
  {
    std::lock_guard lock{mutex_};
    for (auto& w : which->waiters_)
      credit(*which, w.promised);
    which->waiters_.clear();
    std::erase(accounts_, which);
    which->group_.reset();
    recompute_shares();
    promise_room(calls);
  }
  run(calls);
}

void memory_budget::set_group(const std::shared_ptr<account>& which, const std::string& group) {
  std::lock_guard lock{mutex_};
  auto& place = groups_[group];
  if (!place)
    place = std::make_shared<memory_budget::group>();
  which->group_ = place;
  recompute_shares();
}

/// What is in use beyond the tenant's share. A closed account has none: what it still gives back was counted
/// out when it closed.
std::uint64_t memory_budget::common_part(const account& which) const {
  return which.group_ && which.used_ > share_ ? which.used_ - share_ : 0;
}

/// Shares depend on how many tenants there are; what exceeds them is the common part.
void memory_budget::recompute_shares() {
  share_ = accounts_.empty() ? 0 : lendable() / 2 / accounts_.size();
  common_used_ = 0;
  for (auto& [name, g] : groups_)
    g->common_used = 0;
  for (auto& a : accounts_) {
    common_used_ += common_part(*a);
    a->group_->common_used += common_part(*a);
  }
}

bool memory_budget::fits(const account& which, std::uint64_t bytes) const {
  if (!which.group_ || used_ + bytes > lendable())
    return false;
  auto after = which.used_ + bytes;
  if (after <= share_)
    return true;
  auto more = after - std::max(which.used_, share_);
  auto common = lendable() / 2;
  VARVE_PLANT(destination_takes_all, return common_used_ + more <= common);
  return common_used_ + more <= common && which.group_->common_used + more <= common / 2;
}

void memory_budget::charge(account& which, std::uint64_t bytes) {
  auto before = common_part(which);
  which.used_ += bytes;
  used_ += bytes;
  peak_ = std::max(peak_, used_);
  auto more = common_part(which) - before;
  common_used_ += more;
  if (which.group_)
    which.group_->common_used += more;
}

void memory_budget::credit(account& which, std::uint64_t bytes) {
  assert(which.used_ >= bytes && used_ >= bytes);
  auto before = common_part(which);
  which.used_ -= bytes;
  used_ -= bytes;
  auto less = before - common_part(which);
  common_used_ -= std::min(less, common_used_);
  if (which.group_)
    which.group_->common_used -= std::min(less, which.group_->common_used);
}

bool memory_budget::take(const std::shared_ptr<account>& which, stream_id stream, lease& of,
                         std::uint64_t bytes) {
  tenant_id pressed[2];
  bool granted = false;
  {
    std::lock_guard lock{mutex_};
    if (of.number != 0)
      claim_promise(*which, of);
    auto& line = which->waiters_;
    bool promised = of.promised >= bytes;
    if (promised)
      of.promised -= bytes; // was charged when it was promised
    else if (of.promised > 0)
      credit(*which, std::exchange(of.promised, 0));

    // Nobody overtakes those who wait in the same account; who has a promise waits no more.
    auto waits = std::find_if(line.begin(), line.end(), [](const waiter& w) { return w.promised == 0; });
    bool first = waits == line.end() || waits->number == of.number;
    granted = promised || (first && fits(*which, bytes));
    if (promised) {
      // Who still waits gets nothing until something is cut and written.
      if (waits != line.end())
        pressed[0] = which->tenant_;
    } else if (granted) {
      if (of.number != 0)
        line.erase(waits);
      of.number = 0;
      charge(*which, bytes);
    } else if (of.number == 0) {
      of.number = next_wait_++;
      line.push_back(waiter{stream, of.number, std::max(bytes, limits_.room_bytes), 0, 0});
    }
    if (!granted)
      pressed[0] = which->tenant_;
    if (!granted || (used_ > lendable() / 4 * 3 && !pressed_)) {
      pressed[1] = largest();
      pressed_ = true;
    }
  }
  if (!on_pressure)
    return granted;
  if (pressed[0].value != 0)
    on_pressure(pressed[0]);
  if (pressed[1].value != 0 && pressed[1] != pressed[0])
    on_pressure(pressed[1]);
  return granted;
}

/// It came for what it was promised, or looks whether there is room by now.
void memory_budget::claim_promise(account& which, lease& of) {
  auto w = std::find_if(which.waiters_.begin(), which.waiters_.end(),
                        [&](const waiter& x) { return x.number == of.number; });
  if (w == which.waiters_.end()) {
    of.number = 0; // the promise expired
  } else if (w->promised > 0) {
    of.promised += w->promised;
    of.number = 0;
    which.waiters_.erase(w);
  }
}

void memory_budget::release(const std::shared_ptr<account>& which, lease& of) {
  std::vector<call> calls;
  {
    std::lock_guard lock{mutex_};
    if (of.number != 0) {
      claim_promise(*which, of);
      std::erase_if(which->waiters_, [&](const waiter& w) { return w.number == of.number; });
      of.number = 0;
    }
    if (of.promised > 0) {
      credit(*which, std::exchange(of.promised, 0));
      promise_room(calls);
    }
  }
  run(calls);
}

void memory_budget::release_promise(const std::shared_ptr<account>& which, lease& of) {
  if (of.promised > 0)
    give_back(which, std::exchange(of.promised, 0));
}

bool memory_budget::take_spare(const std::shared_ptr<account>& which, std::uint64_t bytes) {
  std::lock_guard lock{mutex_};
  if (used_ + bytes > lendable())
    return false;
  charge(*which, bytes);
  return true;
}

void memory_budget::take_reserve(const std::shared_ptr<account>& which, std::uint64_t bytes) {
  std::lock_guard lock{mutex_};
  charge(*which, bytes);
}

void memory_budget::give_back(const std::shared_ptr<account>& which, std::uint64_t bytes) {
  std::vector<call> calls;
  {
    std::lock_guard lock{mutex_};
    VARVE_PLANT(credit_lost, bytes /= 2);
    credit(*which, bytes);
    if (used_ <= lendable() / 8 * 5)
      pressed_ = false;
    promise_room(calls);
  }
  run(calls);
}

void memory_budget::promise_room(std::vector<call>& calls) {
  for (auto& a : accounts_) {
    for (auto& w : a->waiters_) {
      if (w.promised > 0)
        continue;
      if (!fits(*a, w.need))
        break;
      charge(*a, w.need);
      w.promised = w.need;
      w.promised_at = now_;
      VARVE_PLANT(room_not_told, continue);
      calls.push_back({a->tenant_, w.stream});
    }
  }
}

void memory_budget::expire(unix_ns now, duration_ns age) {
  std::vector<call> calls;
  {
    std::lock_guard lock{mutex_};
    now_ = now;
    for (auto& a : accounts_) {
      for (auto& w : a->waiters_)
        w.promised_at = std::min(w.promised_at, now);
      std::erase_if(a->waiters_, [&](const waiter& w) {
        if (w.promised == 0 || w.promised_at + age > now)
          return false;
        credit(*a, w.promised);
        return true;
      });
    }
    promise_room(calls);
  }
  run(calls);
}

tenant_id memory_budget::largest() const {
  const account* most = nullptr;
  for (auto& a : accounts_)
    if (most == nullptr || a->used_ > most->used_)
      most = a.get();
  return most == nullptr ? tenant_id{0} : most->tenant_;
}

void memory_budget::run(const std::vector<call>& calls) const {
  if (!on_room)
    return;
  for (auto& c : calls)
    on_room(c.tenant, c.stream);
}

std::uint64_t memory_budget::used_bytes() const {
  std::lock_guard lock{mutex_};
  return used_;
}

std::uint64_t memory_budget::peak_bytes() const {
  std::lock_guard lock{mutex_};
  return peak_;
}

std::uint64_t memory_budget::used_bytes(const std::shared_ptr<account>& which) const {
  std::lock_guard lock{mutex_};
  return which->used_;
}

std::uint64_t memory_budget::promised_bytes(const std::shared_ptr<account>& which) const {
  std::lock_guard lock{mutex_};
  std::uint64_t sum = 0;
  for (auto& w : which->waiters_) {
    if (w.promised == 0)
      break; // those with a promise come first
    sum += w.promised;
  }
  return sum;
}

} // namespace varve
