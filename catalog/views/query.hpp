#pragma once

#include "catalog/views/view.hpp"

namespace varve {

/// What a SELECT returns: text, or nullopt for NULL.
struct query_table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// What one SELECT may use. Work is counted, not timed, so that the same query always ends the same way.
struct query_limits {
  std::uint64_t steps = 200'000'000;                     ///< of SQLite's machine; some seconds
  std::uint64_t result_bytes = std::uint64_t{256} << 20; ///< of all cells
};

/// Runs one SELECT (or WITH … SELECT, or VALUES) on the views, in SQLite's language: WHERE, JOIN, GROUP BY,
/// ORDER BY, LIMIT, aliases, functions. A view is named with or without `oceanbase.`, in any case. All of one
/// SELECT sees input.catalog at one moment. Cells of a decimal column come with its decimals, all others as
/// SQLite prints them.
///
/// Errors: parse_error (SQLite's words, line and column), unknown_view (no such view or column, and the
/// nearest there are), not_supported (anything but SELECT: no write, ATTACH, PRAGMA, extension), canceled
/// (past a limit), invalid_argument (a value a function refuses), or the catalog's. Thread-safe.
result<query_table> run_select(std::string_view text, const view_input& input,
                               const query_limits& limits = {});

} // namespace varve
