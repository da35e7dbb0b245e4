#include "catalog/views/virtual_tables.hpp"

#include <sqlite3.h>

#include <exception>
#include <memory>

namespace varve {
namespace {

// SQLite's callbacks are C: nothing may be thrown through them, and its structs come first in ours.

struct connected_table : sqlite3_vtab {
  virtual_tables::table* table = nullptr;
};

struct open_cursor : sqlite3_vtab_cursor {
  virtual_tables::table* table = nullptr;
  const std::vector<std::size_t>* chosen = nullptr; ///< nullptr: all rows
  std::size_t count = 0, at = 0;
  std::size_t row() const { return chosen ? (*chosen)[at] : at; }
};

constexpr sqlite3_int64 rows_guess = 10'000, rows_guess_found = 100;

bool is_integer(const view_column& column) {
  return column.type.starts_with("bigint");
}

/// Runs what may throw: the only thing that can is the allocator.
template <class F>
int guarded(F call) {
  try {
    return call();
  } catch (const std::exception&) {
    return SQLITE_NOMEM;
  }
}

int connect(sqlite3* connection, void* table, int, const char* const*, sqlite3_vtab** made, char**) {
  return guarded([&] {
    const auto& shape = *static_cast<virtual_tables::table*>(table)->shape;
    std::string text = "CREATE TABLE x(";
    for (const auto& column : shape.columns) {
      if (text.back() != '(')
        text.append(", ");
      text.append("\"").append(column.name).append("\" ").append(column.type);
    }
    if (int outcome = sqlite3_declare_vtab(connection, text.append(")").c_str()); outcome != SQLITE_OK)
      return outcome;
    auto handle = std::make_unique<connected_table>();
    handle->table = static_cast<virtual_tables::table*>(table);
    *made = handle.release();
    return SQLITE_OK;
  });
}

// A function of its own: where create and connect are the same, SQLite knows the table under every schema
// name.
int create(sqlite3* connection, void* table, int n, const char* const* arguments, sqlite3_vtab** made,
           char** why) {
  return connect(connection, table, n, arguments, made, why);
}

int disconnect(sqlite3_vtab* handle) {
  delete static_cast<connected_table*>(handle);
  return SQLITE_OK;
}

/// A join on a number must not look at every row again: the first such condition is answered from an index.
int best_index(sqlite3_vtab* handle, sqlite3_index_info* plan) {
  const auto& shape = *static_cast<connected_table*>(handle)->table->shape;
  plan->estimatedRows = rows_guess;
  plan->estimatedCost = static_cast<double>(rows_guess);
  for (int i = 0; i < plan->nConstraint; ++i) {
    const auto& condition = plan->aConstraint[i];
    if (!condition.usable || condition.op != SQLITE_INDEX_CONSTRAINT_EQ || condition.iColumn < 0 ||
        !is_integer(shape.columns[static_cast<std::size_t>(condition.iColumn)]))
      continue;
    plan->aConstraintUsage[i].argvIndex = 1; // SQLite compares again: conversions stay its business
    plan->idxNum = condition.iColumn + 1;
    plan->estimatedRows = rows_guess_found;
    plan->estimatedCost = static_cast<double>(rows_guess_found);
    break;
  }
  return SQLITE_OK;
}

int open(sqlite3_vtab* handle, sqlite3_vtab_cursor** made) {
  return guarded([&] {
    auto cursor = std::make_unique<open_cursor>();
    cursor->table = static_cast<connected_table*>(handle)->table;
    *made = cursor.release();
    return SQLITE_OK;
  });
}

int close(sqlite3_vtab_cursor* handle) {
  delete static_cast<open_cursor*>(handle);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* handle, int plan, const char*, int count, sqlite3_value** values) {
  return guarded([&] {
    auto& cursor = *static_cast<open_cursor*>(handle);
    if (!cursor.table->load())
      return SQLITE_ERROR;
    cursor.at = 0;
    cursor.chosen = nullptr;
    cursor.count = cursor.table->rows->size();
    // A text or real may equal an integer after conversion: then SQLite looks at every row.
    if (plan > 0 && count == 1 && sqlite3_value_type(values[0]) == SQLITE_INTEGER) {
      cursor.chosen = cursor.table->find(plan - 1, sqlite3_value_int64(values[0]));
      cursor.count = cursor.chosen ? cursor.chosen->size() : 0;
    }
    return SQLITE_OK;
  });
}

int next(sqlite3_vtab_cursor* handle) {
  ++static_cast<open_cursor*>(handle)->at;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* handle) {
  auto& cursor = *static_cast<open_cursor*>(handle);
  return cursor.at >= cursor.count ? 1 : 0;
}

int column(sqlite3_vtab_cursor* handle, sqlite3_context* answer, int number) {
  const auto& cursor = *static_cast<open_cursor*>(handle);
  const auto& cell = (*cursor.table->rows)[cursor.row()][static_cast<std::size_t>(number)];
  if (const auto* integer = std::get_if<std::int64_t>(&cell))
    sqlite3_result_int64(answer, *integer);
  else if (const auto* real = std::get_if<double>(&cell))
    sqlite3_result_double(answer, *real);
  else if (const auto* text = std::get_if<std::string>(&cell))
    sqlite3_result_text64(answer, text->data(), text->size(), nullptr /* rows outlive the statement */,
                          SQLITE_UTF8);
  else
    sqlite3_result_null(answer);
  return SQLITE_OK;
}

int row_number(sqlite3_vtab_cursor* handle, sqlite3_int64* answer) {
  *answer = static_cast<sqlite3_int64>(static_cast<open_cursor*>(handle)->row()) + 1;
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module module{}; // no xUpdate: SQLite refuses every write
  module.iVersion = 1;
  module.xCreate = create;
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xDestroy = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_number;
  return module;
}

} // namespace

bool virtual_tables::table::load() {
  if (rows)
    return true;
  auto made = shape->rows(owner->input_);
  if (!made.ok()) {
    owner->failed_ = made.error();
    return false;
  }
  rows = std::move(made).value();
  return true;
}

const std::vector<std::size_t>* virtual_tables::table::find(int column, std::int64_t value) {
  auto [found, fresh] = indexes.try_emplace(column);
  auto& index = found->second;
  if (fresh)
    for (std::size_t row = 0; row < rows->size(); ++row)
      if (const auto* x = std::get_if<std::int64_t>(&(*rows)[row][static_cast<std::size_t>(column)]))
        index[*x].push_back(row);
  auto at = index.find(value);
  return at == index.end() ? nullptr : &at->second;
}

int virtual_tables::attach(sqlite3* connection) {
  static const sqlite3_module module = make_module();
  int outcome = sqlite3_exec(connection, "ATTACH ':memory:' AS oceanbase", nullptr, nullptr, nullptr);
  for (const auto& shape : all_views()) {
    if (outcome != SQLITE_OK)
      break;
    auto& table = tables_.emplace_back();
    table.shape = &shape;
    table.owner = this;
    std::string name(shape.name);
    outcome = sqlite3_create_module(connection, name.c_str(), &module, &table);
    auto text = "CREATE VIRTUAL TABLE oceanbase." + name + " USING " + name;
    if (outcome == SQLITE_OK)
      outcome = sqlite3_exec(connection, text.c_str(), nullptr, nullptr, nullptr);
  }
  return outcome;
}

} // namespace varve
