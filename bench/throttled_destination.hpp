#pragma once

#include "engine/destination/destination.hpp"

#include <memory>

namespace varve::bench {

/// A destination that takes at most `bytes_per_second`, of all that is written to it together: a write
/// returns when so slow a medium would have taken it. Reads, listings and removals pass at full speed.
std::shared_ptr<destination> throttle(std::shared_ptr<destination> behind, std::uint64_t bytes_per_second);

} // namespace varve::bench
