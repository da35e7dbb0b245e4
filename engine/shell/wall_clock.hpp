#pragma once

#include "engine/base/time.hpp"

#include <chrono>

namespace varve::shell {

/// Now, by the clock of the machine.
inline unix_ns wall_clock() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<unix_ns>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

} // namespace varve::shell
