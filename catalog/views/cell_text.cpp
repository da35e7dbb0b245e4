#include "catalog/views/cell_text.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace varve {

std::string time_text(scn time) {
  if (time == 0)
    return {};
  return time == scn_max ? "MAX" : format_time(time);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  std::uint64_t size = std::uint64_t{1} << 20;
  while (unit + 1 < units.size() && bytes >= size << 10) {
    size <<= 10;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%s", static_cast<double>(bytes) / static_cast<double>(size),
                units[unit]);
  return text;
}

double compression_ratio(const byte_counts& counts) {
  if (counts.input_bytes == 0)
    return 0;
  auto ratio = static_cast<double>(counts.output_bytes) / static_cast<double>(counts.input_bytes);
  return std::round(ratio * 100) / 100;
}

std::string age_text(duration_ns age) {
  constexpr std::array<std::pair<duration_ns, std::string_view>, 4> units{
      {{one_day, "d"}, {one_hour, "h"}, {one_minute, "m"}, {one_second, "s"}}};
  for (std::size_t i = 0; i + 1 < units.size(); ++i) {
    auto [size, letter] = units[i];
    if (age < size)
      continue;
    auto text = std::to_string(age / size).append(letter);
    if (auto rest = age % size / units[i + 1].first; rest > 0)
      text.append(std::to_string(rest)).append(units[i + 1].second);
    return text;
  }
  return std::to_string(age / one_second) + "s";
}

} // namespace varve
