#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text from outside: UTF-8, or meant to be.
namespace varve {

/// What stands at a place in a text.
struct character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false; ///< false: the byte there is not the beginning of a character
};

/// The character at `offset` < text.size(): shortest UTF-8 form only, no surrogates, at most U+10FFFF.
character character_at(std::string_view text, std::size_t offset);

/// A space, or what moves on like one: tab to carriage return.
bool is_blank(char c);

/// ASCII letters small, whatever the locale; all else as it is.
std::string lower(std::string_view text);

/// C0, DEL and C1: what moves a cursor, colours a terminal or ends a line.
bool is_control(char32_t code);

/// The first byte that is NUL or not part of valid UTF-8; npos if there is none.
std::size_t find_bad_byte(std::string_view text);

inline constexpr std::size_t shown_bytes_max = 200;

/// A text from outside as part of one line of a message or a log: control characters and bytes that are not
/// UTF-8 come as '?', so that they neither steer a terminal nor make lines of their own. More than
/// `bytes_max` bytes are cut, at a character, and end in "...".
std::string printable(std::string_view text, std::size_t bytes_max = shown_bytes_max);

/// The same between single quotes.
std::string in_quotes(std::string_view text, std::size_t bytes_max = shown_bytes_max);

} // namespace varve
