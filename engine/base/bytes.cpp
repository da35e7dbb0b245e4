#include "engine/base/bytes.hpp"

namespace varve {

std::string to_hex(bytes_view view) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(view.size() * 2);
  for (auto b : view) {
    text.push_back(digits[std::to_integer<unsigned>(b) >> 4]);
    text.push_back(digits[std::to_integer<unsigned>(b) & 15]);
  }
  return text;
}

} // namespace varve
