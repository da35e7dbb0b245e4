#pragma once

#include "engine/archive_engine.hpp"

#include <iosfwd>
#include <optional>
#include <string_view>

namespace varve::shell {

enum class output_format { table, json, csv };
/// "table", "json", "csv".
std::optional<output_format> parse_output_format(std::string_view name);

/// Prints one result of a statement.
///   table: columns with borders, NULL for no value; then the number of rows; a statement without rows prints
///   its
///          message. Warnings follow as "warning: …".
///   json:  one object on one line: {"columns":[…],"rows":[{column: text or
///   null}],"message":…,"warnings":[…]};
///          keys that would be empty are left out, "rows" stays wherever there are columns.
///   csv:   RFC 4180 with a header line; NULL is an empty field, an empty text is "". Messages and warnings
///   go
///          to `notes`, so that the output is data alone.
void print_result(const sql_result& result, output_format format, std::ostream& out, std::ostream& notes);

} // namespace varve::shell
