#include "engine/restore_preview_list.hpp"

#include <catch2/catch.hpp>

namespace varve {
namespace {

using strings = std::vector<std::string>;

strings text_of(const std::vector<std::optional<std::string>>& row) {
  strings cells;
  for (auto& cell : row)
    cells.push_back(cell.value_or("NULL"));
  return cells;
}

const unix_ns noon = parse_time("2026-01-01 12:00:00").value();

needed_pieces two_pieces() {
  needed_pieces found;
  catalogued_piece frozen{{round_id{3}, piece_id{7}}, {noon, noon + one_day}, piece_status::frozen, {}, {}};
  catalogued_piece open{{round_id{4}, piece_id{0}}, {noon + one_day, scn_max}, piece_status::active, {}, 0};
  found.pieces = {{frozen, {1000, 250, 10}}, {open, {10, 132, 1}}};
  return found;
}

} // namespace

TEST_CASE(
    "a preview has OceanBase's columns, ours behind them, and a row per piece in the order they are needed") {
  auto shown = list_restore_preview({tenant_id{1001}, noon, "file:///b"}, two_pieces(), noon + one_hour);
  CHECK(strings(shown.columns.begin(), shown.columns.begin() + 5) ==
        strings{"BACKUP_TYPE", "BACKUP_ID", "COPY_ID", "BACKUP_DEST", "FILE_STATUS"});
  REQUIRE(shown.rows.size() == 2);
  CHECK(text_of(shown.rows[0]) == strings{"BACKUP_PIECE", "7", "0", "file:///b", "AVAILABLE", "1001", "3",
                                          "2026-01-01 12:00:00.000000", "2026-01-02 12:00:00.000000",
                                          "FROZEN", "250"});
  // A round without split: only the round tells its piece 0 from another's.
  CHECK(text_of(shown.rows[1]) == strings{"BACKUP_PIECE", "0", "0", "file:///b", "AVAILABLE", "1001", "4",
                                          "2026-01-02 12:00:00.000000", "MAX", "ACTIVE", "132"});
  for (auto& row : shown.rows)
    CHECK(row.size() == shown.columns.size());
  CHECK(shown.message ==
        "tenant 1001 from file:///b until 2026-01-01 12:00:00.000000: this restore works, as "
        "of 2026-01-01 13:00:00.000000");
}

TEST_CASE("a restore without UNTIL is told as one of all that is committed") {
  CHECK(describe({tenant_id{7}, std::nullopt, "memory://x"}) == "tenant 7 from memory://x to its end");
}

TEST_CASE("where there is no preview there are its columns and the reason") {
  auto shown = no_restore_preview("because");
  CHECK(shown.columns == list_restore_preview({}, {}, 0).columns);
  CHECK(shown.rows.empty());
  CHECK(shown.message.find("because") != std::string::npos);
}

} // namespace varve
