#include "catalog/views/query.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/catalog_samples.hpp"
#include "tests/harness/statements_page.hpp"

namespace varve::fuzz {
namespace {

/// One of every record.
std::shared_ptr<const catalog_snapshot> some_catalog() {
  using namespace test;
  static const auto made = make_memory_catalog();
  static const bool filled = [] {
    change_set changes;
    changes.put(sample_record<catalog_identity>());
    changes.put(sample_record<setting_record>());
    changes.put(sample_record<tenant_record>());
    changes.put(sample_record<round_status_record>());
    changes.put(sample_record<round_history_record>());
    changes.put(sample_record<piece_record>());
    changes.put(sample_record<stream_record>());
    changes.put(sample_record<lag_sample>());
    changes.put(sample_record<break_history_record>());
    changes.put(sample_record<alarm_record>());
    return made->apply(changes, durability::buffered).ok();
  }();
  promise(filled, "the sample records make a catalog");
  return made->snapshot();
}

} // namespace

void select(bytes_view input) {
  view_input from{some_catalog(), parse_time("2021-05-01").value(), {}};
  query_limits limits{.steps = 20'000, .result_bytes = 64 << 10};
  auto table = run_select(as_text(input), from, limits);
  if (!table.ok())
    return check_error(table.error(), "", lines::many);
  promise(!table->columns.empty(), "an answer has columns");
  for (auto& row : table->rows)
    promise(row.size() == table->columns.size(), "every row has every column");
}

std::vector<bytes> select_seeds() {
  std::vector<bytes> seeds;
  for (auto& each : all_views())
    seeds.push_back(to_bytes(as_bytes("SELECT * FROM " + std::string(each.name))));
  for (auto text :
       {"SELECT TENANT_ID, SUM(INPUT_BYTES) FROM oceanbase.CDB_OB_BACKUP_PIECE_FILES WHERE TENANT_ID IN (1, "
        "1001) GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
        "SELECT a.STATUS, p.* FROM CDB_OB_BACKUP_ARCHIVELOG a JOIN CDB_OB_BACKUP_PIECE_FILES p USING "
        "(TENANT_ID)",
        "SELECT hex(zeroblob(9)), printf('%d', 1), x'00ff', nothing FROM nowhere", "VALUES (1, NULL, 'x')"})
    seeds.push_back(to_bytes(as_bytes(text)));
  return seeds;
}

} // namespace varve::fuzz
