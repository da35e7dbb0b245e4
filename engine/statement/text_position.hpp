#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace varve {

/// A place in a text, as a reader counts: lines and columns from 1, a column is a character (not a byte).
struct text_position {
  std::size_t offset = 0; ///< bytes before it
  std::size_t line = 1;
  std::size_t column = 1;
  friend bool operator==(const text_position&, const text_position&) = default;
};

/// The place `offset` bytes into `text`, counted on from an earlier place in the same text. Lines end with
/// \n, \r\n or \r. Bytes that are not UTF-8 count one column each.
text_position position_after(std::string_view text, text_position from, std::size_t offset);

/// "line 2, column 7"
std::string to_string(const text_position& at);

/// The line `at` stands in and a caret below the place, two lines indented by two, without a final newline. A
/// long line is cut to the neighbourhood with "..." on the cut sides; what cannot be printed shows as '?'.
std::string show_place(std::string_view text, const text_position& at);

/// The character at `offset` for a message: "';'", "'；' (U+FF1B)", "byte 0x00", "the end of the text"; a
/// word or number as a whole.
std::string show_found(std::string_view text, std::size_t offset);

} // namespace varve
