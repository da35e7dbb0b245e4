#pragma once

#include "engine/base/result.hpp"
#include "engine/statement/statements.hpp"
#include "engine/statement/text_position.hpp"

namespace varve {

struct parsed_statement {
  statement body;
  std::string text; ///< as written, without the ';' and the blanks around it
  text_position at; ///< where it begins
};

struct parsed_text {
  std::vector<parsed_statement> statements; ///< in order; none where the text is only blanks and comments
  std::vector<std::string> warnings;        ///< each with line and column; at most warnings_max
};
inline constexpr std::size_t warnings_max = 100;

/// Reads statements separated by ';' (STATEMENTS.md has the grammar). All or nothing: an error anywhere
/// refuses the whole text, so that the statements before it have not run. Time and memory are linear in the
/// text; nothing recurses. Thread-safe; no I/O.
///
/// Errors, each with line, column, the line and a caret under the place:
/// - parse_error: not a statement (what was expected and what was found), a string or comment never closed, a
///   number above 64 bits, a clause given twice, a NUL byte or bytes that are not UTF-8;
/// - invalid_argument: SET of an unknown parameter; NOT BACKED UP 0 TIMES;
/// - not_supported: NOT BACKED UP n TIMES without BACKUP_BACKUP_DEST.
result<parsed_text> parse_statements(std::string_view text);

} // namespace varve
