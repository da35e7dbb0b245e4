#include "engine/shell/demo_process.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace varve::shell {

result<demo_process> demo_process::start(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return system_error(errno, "make", "a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string name = "varve";
  std::vector<char*> words{name.data()};
  for (const auto& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_t pid = 0;
  constexpr const char* self = "/proc/self/exe";
  auto failed = ::posix_spawn(&pid, self, &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return system_error(failed, "run", self);
  }
  return demo_process(pid, ends[0]);
}

demo_process::demo_process(demo_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)),
      pending_(std::move(other.pending_)) {}

demo_process::~demo_process() {
  if (pid_ > 0)
    kill_now();
  if (output_ >= 0)
    ::close(output_);
}

std::optional<std::string> demo_process::read_line() {
  while (true) {
    if (auto end = pending_.find('\n'); end != std::string::npos) {
      auto line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> buffer{};
    auto n = ::read(output_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return std::nullopt;
    pending_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

void demo_process::kill_now() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  wait();
}

int demo_process::wait() {
  int outcome = 0;
  while (::waitpid(pid_, &outcome, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(outcome) ? 128 + WTERMSIG(outcome) : WEXITSTATUS(outcome);
}

} // namespace varve::shell
