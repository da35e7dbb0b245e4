#include "catalog/views/view.hpp"
#include "tests/harness/catalog_samples.hpp"
#include "tests/harness/view_world.hpp"

#include <algorithm>
#include <cctype>
#include <set>

using namespace varve;

TEST_CASE("views have upper-case names of their own, and so have the columns of each") {
  auto plain = [](std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
    });
  };
  std::set<std::string_view> names;
  for (const auto& shape : all_views()) {
    CHECK(plain(shape.name));
    names.insert(shape.name);
    std::set<std::string_view> columns;
    for (const auto& column : shape.columns) {
      CHECK(plain(column.name));
      columns.insert(column.name);
    }
    CHECK(columns.size() == shape.columns.size());
  }
  CHECK(names.size() == all_views().size());
  CHECK(names.count("CDB_OB_BACKUP_ARCHIVELOG") == 1);
  CHECK(names.count("CDB_OB_BACKUP_PIECE_FILES") == 1);
}

TEST_CASE("every row of every view has a cell per column, of the kind its type says") {
  test::view_world world;
  world.measure = [] { return std::vector<metric_sample>(2); };
  test::record_source from(3);
  world.put(test::sample_record<catalog_identity>(), test::sample_record<tenant_record>(),
            test::sample_record<round_status_record>(), test::sample_record<round_history_record>(),
            test::sample_record<piece_record>(), test::sample_record<stream_record>(),
            test::sample_record<lag_sample>(), test::sample_record<break_history_record>(),
            test::sample_record<round_join_record>(), test::sample_record<alarm_record>(),
            test::sample_record<outbox_record>());
  for (int i = 0; i < 50; ++i)
    world.put(from.record<round_status_record>(), from.record<piece_record>());
  for (const auto& shape : all_views()) {
    CAPTURE(shape.name);
    auto rows = shape.rows(world.input());
    REQUIRE(rows.ok());
    CHECK(!rows->empty());
    for (const auto& row : *rows) {
      REQUIRE(row.size() == shape.columns.size());
      for (std::size_t i = 0; i < row.size(); ++i) {
        CAPTURE(shape.columns[i].name);
        auto type = shape.columns[i].type;
        if (std::holds_alternative<std::nullptr_t>(row[i]))
          continue;
        if (type.starts_with("bigint")) {
          const auto* digits = std::get_if<std::string>(&row[i]); // past 2^63
          CHECK((std::holds_alternative<std::int64_t>(row[i]) || (digits && digits->size() >= 19)));
        } else if (type.starts_with("decimal") || type == "double") {
          CHECK(std::holds_alternative<double>(row[i]));
        } else {
          CHECK(std::holds_alternative<std::string>(row[i]));
        }
      }
    }
  }
}

TEST_CASE("a number is an integer while it fits a bigint, else its digits") {
  CHECK(number_cell(0) == view_cell{std::int64_t{0}});
  CHECK(number_cell((std::uint64_t{1} << 63) - 1) == view_cell{std::int64_t{0x7fffffffffffffff}});
  CHECK(number_cell(std::uint64_t{1} << 63) == view_cell{std::string("9223372036854775808")});
  CHECK(number_cell(tenant_id{7}) == view_cell{std::int64_t{7}});
}
