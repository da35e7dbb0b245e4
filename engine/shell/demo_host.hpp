#pragma once

#include <cstdint>
#include <string>

namespace varve::shell {

/// The database of the demo, with Varve inside: a RocksDB under a seeded random load of several writers, its
/// WAL pulled into the archive while it is written. Runs as a process of its own, because it will be killed.
struct demo_host_options {
  std::string directory;   ///< gets db/, varve/ and journal
  std::string destination; ///< URI of the archive
  std::uint64_t seed = 1;
  unsigned life = 1;  ///< 1: set up and write until killed; 2: go on, write, end in good order
  double seconds = 3; ///< how long life 2 writes, and when in life 1 the moment to restore is marked
};

/// Tells its parent on stdout, a line each: "say TEXT" for people, "point SCN" for a moment that can be
/// restored, "at WRITES ARCHIVED" several times a second. Returns the exit code. Writing stops when stdout
/// closes.
int run_demo_host(const demo_host_options& options);

inline constexpr std::uint64_t demo_tenant = 1001;
inline constexpr std::uint64_t demo_stream = 1;
inline constexpr unsigned demo_writers = 3;

} // namespace varve::shell
