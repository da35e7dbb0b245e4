#include "engine/base/text.hpp"

#include <cstdint>

namespace varve {

character character_at(std::string_view text, std::size_t offset) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[offset + i]); };
  auto first = byte(0);
  if (first < 0x80)
    return {first, 1, true};
  std::size_t count = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || offset + count > text.size())
    return {};
  auto code = static_cast<char32_t>(first & (0xff >> (count + 1)));
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[count] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return {};
  return {code, count, true};
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

std::size_t find_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<std::uint8_t>(text[i]) - 1u < 0x7f) {
      ++i;
      continue;
    }
    auto c = character_at(text, i);
    if (!c.valid || c.code == 0)
      return i;
    i += c.bytes;
  }
  return std::string_view::npos;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (auto& c : made)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c | 0x20);
  return made;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string shown;
  for (std::size_t i = 0; i < text.size();) {
    auto c = character_at(text, i);
    if (i + c.bytes > bytes_max)
      return shown + "...";
    if (c.valid && !is_control(c.code))
      shown.append(text.substr(i, c.bytes));
    else
      shown.push_back('?');
    i += c.bytes;
  }
  return shown;
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  return "'" + printable(text, bytes_max) + "'";
}

} // namespace varve
