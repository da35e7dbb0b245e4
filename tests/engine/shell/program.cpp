#include "tests/engine/shell/program.hpp"

#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace varve::test {

running_program::running_program(const std::vector<std::string>& arguments)
    : process_(VARVE_PROGRAM, arguments) {}

void running_program::write(const std::string& input) {
  for (std::size_t at = 0; at < input.size();) {
    auto n = ::write(process_.input(), input.data() + at, input.size() - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return; // it ended: finish() tells how
    at += static_cast<std::size_t>(n);
  }
}

bool running_program::wait_for_error(const std::string& text) {
  while (seen_.errors.find(text) == std::string::npos)
    if (!read_into(process_.errors(), seen_.errors))
      return false;
  return true;
}

void running_program::send(int signal) {
  process_.send(signal);
}

program_outcome running_program::finish() {
  read_to_end(process_, seen_.output, seen_.errors);
  seen_.exit_code = process_.wait();
  return seen_;
}

program_outcome run_varve(const std::vector<std::string>& arguments, const std::string& input) {
  running_program run(arguments);
  run.write(input); // inputs of tests fit a pipe, or the program reads them as they come
  return run.finish();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  if (!file.flush())
    throw std::runtime_error("cannot write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string sample_log(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string log;
  while (log.size() < bytes)
    log += "record " + std::to_string(log.size()) + " sets row " + std::to_string(random() % 1000) + " to " +
           std::to_string(random()) + "\n";
  log.resize(bytes);
  return log;
}

} // namespace varve::test
