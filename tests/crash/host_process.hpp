#pragma once

#include "tests/harness/child_process.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace varve::test {

/// A crash_host (host_life.hpp) that runs: its lines come through a pipe, which outlives it, and its stderr
/// through its own.
class host_process {
public:
  explicit host_process(const std::vector<std::string>& arguments);

  /// The next line it said. nullopt: it is silent for longer than `patience`, or has ended.
  std::optional<std::string> line(std::chrono::milliseconds patience = std::chrono::seconds(60));
  /// Lines until one for which `wanted` is true; nullopt as above. All go to `each` first.
  std::optional<std::string> lines_until(const std::function<bool(const std::string&)>& wanted,
                                         const std::function<void(const std::string&)>& each);
  /// What it has said by now, without waiting for more; after its end all of it.
  void drain(const std::function<void(const std::string&)>& each);
  /// Reads on for so long: how a moment between two lines is hit.
  void linger(std::chrono::microseconds moment);

  void say_finish(); ///< it makes everything durable, closes its engine and ends
  void stop();       ///< SIGSTOP; returns when it stands still
  void go_on();      ///< SIGCONT
  void kill();       ///< SIGKILL; returns when it is dead
  int wait();        ///< child_process::wait()
  pid_t pid() const { return process_.pid(); }
  /// The end of what it wrote to stderr: a sanitizer's report, for one.
  std::string errors();

private:
  bool read_more(std::chrono::microseconds patience);
  std::optional<std::string> next_pending();

  child_process process_;
  std::string pending_, seen_errors_;
};

} // namespace varve::test
