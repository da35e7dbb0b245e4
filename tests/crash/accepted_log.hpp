#pragma once

#include "engine/model/log_entry.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

namespace varve::test {

/// How far an engine has accepted log. A host hands over from where the engine expects it, so it would not
/// see that accepted log is gone: an engine that expects less than it accepted must tell why. Thread-safe.
class accepted_log {
public:
  using key = std::pair<tenant_id, stream_id>;

  /// Another engine begins.
  void clear() {
    std::lock_guard lock{mutex_};
    streams_.clear();
  }

  /// A resend, a new round or a fence was told: of one stream of the tenant, or of all.
  void may_be_gone(tenant_id tenant, std::optional<stream_id> stream) {
    std::lock_guard lock{mutex_};
    for (auto& [of, known] : streams_)
      if (of.first == tenant && of.second == stream.value_or(of.second))
        known = {.times_told = known.times_told + 1};
  }

  /// The engine expects this now. What it returns belongs to the after_append() that follows: what is told in
  /// between may speak of the entry.
  std::uint64_t before_append(const key& of, lsn expected) {
    std::lock_guard lock{mutex_};
    auto& known = streams_[of];
    if (expected < known.upto && !known.fallen)
      known.fallen = fall{known.upto, expected};
    return known.times_told;
  }
  void after_append(const key& of, lsn accepted_upto, std::uint64_t before) {
    std::lock_guard lock{mutex_};
    auto& known = streams_[of];
    if (known.times_told == before)
      known.upto = std::max(known.upto, accepted_upto);
  }

  /// The engine tells that everything below `durable` is durable: what it had to tell before it took that log
  /// was told before, for it tells one after the other. Up to where it has lost log without a word.
  std::optional<lsn> lost(const key& of, lsn durable) {
    std::lock_guard lock{mutex_};
    auto& fallen = streams_[of].fallen;
    return fallen && durable > fallen->to ? std::optional{fallen->from} : std::nullopt;
  }

private:
  struct fall {
    lsn from = 0, to = 0;
  };
  struct stream {
    lsn upto = 0; ///< accepted
    std::optional<fall> fallen{};
    std::uint64_t times_told = 0; ///< that it may be gone
  };
  std::mutex mutex_;
  std::map<key, stream> streams_; // under mutex_
};

} // namespace varve::test
