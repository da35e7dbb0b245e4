#include "tests/engine/shell/program.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <random>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

extern char** environ;

namespace varve::test {
namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  return ends;
}

// Reads what is there into `target`; false: the other end is closed.
bool drain(int descriptor, std::string& target) {
  std::array<char, 65536> buffer{};
  auto n = ::read(descriptor, buffer.data(), buffer.size());
  if (n > 0)
    target.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

} // namespace

running_program::running_program(const std::vector<std::string>& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::string name = VARVE_PROGRAM;
  std::vector<char*> words{name.data()};
  for (const auto& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  auto failed = ::posix_spawn(&pid_, name.c_str(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  for (int end : {in[0], out[1], err[1]})
    ::close(end);
  input_ = in[1];
  output_ = out[0];
  errors_ = err[0];
  if (failed != 0)
    throw std::system_error(failed, std::generic_category(), "run " + name);
}

running_program::~running_program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int end : {input_, output_, errors_})
    if (end >= 0)
      ::close(end);
}

void running_program::write(const std::string& input) {
  for (std::size_t at = 0; at < input.size();) {
    auto n = ::write(input_, input.data() + at, input.size() - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return; // it ended: finish() tells how
    at += static_cast<std::size_t>(n);
  }
}

bool running_program::wait_for_error(const std::string& text) {
  while (seen_.errors.find(text) == std::string::npos)
    if (!drain(errors_, seen_.errors))
      return false;
  return true;
}

void running_program::send(int signal) {
  ::kill(pid_, signal);
}

program_outcome running_program::finish() {
  ::close(input_);
  input_ = -1;
  bool out_open = true, err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> ends{pollfd{out_open ? output_ : -1, POLLIN, 0},
                               pollfd{err_open ? errors_ : -1, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0)
      continue;
    if (ends[0].revents != 0)
      out_open = drain(output_, seen_.output);
    if (ends[1].revents != 0)
      err_open = drain(errors_, seen_.errors);
  }
  int outcome = 0;
  while (::waitpid(pid_, &outcome, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  seen_.exit_code = WIFSIGNALED(outcome) ? 128 + WTERMSIG(outcome) : WEXITSTATUS(outcome);
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
