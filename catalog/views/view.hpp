#pragma once

#include "catalog/catalog.hpp"
#include "catalog/views/metric_sample.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A view is a name, columns, and a pure function from one catalog snapshot to rows; one file per view. How
/// SELECT reaches it is in query.hpp.
namespace varve {

/// As OceanBase declares it: {"STATUS", "varchar(64)"}. Cells of a bigint column are integers, of a
/// decimal(…) or double column doubles, of all others text; any may be NULL.
struct view_column {
  std::string_view name;
  std::string_view type;
};

using view_cell = std::variant<std::nullptr_t, std::int64_t, double, std::string>;
using view_row = std::vector<view_cell>; ///< one cell per column

/// What a view is made from: one moment of the catalog, and the wall clock for ages.
struct view_input {
  std::shared_ptr<const catalog_snapshot> catalog;
  unix_ns now = 0;
  /// Measures: called when a SELECT reads VARVE_METRICS, at most once, and not for any other view. Empty:
  /// nobody can. Errors are the catalog's.
  std::function<result<std::vector<metric_sample>>()> metrics{};
};

struct view {
  std::string_view name; ///< without schema, upper case
  std::span<const view_column> columns;
  /// Errors are the catalog's.
  result<std::vector<view_row>> (*rows)(const view_input& input);
};

/// Every view there is, by name.
std::span<const view> all_views();

/// A number of any size: an integer while it fits a bigint, else its digits as text, never another number.
view_cell number_cell(std::uint64_t value);
template <class Tag>
view_cell number_cell(id<Tag> value) {
  return number_cell(value.value);
}

} // namespace varve
