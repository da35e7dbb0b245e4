#include "engine/destination/destination.hpp"

namespace varve {
namespace {

constexpr std::size_t component_bytes_max = 255;
constexpr std::size_t path_bytes_max = 1024;

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

} // namespace

bool is_object_path(std::string_view path) {
  if (path.empty() || path.size() > path_bytes_max)
    return false;
  std::size_t component_bytes = 0;
  for (auto c : path) {
    if (c == '/') {
      if (component_bytes == 0)
        return false;
      component_bytes = 0;
      continue;
    }
    if (!is_name_character(c) || (c == '.' && component_bytes == 0))
      return false;
    if (++component_bytes > component_bytes_max)
      return false;
  }
  return component_bytes != 0;
}

} // namespace varve
