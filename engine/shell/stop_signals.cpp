#include "engine/shell/stop_signals.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace varve::shell {
namespace {

std::array<int, 2> wake_ends{-1, -1};
std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_stop_signal(int number) {
  if (requested.exchange(true)) {
    std::signal(number, SIG_DFL);
    std::raise(number);
    return;
  }
  char byte = 0;
  [[maybe_unused]] auto n = ::write(wake_ends[1], &byte, 1);
}

} // namespace

void catch_stop_signals() {
  if (wake_ends[0] >= 0)
    return;
  if (::pipe2(wake_ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return; // then the signals keep ending the process
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() {
  return requested.load();
}
int stop_descriptor() {
  return wake_ends[0];
}

bool wait_readable(int descriptor, unsigned long long ns_max) {
  std::array<pollfd, 2> watched{pollfd{stop_descriptor(), POLLIN, 0}, pollfd{descriptor, POLLIN, 0}};
  auto ms = std::min<unsigned long long>((ns_max + 999'999) / 1'000'000, 1'000'000'000);
  if (::poll(watched.data(), watched.size(), static_cast<int>(ms)) <= 0)
    return false;
  return !stop_requested() && watched[1].revents != 0;
}

} // namespace varve::shell
