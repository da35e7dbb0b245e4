#include "catalog/views/query.hpp"

#include "catalog/views/query_error.hpp"
#include "catalog/views/virtual_tables.hpp"
#include "engine/base/text.hpp"

#include <sqlite3.h>

#include <charconv>
#include <cstdio>
#include <memory>

namespace varve {
namespace {

constexpr auto select_hint = "write one SELECT on the views, as SELECT * FROM CDB_OB_BACKUP_ARCHIVELOG";
constexpr int steps_per_look = 1000;
constexpr std::size_t text_bytes_max = 1 << 20;
constexpr int value_bytes_max = 16 << 20; // no function may build a longer text

struct connection_closer {
  void operator()(sqlite3* x) const { sqlite3_close(x); }
};
struct statement_closer {
  void operator()(sqlite3_stmt* x) const { sqlite3_finalize(x); }
};
using connection_handle = std::unique_ptr<sqlite3, connection_closer>;
using statement_handle = std::unique_ptr<sqlite3_stmt, statement_closer>;

struct step_counter {
  std::uint64_t left;
};

int count_steps(void* counter) {
  auto& steps = *static_cast<step_counter*>(counter);
  if (steps.left < steps_per_look)
    return 1;
  steps.left -= steps_per_look;
  return 0;
}

/// The scale of "decimal(23,2)"; -1 for every other type.
int decimals_of(const char* declared) {
  std::string_view type = declared ? declared : "";
  auto comma = type.find(',');
  int scale = -1;
  if (type.starts_with("decimal(") && comma != std::string_view::npos)
    std::from_chars(type.data() + comma + 1, type.data() + type.size(), scale);
  return scale;
}

std::optional<std::string> cell_of(sqlite3_stmt* statement, int column, int decimals) {
  auto type = sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL)
    return std::nullopt;
  if (type == SQLITE_FLOAT && decimals >= 0) {
    char text[400]; // the longest double has 309 digits before the point
    std::snprintf(text, sizeof text, "%.*f", decimals, sqlite3_column_double(statement, column));
    return text;
  }
  const void* text = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                         : static_cast<const void*>(sqlite3_column_text(statement, column));
  if (text == nullptr)
    return std::string();
  return std::string(static_cast<const char*>(text),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

/// One SELECT from its text to its rows. Members in the order they depend on each other.
class select_run {
public:
  select_run(std::string_view text, const view_input& input, const query_limits& limits)
      : text_(text), limits_(limits), tables_(input), steps_{limits.steps} {}

  result<query_table> run() {
    if (text_.empty())
      return fail(errc::parse_error, "there is no statement in the text", select_hint);
    if (text_.size() > text_bytes_max)
      return fail(errc::parse_error, "the SELECT is longer than 1 MiB", select_hint);
    if (find_bad_byte(text_) != std::string_view::npos)
      return fail(errc::parse_error, "the SELECT contains a NUL byte or bytes that are not UTF-8",
                  select_hint);
    VARVE_TRY(open());
    VARVE_TRY(prepare());
    return collect();
  }

private:
  status open() {
    sqlite3* connection = nullptr;
    int outcome = sqlite3_open_v2(":memory:", &connection,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    connection_.reset(connection);
    // A sort that does not fit SQLite's cache stays in memory, too: a SELECT leaves no trace on a disk.
    if (outcome == SQLITE_OK)
      outcome = sqlite3_exec(connection, "PRAGMA temp_store = MEMORY", nullptr, nullptr, nullptr);
    // Connected now: later on, their connecting looks to the authorizer like a change of the schema.
    if (outcome == SQLITE_OK)
      outcome = sqlite3_exec(connection, "SELECT 1 FROM json_each('[]'), json_tree('[]')", nullptr, nullptr,
                             nullptr);
    if (outcome == SQLITE_OK)
      outcome = tables_.attach(connection);
    if (outcome != SQLITE_OK)
      return fail(errc::catalog_error, std::string("open the views: ") + sqlite3_errstr(outcome));
    // "text" in double quotes is text, as in MySQL's mode, where it names no column.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 1, nullptr);
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, value_bytes_max);
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 1);
    sqlite3_set_authorizer(connection, authorize_select, &refusal_);
    sqlite3_progress_handler(connection, steps_per_look, count_steps, &steps_);
    return {};
  }

  status prepare() {
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    int outcome = sqlite3_prepare_v2(connection_.get(), text_.data(), static_cast<int>(text_.size()),
                                     &statement, &rest);
    statement_.reset(statement);
    if (outcome != SQLITE_OK)
      return refused().value_or(explain_prepare(connection_.get(), outcome, text_));
    if (statement == nullptr)
      return fail(errc::parse_error, "there is no statement in the text", select_hint);
    if (sqlite3_stmt_readonly(statement) == 0 || sqlite3_column_count(statement) == 0 ||
        sqlite3_stmt_isexplain(statement) != 0)
      return only_select("this statement");
    if (sqlite3_bind_parameter_count(statement) > 0)
      return fail(errc::parse_error,
                  "the SELECT has a parameter (?, :name, @name or $name), and nothing gives it a value",
                  "write the value itself");
    auto tail = static_cast<int>(text_.data() + text_.size() - rest);
    outcome = sqlite3_prepare_v2(connection_.get(), rest, tail, &statement, nullptr);
    statement_handle second(statement);
    if (outcome != SQLITE_OK || statement != nullptr)
      return fail(errc::parse_error, "there is more after the first SELECT", "give one SELECT at a time");
    return {};
  }

  result<query_table> collect() {
    query_table table;
    auto* statement = statement_.get();
    auto count = sqlite3_column_count(statement);
    std::vector<int> decimals;
    for (int i = 0; i < count; ++i) {
      table.columns.emplace_back(sqlite3_column_name(statement, i));
      decimals.push_back(decimals_of(sqlite3_column_decltype(statement, i)));
    }
    std::uint64_t size = 0;
    int outcome = sqlite3_step(statement);
    for (; outcome == SQLITE_ROW; outcome = sqlite3_step(statement)) {
      auto& row = table.rows.emplace_back();
      row.reserve(static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) {
        row.push_back(cell_of(statement, i, decimals[static_cast<std::size_t>(i)]));
        size += sizeof row[0] + (row.back() ? row.back()->size() : 0);
      }
      if (size > limits_.result_bytes)
        return fail(errc::canceled,
                    "the SELECT was stopped: its result is larger than " +
                        std::to_string(limits_.result_bytes >> 20) + " MiB",
                    "ask for less with WHERE or LIMIT");
    }
    if (outcome == SQLITE_DONE)
      return table;
    if (outcome == SQLITE_INTERRUPT)
      return fail(errc::canceled, "the SELECT was stopped after " + std::to_string(limits_.steps) + " steps",
                  "ask for less, or join on a number column");
    return refused().value_or(explain_step(connection_.get(), outcome));
  }

  /// Errors that are ours: SQLite only knows that there was one.
  std::optional<error> refused() const { return tables_.failed() ? tables_.failed() : refusal_.refused; }

  std::string_view text_;
  const query_limits& limits_;
  virtual_tables tables_;
  select_refusal refusal_;
  step_counter steps_;
  connection_handle connection_;
  statement_handle statement_;
};

} // namespace

result<query_table> run_select(std::string_view text, const view_input& input, const query_limits& limits) {
  return select_run(text, input, limits).run();
}

} // namespace varve
