#include "bench/tool_speed.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace varve::bench {
namespace {

// Everything the program writes to its two outputs, or nothing when it could not be run.
std::optional<std::string> run_and_read(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> arguments;
  for (const auto& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  bool started = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; started && (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  ::close(ends[0]);
  if (!started)
    return std::nullopt;
  int outcome = 0;
  ::waitpid(child, &outcome, 0);
  return WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0 ? std::optional(text) : std::nullopt;
}

// The numbers before "MB/s" in "…,  558.0 MB/s, 1360.7 MB/s": bytes a second (their MB is 10^6).
std::vector<double> speeds_in(std::string_view line) {
  std::vector<double> speeds;
  for (auto at = line.find(" MB/s"); at != std::string_view::npos; at = line.find(" MB/s", at + 1)) {
    auto begin = line.find_last_not_of("0123456789.", at - 1) + 1;
    speeds.push_back(std::strtod(std::string(line.substr(begin, at - begin)).c_str(), nullptr) * 1e6);
  }
  return speeds;
}

} // namespace

std::optional<tool_speed> ask_codec_tool(codec codec, const std::string& path, double seconds) {
  if (codec == codec::none)
    return std::nullopt;
  std::string tool = codec == codec::lz4 ? "lz4" : "zstd";
  auto text =
      run_and_read({tool, "-b1", "-i" + std::to_string(std::clamp(static_cast<int>(seconds), 1, 10)), path});
  if (!text)
    return std::nullopt;
  // It overwrites its line after every loop; the last one with both speeds is the result.
  std::optional<tool_speed> found;
  for (std::size_t at = 0; at < text->size();) {
    auto end = text->find_first_of("\r\n", at);
    if (end == std::string::npos)
      end = text->size();
    auto speeds = speeds_in(std::string_view(*text).substr(at, end - at));
    if (speeds.size() == 2)
      found = tool_speed{tool + " -b1", speeds[0], speeds[1]};
    at = end + 1;
  }
  return found;
}

} // namespace varve::bench
