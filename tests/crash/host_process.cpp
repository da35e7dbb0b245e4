#include "tests/crash/host_process.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
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

/// False: nothing came, or nothing can come any more.
bool read_into(int from, std::string& to) {
  std::array<char, 65536> buffer{};
  auto n = ::read(from, buffer.data(), buffer.size());
  if (n > 0)
    to.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

} // namespace

host_process::host_process(const std::vector<std::string>& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  // Its lines must not wait for us, nor a full pipe of errors hold it up.
  ::fcntl(out[1], F_SETPIPE_SZ, 1 << 20);
  ::fcntl(err[1], F_SETPIPE_SZ, 1 << 20);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::string name = CRASH_HOST;
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
  for (int end : {output_, errors_})
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  if (failed != 0)
    throw std::system_error(failed, std::generic_category(), "run " + name);
}

host_process::~host_process() {
  kill();
  for (int end : {input_, output_, errors_})
    ::close(end);
}

std::optional<std::string> host_process::next_pending() {
  auto end = pending_.find('\n');
  if (end == std::string::npos)
    return std::nullopt;
  auto line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

bool host_process::read_more(std::chrono::microseconds patience) {
  std::array<pollfd, 2> from{pollfd{output_, POLLIN, 0}, pollfd{errors_, POLLIN, 0}};
  auto limit = timespec{patience.count() / 1'000'000, patience.count() % 1'000'000 * 1000};
  if (::ppoll(from.data(), from.size(), &limit, nullptr) <= 0)
    return false;
  bool more = read_into(errors_, seen_errors_);
  return read_into(output_, pending_) || more;
}

std::optional<std::string> host_process::line(std::chrono::milliseconds patience) {
  for (;;) {
    if (auto found = next_pending())
      return found;
    if (!read_more(patience))
      return std::nullopt;
  }
}

std::optional<std::string> host_process::lines_until(const std::function<bool(const std::string&)>& wanted,
                                                     const std::function<void(const std::string&)>& each) {
  while (auto found = line()) {
    each(*found);
    if (wanted(*found))
      return found;
  }
  return std::nullopt;
}

void host_process::drain(const std::function<void(const std::string&)>& each) {
  while (read_into(output_, pending_)) {
  }
  while (auto found = next_pending())
    each(*found);
}

void host_process::linger(std::chrono::microseconds moment) {
  // Its lines wait in the pipe meanwhile.
  auto limit = timespec{moment.count() / 1'000'000, moment.count() % 1'000'000 * 1000};
  ::ppoll(nullptr, 0, &limit, nullptr);
}

void host_process::say_finish() {
  if (::write(input_, "f", 1) < 0)
    return; // it has ended: wait() says how
}

void host_process::stop() {
  ::kill(pid_, SIGSTOP);
  int state = 0;
  while (::waitpid(pid_, &state, WUNTRACED) < 0 && errno == EINTR) {
  }
  if (!WIFSTOPPED(state)) {
    pid_ = -1;
    throw std::runtime_error("the host ended instead of stopping: " + errors());
  }
}

void host_process::go_on() {
  ::kill(pid_, SIGCONT);
}

void host_process::kill() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  wait();
}

int host_process::wait() {
  if (pid_ <= 0)
    return outcome_;
  int state = 0;
  while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  outcome_ = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
  return outcome_;
}

std::string host_process::errors() {
  while (read_into(errors_, seen_errors_)) {
  }
  constexpr std::size_t most = 8000;
  return seen_errors_.size() > most ? seen_errors_.substr(seen_errors_.size() - most) : seen_errors_;
}

} // namespace varve::test
