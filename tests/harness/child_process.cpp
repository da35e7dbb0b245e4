#include "tests/harness/child_process.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace varve::test {
namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  return ends;
}

} // namespace

child_process::child_process(std::string program, const std::vector<std::string>& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::vector<char*> words{program.data()};
  for (const auto& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  auto failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  for (int end : {in[0], out[1], err[1]})
    ::close(end);
  input_ = in[1];
  output_ = out[0];
  errors_ = err[0];
  if (failed == 0)
    return;
  for (int end : {input_, output_, errors_})
    ::close(end);
  throw std::system_error(failed, std::generic_category(), "run " + program);
}

child_process::~child_process() {
  send(SIGKILL);
  wait();
  close_input();
  ::close(output_);
  ::close(errors_);
}

void child_process::close_input() {
  if (input_ >= 0)
    ::close(std::exchange(input_, -1));
}

void child_process::send(int signal) {
  if (pid_ > 0)
    ::kill(pid_, signal);
}

int child_process::wait() {
  if (pid_ <= 0)
    return outcome_;
  int state = 0;
  while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  outcome_ = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
  return outcome_;
}

bool read_into(int from, std::string& to) {
  std::array<char, 65536> buffer{};
  ssize_t n = 0;
  do
    n = ::read(from, buffer.data(), buffer.size());
  while (n < 0 && errno == EINTR);
  if (n > 0)
    to.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

void read_to_end(child_process& from, std::string& output, std::string& errors) {
  from.close_input();
  bool out_open = true, err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> ends{pollfd{out_open ? from.output() : -1, POLLIN, 0},
                               pollfd{err_open ? from.errors() : -1, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0)
      continue;
    if (ends[0].revents != 0)
      out_open = read_into(from.output(), output);
    if (ends[1].revents != 0)
      err_open = read_into(from.errors(), errors);
  }
}

} // namespace varve::test
