#pragma once

#include "engine/model/log_entry.hpp"

#include <cstdint>
#include <optional>

namespace varve::test {

/// The redo log of the hosts that are killed: endless, and a function of the seed alone, so every process
/// that knows the seed knows all of it. Even streams count bytes in their LSNs, odd ones entries; SCNs repeat
/// within a stream and across streams. Two hosts that must be told apart write other payloads at the same
/// positions.
class crash_log {
public:
  explicit crash_log(std::uint64_t seed) : seed_(seed) {}

  struct entry {
    varve::lsn lsn = 0, next_lsn = 0;
    varve::scn scn = 0;
  };
  /// The entry of this number, from 0.
  entry at(tenant_id tenant, stream_id stream, std::uint64_t number) const;
  /// The number of the entry that starts there; nullopt: none does.
  std::optional<std::uint64_t> find(tenant_id tenant, stream_id stream, lsn from) const;
  /// What a host writes there: `host` tells hosts apart.
  bytes payload(tenant_id tenant, stream_id stream, std::uint64_t number, std::uint64_t host) const;

private:
  std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) const;
  /// LSNs of the entries of an even stream repeat their distances after this many.
  static constexpr std::uint64_t cycle = 16;
  lsn offset(tenant_id tenant, stream_id stream, std::uint64_t of_cycle) const;

  std::uint64_t seed_;
};

} // namespace varve::test
