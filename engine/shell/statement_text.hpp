#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace varve::shell {

/// Text of statements, cut at the ';' that stand outside quotes and comments.
struct split_text {
  std::vector<std::string>
      complete;     ///< each with its ';', blanks around it removed; none that is only blanks
  std::string rest; ///< what follows the last ';'; empty when that is only blanks or comments
};

/// Knows '…' and "…" (a doubled quote or a backslash inside does not end them), `…`, -- and # to the end of
/// the line, and /* … */; also the full-width ； that Chinese manuals print. Never fails: what is a statement
/// is the parser's to say.
split_text split_statements(std::string_view text);

/// SELECT or WITH … SELECT: may run beside another process that owns the data directory.
bool only_reads(std::string_view statement);

} // namespace varve::shell
