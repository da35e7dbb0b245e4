#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace varve::test {

/// A program that was started, and our ends of its three pipes. Whoever holds it waits for it (its pid is 0
/// then) and says what its output means; the destructor kills it if it still lives, and closes the pipes.
class child_process {
public:
  /// Runs `program` with these arguments. std::system_error if it cannot be run.
  child_process(std::string program, const std::vector<std::string>& arguments);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  void close_input();
  void send(int signal);
  int wait(); ///< for its end; the exit code, 128 + signal if one ended it. The same again when called again
  pid_t pid() const { return pid_; } ///< 0: it was waited for

  int input() const { return input_; } ///< -1 once closed
  int output() const { return output_; }
  int errors() const { return errors_; }

private:
  pid_t pid_ = 0;
  int input_ = -1, output_ = -1, errors_ = -1;
  int outcome_ = -1;
};

/// Reads what is there, at least one byte unless the pipe does not block, and appends it. False: nothing was
/// there, or nothing can come any more.
bool read_into(int from, std::string& to);

/// Closes its stdin and reads both of its other pipes until it has closed them.
void read_to_end(child_process& from, std::string& output, std::string& errors);

} // namespace varve::test
