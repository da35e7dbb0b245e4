#pragma once

#include "engine/base/result.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace varve::shell {

/// A child process that runs this program again with other arguments; its stdout comes through a pipe. Killed
/// by the destructor if it still lives.
class demo_process {
public:
  static result<demo_process> start(const std::vector<std::string>& arguments);
  demo_process(demo_process&& other) noexcept;
  demo_process& operator=(demo_process&&) = delete;
  ~demo_process();

  /// The next line; nullopt: it closed its stdout.
  std::optional<std::string> read_line();
  void kill_now(); ///< SIGKILL, and waits
  int wait();      ///< its exit code; 128 + signal if one ended it
  pid_t pid() const { return pid_; }

private:
  demo_process(pid_t pid, int output) : pid_(pid), output_(output) {}
  pid_t pid_;
  int output_;
  std::string pending_;
};

} // namespace varve::shell
