#include "tests/crash/host_process.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace varve::test {

host_process::host_process(const std::vector<std::string>& arguments) : process_(CRASH_HOST, arguments) {
  for (int end : {process_.output(), process_.errors()}) {
    // Its lines must not wait for us, nor a full pipe of errors hold it up.
    ::fcntl(end, F_SETPIPE_SZ, 1 << 20);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
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
  std::array<pollfd, 2> from{pollfd{process_.output(), POLLIN, 0}, pollfd{process_.errors(), POLLIN, 0}};
  auto limit = timespec{patience.count() / 1'000'000, patience.count() % 1'000'000 * 1000};
  if (::ppoll(from.data(), from.size(), &limit, nullptr) <= 0)
    return false;
  bool more = read_into(process_.errors(), seen_errors_);
  return read_into(process_.output(), pending_) || more;
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
  while (read_into(process_.output(), pending_)) {
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
  if (::write(process_.input(), "f", 1) < 0)
    return; // it has ended: wait() says how
}

void host_process::stop() {
  process_.send(SIGSTOP);
  siginfo_t state{};
  auto who = static_cast<id_t>(process_.pid());
  while (::waitid(P_PID, who, &state, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  if (state.si_code != CLD_STOPPED)
    throw std::runtime_error("the host ended instead of stopping: " + errors());
}

void host_process::go_on() {
  process_.send(SIGCONT);
}

void host_process::kill() {
  process_.send(SIGKILL);
  process_.wait();
}

int host_process::wait() {
  return process_.wait();
}

std::string host_process::errors() {
  while (read_into(process_.errors(), seen_errors_)) {
  }
  constexpr std::size_t most = 8000;
  return seen_errors_.size() > most ? seen_errors_.substr(seen_errors_.size() - most) : seen_errors_;
}

} // namespace varve::test
