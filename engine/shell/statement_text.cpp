#include "engine/shell/statement_text.hpp"

#include <algorithm>
#include <cctype>

namespace varve::shell {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::string_view full_width_semicolon = "\xef\xbc\x9b";

// The position behind the comment that begins at `at`, or `at` if none does; npos when nothing ends it.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  auto rest = text.substr(at);
  if (rest.starts_with("/*")) {
    auto end = text.find("*/", at + 2);
    return end == std::string_view::npos ? end : end + 2;
  }
  if (rest.starts_with("--") || rest.starts_with("#")) {
    auto end = text.find_first_of("\n\r", at);
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

/// Goes on by one mark, quoted text or comment; false: what it has does not say yet what comes.
bool statement_splitter::step() {
  auto rest = std::string_view(text_).substr(at_);
  auto skip_to = [&](std::size_t found, std::size_t mark, std::size_t kept) {
    bool ends = found != std::string_view::npos;
    at_ += ends ? found + mark : rest.size() - std::min(kept, rest.size());
    if (ends)
      inside_ = part::between;
    return ends;
  };
  switch (inside_) {
  case part::quote: // one that is doubled ends here and begins again
    return skip_to(rest.find(quote_), 1, 0);
  case part::line_comment:
    return skip_to(rest.find_first_of("\n\r"), 1, 0);
  case part::comment:
    return skip_to(rest.find("*/"), 2, 1);
  case part::between:
    break;
  }
  for (auto mark : {std::string_view("--"), std::string_view("/*"), full_width_semicolon})
    if (rest.size() < mark.size() && mark.starts_with(rest))
      return false;
  auto enter = [&](part what, std::size_t mark) {
    inside_ = what;
    at_ += mark;
    return true;
  };
  if (rest.starts_with("/*"))
    return enter(part::comment, 2);
  if (rest.starts_with("--") || rest[0] == '#')
    return enter(part::line_comment, 1);
  begun_ = begun_ || blanks.find(rest[0]) == blanks.npos;
  quote_ = rest[0] == '[' ? ']' : rest[0];
  if (rest[0] == '\'' || rest[0] == '"' || rest[0] == '`' || (rest[0] == '[' && is_select()))
    return enter(part::quote, 1);
  ++at_;
  return true;
}

bool statement_splitter::is_select() {
  if (!select_)
    select_ = only_reads(std::string_view(text_).substr(begin_));
  return *select_;
}

void statement_splitter::end_statement(std::size_t size, std::vector<std::string>& complete) {
  at_ += size;
  if (begun_)
    complete.push_back(trimmed(std::string_view(text_).substr(begin_, at_ - begin_)));
  begin_ = at_;
  begun_ = false;
  select_.reset();
}

std::vector<std::string> statement_splitter::add(std::string_view more) {
  text_.append(more);
  std::vector<std::string> complete;
  while (at_ < text_.size()) {
    auto rest = std::string_view(text_).substr(at_);
    bool wide = rest.starts_with(full_width_semicolon);
    if (inside_ == part::between && (wide || rest[0] == ';'))
      end_statement(wide ? full_width_semicolon.size() : 1, complete);
    else if (!step())
      break;
  }
  if (!waits())
    begin_ = at_;
  text_.erase(0, begin_);
  at_ -= begin_;
  begin_ = 0;
  return complete;
}

std::string statement_splitter::rest() const {
  bool mark = inside_ == part::between && at_ < text_.size(); // half of a mark that does not come any more
  return waits() || mark ? trimmed(text_) : std::string();
}

split_text split_statements(std::string_view text) {
  statement_splitter splitter;
  auto complete = splitter.add(text);
  return {std::move(complete), splitter.rest()};
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
