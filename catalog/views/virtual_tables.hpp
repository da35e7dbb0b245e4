#pragma once

#include "catalog/views/view.hpp"

#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

struct sqlite3;

namespace varve {

/// The views as virtual tables of one SQLite connection, for one SELECT: rows are made when a view is first
/// read, once, from one snapshot. Not thread-safe; must outlive the connection.
class virtual_tables {
public:
  explicit virtual_tables(const view_input& input) : input_(input) {}
  virtual_tables(const virtual_tables&) = delete;
  virtual_tables& operator=(const virtual_tables&) = delete;

  /// Makes the schema `oceanbase` with one table per view; an unqualified name finds them, too. An answer
  /// other than SQLITE_OK is SQLite's, with its message in `connection`.
  int attach(sqlite3* connection);

  /// Why a view had no rows, if that is why SQLite failed.
  const std::optional<error>& failed() const { return failed_; }

  /// Internal to virtual_tables.cpp: one view, its rows, and what has been looked up in them.
  struct table {
    const view* shape = nullptr;
    virtual_tables* owner = nullptr;
    std::optional<std::vector<view_row>> rows;
    std::map<int, std::unordered_map<std::int64_t, std::vector<std::size_t>>> indexes; ///< by column

    /// False: owner->failed() says why.
    bool load();
    /// Rows whose integer cell in `column` is `value`; nullptr: none.
    const std::vector<std::size_t>* find(int column, std::int64_t value);
  };

private:
  const view_input& input_;
  std::deque<table> tables_;
  std::optional<error> failed_;
};

} // namespace varve
