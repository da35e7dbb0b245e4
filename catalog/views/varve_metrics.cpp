#include "catalog/views/varve_metrics.hpp"

#include <array>

namespace varve {
namespace {

constexpr std::array<view_column, 6> columns{{
    {"NAME", "varchar(64)"},
    {"LABELS", "varchar(1024)"},
    {"TENANT_ID", "bigint(20)"},
    {"TYPE", "varchar(16)"},
    {"VALUE", "double"},
    {"HELP", "varchar(256)"},
}};

/// In Prometheus' text format: quote, backslash and line end of a value are escaped.
std::string labels_text(const metric_sample& x) {
  std::string text;
  for (auto& [name, value] : x.labels) {
    text.append(text.empty() ? "" : ",").append(name).append("=\"");
    for (char c : value) {
      if (c == '"' || c == '\\')
        text += '\\';
      if (c == '\n')
        text += "\\n";
      else
        text += c;
    }
    text += '"';
  }
  return text;
}

result<std::vector<view_row>> rows(const view_input& input) {
  std::vector<view_row> found;
  if (!input.metrics)
    return found;
  VARVE_TRY_ASSIGN(auto samples, input.metrics());
  for (auto& x : samples)
    found.push_back({
        std::move(x.name),
        labels_text(x),
        x.tenant ? number_cell(*x.tenant) : view_cell{nullptr},
        std::string(x.kind == metric_kind::counter ? "counter" : "gauge"),
        x.value,
        std::move(x.help),
    });
  return found;
}

} // namespace

// Ready before any code runs: other files' initializers may ask for it.
constinit const view varve_metrics{"VARVE_METRICS", columns, rows};

} // namespace varve
