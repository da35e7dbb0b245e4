#include "engine/shell/table_printer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace varve::shell {
namespace {

constexpr std::string_view null_text = "NULL";

// Columns on a terminal, not bytes: UTF-8 continuation bytes take no place.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// A cell stays on its line.
std::string one_line(std::string_view text) {
  std::string shown;
  for (char c : text) {
    if (c == '\n')
      shown += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      shown += '?';
    else
      shown += c;
  }
  return shown;
}

void print_table(const sql_result& result, std::ostream& out) {
  std::vector<std::vector<std::string>> cells{{}};
  for (const auto& column : result.columns)
    cells[0].push_back(one_line(column));
  for (const auto& row : result.rows) {
    cells.emplace_back();
    for (const auto& value : row)
      cells.back().push_back(value ? one_line(*value) : std::string(null_text));
  }
  std::vector<std::size_t> widths(result.columns.size());
  for (const auto& row : cells)
    for (std::size_t i = 0; i < widths.size() && i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  std::string border = "+";
  for (auto width : widths)
    border += std::string(width + 2, '-') + '+';
  out << border << '\n';
  for (std::size_t r = 0; r < cells.size(); ++r) {
    out << '|';
    for (std::size_t i = 0; i < widths.size(); ++i) {
      std::string_view cell = i < cells[r].size() ? std::string_view(cells[r][i]) : std::string_view();
      out << ' ' << cell << std::string(widths[i] - width_of(cell), ' ') << " |";
    }
    out << '\n';
    if (r == 0)
      out << border << '\n';
  }
  if (!result.rows.empty())
    out << border << '\n';
  out << result.rows.size() << (result.rows.size() == 1 ? " row" : " rows") << '\n';
}

void print_json(const sql_result& result, std::ostream& out) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  if (!result.columns.empty()) {
    object["columns"] = result.columns;
    object["rows"] = nlohmann::ordered_json::array();
    for (const auto& row : result.rows) {
      nlohmann::ordered_json shown = nlohmann::ordered_json::object();
      for (std::size_t i = 0; i < result.columns.size() && i < row.size(); ++i)
        shown[result.columns[i]] = row[i] ? nlohmann::ordered_json(*row[i]) : nlohmann::ordered_json(nullptr);
      object["rows"].push_back(std::move(shown));
    }
  }
  if (!result.message.empty())
    object["message"] = result.message;
  if (!result.warnings.empty())
    object["warnings"] = result.warnings;
  out << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void print_csv_field(std::string_view text, std::ostream& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out << text;
    return;
  }
  out << '"';
  for (char c : text) {
    if (c == '"')
      out << '"';
    out << c;
  }
  out << '"';
}

void print_csv(const sql_result& result, std::ostream& out) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0)
      out << ',';
    print_csv_field(result.columns[i], out);
  }
  out << "\r\n";
  for (const auto& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0)
        out << ',';
      if (row[i])
        print_csv_field(*row[i], out);
    }
    out << "\r\n";
  }
}

} // namespace

std::optional<output_format> parse_output_format(std::string_view name) {
  if (name == "table")
    return output_format::table;
  if (name == "json")
    return output_format::json;
  if (name == "csv")
    return output_format::csv;
  return std::nullopt;
}

void print_result(const sql_result& result, output_format format, std::ostream& out, std::ostream& notes) {
  if (format == output_format::json) {
    print_json(result, out);
  } else {
    auto& words = format == output_format::csv ? notes : out;
    if (!result.columns.empty()) {
      if (format == output_format::csv)
        print_csv(result, out);
      else
        print_table(result, out);
    }
    if (!result.message.empty())
      words << result.message << '\n';
    else if (result.columns.empty() && format == output_format::table)
      words << "OK\n";
    for (const auto& warning : result.warnings)
      words << "warning: " << warning << '\n';
    notes.flush();
  }
  out.flush();
}

} // namespace varve::shell
