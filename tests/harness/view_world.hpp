#pragma once

#include "catalog/views/query.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

/// A catalog in memory and SELECTs on it, for tests of views.
struct view_world {
  std::unique_ptr<varve::catalog> catalog = make_memory_catalog();
  unix_ns now = parse_time("2021-05-01 12:00:00").value();
  std::function<std::vector<metric_sample>()> measure; ///< empty: nobody can

  template <class... R>
  void put(const R&... records) {
    change_set changes;
    (changes.put(records), ...);
    REQUIRE(catalog->apply(changes, durability::buffered).ok());
  }
  view_input input() const {
    view_input made{catalog->snapshot(), now, {}};
    if (measure)
      made.metrics = [this]() -> result<std::vector<metric_sample>> { return measure(); };
    return made;
  }

  /// Rows as lines, cells joined by '|', NULL as "NULL".
  std::string select(std::string_view text) const {
    auto table = run_select(text, input());
    INFO(text << "\n" << (table.ok() ? std::string() : table.error().to_string()));
    REQUIRE(table.ok());
    std::string lines;
    for (const auto& row : table->rows) {
      for (std::size_t i = 0; i < row.size(); ++i)
        lines.append(i == 0 ? "" : "|").append(row[i].value_or("NULL"));
      lines.push_back('\n');
    }
    return lines;
  }
  error refusal(std::string_view text, const query_limits& limits = {}) const {
    auto table = run_select(text, input(), limits);
    INFO(text);
    REQUIRE(!table.ok());
    return table.error();
  }
};

/// `tenants` tenants with `pieces` pieces each; piece n has 100 * n bytes.
inline void fill(view_world& world, std::uint64_t tenants, std::uint64_t pieces) {
  change_set changes;
  for (std::uint64_t t = 1001; t < 1001 + tenants; ++t) {
    round_status_record status{.tenant = tenant_id{t}};
    status.round.status = round_status::doing;
    status.round.id = round_id{1};
    status.round.start_scn = 1;
    status.round.checkpoint_scn = t;
    changes.put(status);
    for (std::uint64_t n = 1; n <= pieces; ++n) {
      piece_record x{.tenant = tenant_id{t}, .piece = {round_id{1}, piece_id{n}}};
      x.status = n == pieces ? piece_status::active : piece_status::frozen;
      x.counts.input_bytes = 100 * n;
      changes.put(x);
    }
  }
  REQUIRE(world.catalog->apply(changes, durability::buffered).ok());
}

inline bool mentions(const error& failed, std::string_view words) {
  return failed.to_string().find(words) != std::string::npos;
}

/// "NAME type" per column, in order.
inline std::vector<std::string> declared(const view& shape) {
  std::vector<std::string> columns;
  for (const auto& x : shape.columns)
    columns.push_back(std::string(x.name) + " " + std::string(x.type));
  return columns;
}

} // namespace varve::test
