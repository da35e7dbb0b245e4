#pragma once

#include <string>
#include <vector>

namespace varve::bench {

/// What a figure was measured on, without which it means nothing.
struct machine {
  std::string cpu;    ///< the processor's own name
  unsigned cores = 0; ///< that this process may use
  std::string kernel; ///< "Linux 6.1.0"
  std::string build;  ///< compiler and mode: "g++ 12.2.0, optimised"
};
machine describe_machine();

/// Why the figures of this build or this machine would mislead: no optimisation, assertions, sanitizers.
/// Empty when there is nothing to say.
std::vector<std::string> reasons_to_doubt();

/// Processor time that everything but this process and its finished children used since boot, in seconds; 0
/// where the system does not say.
double cpu_seconds_of_others();

} // namespace varve::bench
