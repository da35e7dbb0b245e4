#pragma once

#include "tests/harness/child_process.hpp"

namespace varve::test {

/// How a run of the program `varve` ended.
struct program_outcome {
  int exit_code = -1; ///< 128 + signal if one ended it
  std::string output, errors;
};

/// Runs the program with these arguments and this stdin; waits for it.
program_outcome run_varve(const std::vector<std::string>& arguments, const std::string& input = {});

/// A run that is still going on: its stdin stays open until finish(). The destructor kills it.
class running_program {
public:
  explicit running_program(const std::vector<std::string>& arguments);

  void write(const std::string& input);
  /// Reads its stderr until the text is in it; false: it ended without.
  bool wait_for_error(const std::string& text);
  void send(int signal);
  program_outcome finish(); ///< closes stdin and waits
  pid_t pid() const { return process_.pid(); }

private:
  child_process process_;
  program_outcome seen_;
};

void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);
/// Log-like text of so many bytes, another one for every seed.
std::string sample_log(std::size_t bytes, unsigned seed = 1);

} // namespace varve::test
