#include "engine/shell/statement_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace varve::shell {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::string_view full_width_semicolon = "\xef\xbc\x9b";

// The position behind the quoted text that begins at `at`; npos when nothing ends it.
std::size_t end_of_quote(std::string_view text, std::size_t at) {
  char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\' && quote != '`')
      ++at;
    else if (text[at] == quote) {
      if (at + 1 < text.size() && text[at + 1] == quote)
        ++at;
      else
        return at + 1;
    }
  }
  return std::string_view::npos;
}

// The position behind the comment that begins at `at`, or `at` if none does; npos when nothing ends it.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  auto rest = text.substr(at);
  if (rest.starts_with("/*")) {
    auto end = text.find("*/", at + 2);
    return end == std::string_view::npos ? end : end + 2;
  }
  if (rest.starts_with("--") || rest.starts_with("#")) {
    auto end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  return at;
}

std::string trimmed(std::string_view text) {
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

// The text from the first byte that is neither blank nor comment.
std::string_view without_lead(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (blanks.find(text[at]) != std::string_view::npos) {
      ++at;
      continue;
    }
    auto end = end_of_comment(text, at);
    if (end == at)
      return text.substr(at);
    if (end == std::string_view::npos)
      break;
    at = end;
  }
  return {};
}

} // namespace

split_text split_statements(std::string_view text) {
  split_text found;
  std::size_t begin = 0, at = 0;
  bool open_comment = false;
  while (at < text.size()) {
    if (auto end = end_of_comment(text, at); end != at) {
      open_comment = end == std::string_view::npos;
      at = std::min(end, text.size());
      continue;
    }
    if (text[at] == '\'' || text[at] == '"' || text[at] == '`') {
      at = std::min(end_of_quote(text, at), text.size());
      continue;
    }
    std::size_t ends = text[at] == ';' ? 1 : text.substr(at).starts_with(full_width_semicolon) ? 3 : 0;
    if (ends == 0) {
      ++at;
      continue;
    }
    if (!without_lead(text.substr(begin, at - begin)).empty())
      found.complete.push_back(trimmed(text.substr(begin, at + ends - begin)));
    at += ends;
    begin = at;
  }
  // An open comment is more than blanks: it still waits for its end.
  if (open_comment || !without_lead(text.substr(begin)).empty())
    found.rest = trimmed(text.substr(begin));
  return found;
}

bool only_reads(std::string_view statement) {
  std::string word;
  for (char c : without_lead(statement)) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0)
      break;
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return word == "select" || word == "with";
}

} // namespace varve::shell
