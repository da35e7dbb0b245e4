#pragma once

#include "engine/base/time.hpp"
#include "engine/destination/destination.hpp"

#include <functional>
#include <memory>

namespace varve {

/// How a paced destination tells the time; both are called from several threads.
struct pace_clock {
  std::function<duration_ns()> now;       ///< nanoseconds since any moment, never going back
  std::function<void(duration_ns)> sleep; ///< returns after so long
};

/// A destination that takes at most `bytes_per_second` (>= 1), of all that is written to it together: a write
/// returns when so slow a medium would have taken it. Reads, listings and removals pass at full speed.
std::shared_ptr<destination> pace(std::shared_ptr<destination> behind, std::uint64_t bytes_per_second,
                                  pace_clock clock);

} // namespace varve
