#include "engine/statement/text_position.hpp"

#include "engine/base/text.hpp"

#include <cstdint>
#include <cstdio>

namespace varve {
namespace {

/// Columns of a terminal: East Asian wide and full-width characters take two.
std::size_t display_width(char32_t code) {
  bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
              (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
              (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
              (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

bool ends_line(char c) {
  return c == '\n' || c == '\r';
}
bool is_continuation(char c) {
  return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80;
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/// A line with a URI in it may be logged by the host: what follows its '?', and what stands before the '@' of
/// its host, is covered, each byte by a star.
void hide_credentials(std::string& line) {
  constexpr std::string_view ends = "'\"` \t";
  auto uri = line.find("//");
  if (uri == std::string::npos)
    return;
  for (auto at = line.find('?', uri); at != std::string::npos; at = line.find('?', at + 1))
    for (auto i = at + 1; i < line.size() && ends.find(line[i]) == ends.npos; ++i)
      line[i] = '*';
  for (auto at = uri; at != std::string::npos; at = line.find("//", at + 2)) {
    auto end = std::min(line.find_first_of("'\"` \t/?", at + 2), line.size());
    auto host = line.rfind('@', end);
    if (host != std::string::npos && host > at)
      std::fill(line.begin() + static_cast<std::ptrdiff_t>(at + 2),
                line.begin() + static_cast<std::ptrdiff_t>(host), '*');
  }
}

} // namespace

text_position position_after(std::string_view text, text_position from, std::size_t offset) {
  auto at = from;
  while (at.offset < offset) {
    auto c = text[at.offset];
    bool half_end = c == '\r' && at.offset + 1 < text.size() && text[at.offset + 1] == '\n';
    if (ends_line(c) && !half_end) {
      ++at.line;
      at.column = 1;
      ++at.offset;
    } else {
      ++at.column;
      at.offset += character_at(text, at.offset).bytes;
    }
  }
  return at;
}

std::string to_string(const text_position& at) {
  return "line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

std::string show_place(std::string_view text, const text_position& at) {
  constexpr std::size_t before_max = 70, after_max = 38; // characters shown on each side of the place
  auto begin = at.offset;
  for (std::size_t shown = 0; begin > 0 && shown < before_max && !ends_line(text[begin - 1]); ++shown) {
    --begin;
    for (int i = 0; i < 3 && begin > 0 && is_continuation(text[begin]); ++i)
      --begin;
  }
  std::string line = "  ", caret = "  ";
  if (begin > 0 && !ends_line(text[begin - 1])) {
    line += "...";
    caret += "   ";
  }
  std::size_t after = 0;
  for (auto i = begin; i < text.size() && !ends_line(text[i]);) {
    if (i >= at.offset && after++ == after_max) {
      line += "...";
      break;
    }
    auto c = character_at(text, i);
    bool printable = c.valid && !is_control(c.code);
    if (printable)
      line.append(text.substr(i, c.bytes));
    else
      line.push_back(c.code == '\t' ? ' ' : '?');
    if (i < at.offset)
      caret.append(printable ? display_width(c.code) : 1, ' ');
    i += c.bytes;
  }
  hide_credentials(line);
  return line + "\n" + caret + "^";
}

std::string show_found(std::string_view text, std::size_t offset) {
  constexpr std::size_t word_bytes_max = 40;
  if (offset >= text.size())
    return "the end of the text";
  auto end = offset;
  while (end < text.size() && is_word(text[end]) && end - offset < word_bytes_max)
    ++end;
  if (end > offset) {
    auto word = "'" + std::string(text.substr(offset, end - offset));
    return word + (end < text.size() && is_word(text[end]) ? "...'" : "'");
  }
  auto c = character_at(text, offset);
  char code[24];
  if (!c.valid || is_control(c.code)) {
    std::snprintf(code, sizeof code, "byte 0x%02x",
                  static_cast<unsigned>(static_cast<std::uint8_t>(text[offset])));
    return code;
  }
  auto shown = "'" + std::string(text.substr(offset, c.bytes)) + "'";
  if (c.code < 0x80)
    return shown;
  std::snprintf(code, sizeof code, " (U+%04X)", static_cast<unsigned>(c.code));
  return shown + code;
}

} // namespace varve
