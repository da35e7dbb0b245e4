#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace varve {

/// A number that cannot be mistaken for another kind of number.
template <class Tag>
struct id {
  std::uint64_t value = 0;
  constexpr id() = default;
  constexpr explicit id(std::uint64_t v) : value(v) {}
  friend constexpr auto operator<=>(id, id) = default;
};
template <class Tag>
std::string to_string(id<Tag> x) {
  return std::to_string(x.value);
}

using tenant_id = id<struct tenant_tag>; ///< the host's number of a tenant; 1 is the views' aggregate row
using stream_id = id<struct stream_tag>;   ///< the host's number of a log stream within its tenant
using round_id = id<struct round_tag>;     ///< per tenant, from 1, never reused
using piece_id = id<struct piece_tag>; ///< per tenant, from 1, never reused; 0 = of a no-split round
using commit_seq = id<struct commit_tag>; ///< place among the commits of (tenant, destination), from 1

/// The commit_seq by which a writer took the tenant over; in the name of every object it writes afterwards.
using epoch = id<struct epoch_tag>;

inline constexpr tenant_id aggregate_tenant{1};

/// Position of an entry in its stream: opaque to Varve but for order and contiguity.
using lsn = std::uint64_t;
/// Commit time of an entry: nanoseconds since 1970, never decreasing within a stream.
using scn = std::uint64_t;
inline constexpr scn scn_max = std::numeric_limits<scn>::max();
inline constexpr lsn lsn_max = std::numeric_limits<lsn>::max();

} // namespace varve

template <class Tag>
struct std::hash<varve::id<Tag>> {
  std::size_t operator()(varve::id<Tag> x) const noexcept { return std::hash<std::uint64_t>{}(x.value); }
};
