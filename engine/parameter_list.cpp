#include "engine/parameter_list.hpp"

#include "engine/statement/option_string.hpp"

#include <array>

namespace varve {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Greedy with one place to go back to, the last %: linear but for that.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, after_percent = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      after_percent = ++p;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (after_percent != std::string_view::npos) {
      p = after_percent;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%')
    ++p;
  return p == pattern.size();
}

struct parameter_row {
  std::string_view name;
  std::string value;
  std::string_view info;
};

} // namespace

sql_result list_parameters(const tenant_settings& settings, std::string_view pattern) {
  dest_option_values option;
  option.checkpoint_interval = settings.option.checkpoint_interval;
  option.piece_switch_interval = settings.option.piece_switch_interval;
  const std::array rows{
      parameter_row{"backup_dest", settings.destination, "where log is archived to"},
      parameter_row{"backup_dest_option", to_text(option), "how it is archived there"},
      parameter_row{"backup_log_archive_option", to_text(settings.how),
                    "who has priority, and the compression"},
  };
  sql_result made;
  made.columns = {"NAME", "VALUE", "INFO"};
  for (const auto& row : rows)
    if (like(row.name, pattern))
      made.rows.push_back({std::string(row.name), row.value, std::string(row.info)});
  return made;
}

} // namespace varve
