#pragma once

#include "actors/slab_arena.hpp"
#include "engine/base/time.hpp"
#include "engine/model/ids.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace varve {

/// How much log may be in memory, and who gets it. Counts whole slabs of the arena it owns.
///
/// Of what may be lent, half is split evenly between tenants: each always gets its share. The other half is
/// common; the tenants of one destination together take at most half of it, so that one dead destination
/// cannot starve the tenants of another. A reserve (two blocks per worker) is never lent: what is inside can
/// always be packed and written out. A stream that is refused waits in line; memory that comes free is
/// promised to it until it came for it or the promise expired. Thread-safe; `on_room` and `on_pressure` are
/// called without its lock.
class memory_budget {
public:
  struct limits {
    std::uint64_t budget_bytes = 0;
    std::uint64_t reserve_bytes = 0;                  ///< part of budget_bytes
    std::uint64_t run_bytes = slab_arena::slab_bytes; ///< whole slabs that a full block surely fits in
    std::uint64_t room_bytes = 0; ///< promised to a stream that waits: about one block or more
  };
  explicit memory_budget(limits given);

  /// A tenant's account. Moves between destinations by set_group().
  class account;
  std::shared_ptr<account> open_account(tenant_id tenant, const std::string& group);
  void close_account(const std::shared_ptr<account>& which);
  void set_group(const std::shared_ptr<account>& which, const std::string& group);

  /// A stream's place in line and what it was promised. Owned by the stream, used under its lock.
  struct lease {
    std::uint64_t promised = 0; ///< bytes it may still take although others wait
    std::uint64_t number = 0;   ///< of its wait; 0: it does not wait
  };

  /// Charges `bytes` (a multiple of the slab size) to the account, or refuses and puts the stream in line.
  /// Once in line, it is called back through on_room when room is promised.
  bool take(const std::shared_ptr<account>& which, stream_id stream, lease& of, std::uint64_t bytes);
  /// Gives up what is left of a promise, and not a place in line: the block it was made for is cut.
  void release_promise(const std::shared_ptr<account>& which, lease& of);
  /// Gives up a place in line and what is left of a promise: the stream is closed or gives up its log.
  void release(const std::shared_ptr<account>& which, lease& of);
  /// Charges what is lent to nobody and promised to nobody; false: there is not so much.
  bool take_spare(const std::shared_ptr<account>& which, std::uint64_t bytes);
  /// Charges without asking: for packed blocks, which replace larger raw ones.
  void take_reserve(const std::shared_ptr<account>& which, std::uint64_t bytes);
  /// Credit: the slabs are back in the arena.
  void give_back(const std::shared_ptr<account>& which, std::uint64_t bytes);

  /// Ends promises older than `age` that nobody came for; the memory is free for all again. A clock that went
  /// back measures from there on.
  void expire(unix_ns now, duration_ns age);
  std::uint64_t used_bytes() const;
  std::uint64_t peak_bytes() const;
  std::uint64_t used_bytes(const std::shared_ptr<account>& which) const;
  /// Of these, what is promised to streams that have not come for it yet.
  std::uint64_t promised_bytes(const std::shared_ptr<account>& which) const;
  slab_arena& arena() { return arena_; }

  /// Set once, before the first take().
  std::function<void(tenant_id, stream_id)> on_room;
  /// A tenant that should cut and sync what it holds: the one that uses most, when three quarters are
  /// crossed, and the one that was refused, or has others in line behind the one that was served.
  std::function<void(tenant_id)> on_pressure;

private:
  struct group {
    std::uint64_t common_used = 0;
  };
  struct waiter {
    stream_id stream;
    std::uint64_t number = 0;
    std::uint64_t need = 0;     // what it will be promised: what it asked for, at least room_bytes
    std::uint64_t promised = 0; // 0: still in line
    unix_ns promised_at = 0;
  };
  struct call {
    tenant_id tenant;
    stream_id stream;
  };
  std::uint64_t lendable() const { return limits_.budget_bytes - limits_.reserve_bytes; }
  void claim_promise(account& which, lease& of);
  bool fits(const account& which, std::uint64_t bytes) const;
  void charge(account& which, std::uint64_t bytes);
  void credit(account& which, std::uint64_t bytes);
  void recompute_shares();
  std::uint64_t common_part(const account& which) const;
  void promise_room(std::vector<call>& calls);
  tenant_id largest() const;
  void run(const std::vector<call>& calls) const;

  const limits limits_;
  slab_arena arena_;
  mutable std::mutex mutex_; // guards all below and every account
  std::vector<std::shared_ptr<account>> accounts_;
  std::unordered_map<std::string, std::shared_ptr<group>> groups_;
  std::uint64_t used_ = 0, peak_ = 0;
  std::uint64_t common_used_ = 0;
  std::uint64_t share_ = 0; // guaranteed to each account
  std::uint64_t next_wait_ = 1;
  unix_ns now_ = 0;
  bool pressed_ = false;
};

class memory_budget::account {
public:
  explicit account(tenant_id tenant) : tenant_(tenant) {}

private:
  friend class memory_budget;
  const tenant_id tenant_;
  std::shared_ptr<group> group_;
  std::uint64_t used_ = 0;     // taken and promised
  std::deque<waiter> waiters_; // in order of refusal; those with a promise first
};

} // namespace varve
