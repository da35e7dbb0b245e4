#include "bench/window_bench.hpp"
#include "catalog/catalog.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace varve::bench {

TEST_CASE("the catalog that windows are asked of holds one tenant without gaps and one with them") {
  test::temp_dir dir;
  window_bench_options options;
  options.directory = dir.string();
  options.pieces = 500;
  options.gaps = 20;
  options.runs = 2;
  report told("catalog");
  REQUIRE(run_window_bench(options, told, [](const std::string&) {}).ok());
  std::ostringstream json;
  told.print_json(json);
  auto found = nlohmann::json::parse(json.str());
  CHECK(found["pieces"] == 500);
  CHECK(found["piece_records_per_second"].get<double>() > 0);
  CHECK(found["windows_whole"] == 1);
  CHECK(found["windows_torn"] == 21);
  CHECK(found["windows_whole_seconds"].get<double>() > 0);
  CHECK(found["windows_torn_seconds"].get<double>() > 0);
  CHECK(found["goals"].size() == 2);
  auto left = open_rocksdb_catalog(dir.string() + "/catalog", catalog_mode::read_only);
  REQUIRE(left.ok());
  auto from = (*left)->snapshot();
  CHECK(from->pieces().value().size() == 2 * 500);
  auto rows = from->round_statuses().value();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].round.id.value == 1);
  CHECK(rows[1].round.id.value == 21);
}

} // namespace varve::bench
