#include "engine/shell/line_editor.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

// readline wants FILE from <cstdio> before it.
#include <readline/history.h>
#include <readline/readline.h>

namespace varve::shell {

namespace {
constexpr int history_lines_max = 1000;
}

line_editor::line_editor(std::string history_file)
    : history_file_(std::move(history_file)),
      interactive_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) {
  if (!interactive_)
    return;
  rl_readline_name = "varve";
  ::rl_bind_key('\t', ::rl_insert);
  ::using_history();
  ::stifle_history(history_lines_max);
  if (!history_file_.empty())
    ::read_history(history_file_.c_str());
}

line_editor::~line_editor() {
  if (interactive_ && !history_file_.empty())
    ::write_history(history_file_.c_str());
}

std::optional<std::string> line_editor::read(const std::string& prompt) {
  if (!interactive_) {
    std::string line;
    if (!std::getline(std::cin, line))
      return std::nullopt;
    return line;
  }
  char* typed = ::readline(prompt.c_str());
  if (typed == nullptr)
    return std::nullopt;
  std::string line = typed;
  std::free(typed);
  return line;
}

void line_editor::remember(const std::string& statement) {
  if (!interactive_)
    return;
  std::string line = statement;
  std::replace(line.begin(), line.end(), '\n', ' ');
  auto last = ::history_length > 0 ? ::history_get(::history_base + ::history_length - 1) : nullptr;
  if (last == nullptr || line != last->line)
    ::add_history(line.c_str());
}

} // namespace varve::shell
