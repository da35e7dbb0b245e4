#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve::shell {

/// Cuts text that comes in parts (lines of a prompt) at the ';' that stand outside quotes and comments, where
/// the parser ends a statement. Looks at every byte once, however many parts there are.
///
/// Knows '…', "…" and `…` (the quote itself is written twice inside, a backslash is an ordinary character),
/// [names] in SELECT, -- and # to the end of the line, and /* … */; also the full-width ； that Chinese
/// manuals print. Never fails: what is a statement is the parser's to say.
class statement_splitter {
public:
  /// The statements that end in `more`, each with its ';', blanks around it removed; none that is only
  /// blanks and comments.
  std::vector<std::string> add(std::string_view more);

  /// What follows the last ';', blanks around it removed; empty when that is only blanks or comments. An open
  /// comment is more than that: it still waits for its end.
  std::string rest() const;
  bool waits() const { return begun_ || inside_ == part::comment; }

private:
  enum class part { between, quote, line_comment, comment };
  bool step();
  bool is_select();
  void end_statement(std::size_t size, std::vector<std::string>& complete);

  std::string text_;
  std::size_t begin_ = 0; // of the statement
  std::size_t at_ = 0;    // looked at so far
  part inside_ = part::between;
  char quote_ = 0;     // what ends it
  bool begun_ = false; // the statement has more than blanks and comments
  std::optional<bool> select_;
};

struct split_text {
  std::vector<std::string> complete;
  std::string rest;
};
/// The same for a whole text.
split_text split_statements(std::string_view text);

/// SELECT or WITH … SELECT: may run beside another process that owns the data directory.
bool only_reads(std::string_view statement);

} // namespace varve::shell
