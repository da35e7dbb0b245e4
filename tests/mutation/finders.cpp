#include "tests/mutation/finders.hpp"

#include "tests/harness/child_process.hpp"
#include "tests/sim/sim_run.hpp"

#include <cstdlib>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace varve::test {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string read_to_end(int descriptor) {
  std::string text;
  char part[4096];
  for (ssize_t count; (count = ::read(descriptor, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(count));
  return text;
}

/// What the process that looks for it writes: a line for each seed, and behind the last one what broke.
void look_through(planted_bug bug, std::uint64_t seeds_max, int output) {
  auto say = [output](const std::string& line) {
    if (::write(output, line.data(), line.size()) < 0)
      ::_exit(1);
  };
  planted_now = bug;
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    say(std::to_string(seed) + "\n");
    std::optional<std::string> broken;
    try {
      broken = run_seed(seed).broken;
    } catch (const std::exception& thrown) {
      broken = thrown.what();
    }
    if (broken)
      return say(first_line(*broken));
  }
}

/// A Catch test specification that means exactly this name.
std::string exactly(const std::string& name) {
  std::string spec;
  for (auto c : name) {
    if (c == ',' || c == '"' || c == '[' || c == ']' || c == '\\')
      spec += '\\';
    spec += c;
  }
  return spec;
}

} // namespace

std::optional<finding> find_by_simulation(planted_bug bug, std::uint64_t seeds_max) {
  int ends[2];
  if (::pipe(ends) != 0)
    throw std::runtime_error("no pipe");
  auto child = ::fork();
  if (child < 0)
    throw std::runtime_error("no process");
  if (child == 0) {
    look_through(bug, seeds_max, ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  auto said = read_to_end(ends[0]);
  ::close(ends[0]);
  int outcome = 0;
  ::waitpid(child, &outcome, 0);

  auto line = said.rfind('\n');
  auto before = line == std::string::npos || line == 0 ? std::string::npos : said.rfind('\n', line - 1);
  finding found;
  found.seed = std::strtoull(said.c_str() + (before == std::string::npos ? 0 : before + 1), nullptr, 10);
  found.how = line == std::string::npos ? said : said.substr(line + 1);
  if (WIFSIGNALED(outcome))
    found.how = "it crashes with signal " + std::to_string(WTERMSIG(outcome));
  else if (WEXITSTATUS(outcome) != 0)
    found.how = "it ends with " + std::to_string(WEXITSTATUS(outcome));
  return found.how.empty() ? std::nullopt : std::optional{found};
}

std::optional<finding> find_by_test(planted_bug bug, const std::string& program, const std::string& test) {
  child_process run("/usr/bin/env",
                    {"VARVE_PLANTED_BUG=" + std::to_string(static_cast<int>(bug)),
                     PLANTED_PROGRAMS "/planted_" + program, exactly(test), "--warn", "NoTests"});
  std::string said, errors;
  read_to_end(run, said, errors);
  said += errors;
  auto outcome = run.wait();
  // 127: there is no such program; or a test in which so many checks failed, which says how many.
  bool not_there = outcome == 127 && said.find("test cases:") == std::string::npos;
  if (said.find("No test cases matched") != std::string::npos || not_there)
    throw std::runtime_error("planted_" + program + " has no test '" + test + "':\n" + said);
  if (outcome == 0)
    return std::nullopt;
  return finding{0, said};
}

} // namespace varve::test
