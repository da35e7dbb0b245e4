#include "engine/parameter_list.hpp"

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

/// "behind recovery_window …; range [0s, ), initially 0s"
std::string info_of(const parameter& which) {
  auto text = std::string(which.info);
  if (auto range = range_of(which); !range.empty())
    text.append("; range ").append(range);
  if (!which.initial.empty())
    text.append("; initially ").append(which.initial);
  return text;
}

} // namespace

sql_result list_parameters(std::span<const shown_parameter> all, std::string_view pattern) {
  sql_result made;
  made.columns = {"zone",  "svr_type", "svr_ip",  "svr_port", "name",   "data_type",
                  "value", "info",     "section", "scope",    "source", "edit_level"};
  for (const auto& each : all)
    if (like(each.which->name, pattern))
      made.rows.push_back({"", "varve", "", "0", std::string(each.which->name),
                           std::string(type_of(*each.which)), each.value, info_of(*each.which), "LOG_ARCHIVE",
                           each.own ? "TENANT" : "CLUSTER", each.initial ? "DEFAULT" : "SET",
                           "DYNAMIC_EFFECTIVE"});
  return made;
}

} // namespace varve
