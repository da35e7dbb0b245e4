#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

using bytes = std::vector<std::byte>;             ///< bytes somebody owns
using bytes_view = std::span<const std::byte>;    ///< bytes somebody else keeps alive
using mutable_bytes = std::span<std::byte>;

inline bytes_view as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(bytes_view view) {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}
inline bytes to_bytes(bytes_view view) { return {view.begin(), view.end()}; }
inline bool equal(bytes_view a, bytes_view b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
inline void append(bytes& target, bytes_view view) { target.insert(target.end(), view.begin(), view.end()); }

/// "00ff12…", lower case, two digits a byte.
std::string to_hex(bytes_view view);

} // namespace varve
