#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace varve::test {
namespace {

// Figures of a run that is far too short mean nothing; that they are there and of the right kind does.
nlohmann::json bench(const std::vector<std::string>& words) {
  std::vector<std::string> all{"bench"};
  all.insert(all.end(), words.begin(), words.end());
  all.push_back("--json");
  auto done = run_varve(all);
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  return nlohmann::json::parse(done.output);
}

} // namespace

TEST_CASE("bench archive and restore compare with a raw side and name machine, codec and corpus") {
  archive_case here;
  auto input = here.file("log", sample_log(2'000'000));
  auto dest = here.dir.string();
  for (const auto& words : {std::vector<std::string>{"archive", "--codec", "zstd", "--streams", "8"},
                            std::vector<std::string>{"restore", "--codec", "lz4", "--archive-bytes", "8m"}}) {
    auto all = words;
    all.insert(all.end(), {"--input", input, "--dest", dest, "--seconds", "0.05", "--runs", "2"});
    auto found = bench(all);
    for (auto key :
         {"ratio", "bytes_per_second", "raw_bytes_per_second", "cpu_seconds_per_gib", "mean_block_bytes"}) {
      INFO(key);
      CHECK(found[key].get<double>() > 0);
    }
    CHECK(found["machine"]["cores"].get<unsigned>() > 0);
    CHECK_FALSE(found["machine"]["kernel"].get<std::string>().empty());
    CHECK(found["corpus"].get<std::string>().find(input) == 0);
    CHECK(found["goals"].size() == 1);
  }
}

TEST_CASE("bench append gives percentiles") {
  archive_case here;
  auto found = bench({"append", "--seconds", "0.1", "--dest", here.dir.string()});
  CHECK(found["p50_ns"].get<double>() > 0);
  CHECK(found["p99_ns"] >= found["p50_ns"]);
  CHECK(found["p999_ns"] >= found["p99_ns"]);
  CHECK(found["at_90_percent"]["p99_ns"].get<double>() > 0);
}

TEST_CASE("bench streams gives memory and idle processor time") {
  archive_case here;
  auto found = bench({"streams", "--streams", "50", "--interval", "5s", "--busy-seconds", "0.3", "--dest",
                      here.dir.string()});
  CHECK(found["budget_bytes"] == 256 << 20);
  CHECK(found["peak_rss_bytes"].get<double>() > 1e6);
  CHECK(found["idle_cpu"].get<double>() >= 0);
}

TEST_CASE("bench catalog counts what a checkpoint of many tenants costs, beside a raw side") {
  archive_case here;
  auto found = bench({"catalog", "--tenants", "6", "--streams", "2", "--runs", "2", "--pieces", "300",
                      "--dest", here.dir.string()});
  CHECK(found["tenants"] == 6);
  for (auto key : {"open_seconds", "round_seconds", "raw_seconds", "ratio", "half_seconds", "idle_seconds",
                   "catalog_batches", "piece_records_per_second", "windows_whole_seconds"}) {
    INFO(key);
    CHECK(found[key].get<double>() > 0);
  }
  // Counts, which no machine changes: a segment, a commit and the commit's name for each tenant with news.
  CHECK(found["syncs_per_tenant"] == 3.0);
  CHECK(found["commits"] == 6.0);
  CHECK(found["half_syncs_per_tenant"] == 3.0);
  CHECK(found["idle_syncs"] == 0.0);
  CHECK(found["pieces"] == 300);
  CHECK(found["windows_torn"] == 300);
  CHECK(found["goals"].size() == 6);
}

TEST_CASE("bench statements reads statements and selects from a catalog") {
  archive_case here;
  auto found = bench(
      {"statements", "--rows", "2500", "--seconds", "0.05", "--runs", "2", "--dest", here.dir.string()});
  for (auto key : {"statements_per_second", "together_per_second", "mean_statement_bytes", "records_seconds",
                   "select_all_seconds", "select_grouped_seconds"}) {
    INFO(key);
    CHECK(found[key].get<double>() > 0);
  }
  CHECK(found["select_all_rows"] == 2500);
  CHECK(found["select_grouped_rows"].get<unsigned>() > 1);
  CHECK(found["select_grouped_rows"].get<unsigned>() <= 6);
  CHECK(found["goals"].size() == 2);
}

TEST_CASE("bench leaves nothing behind and refuses what it cannot do") {
  archive_case here;
  bench({"archive", "--seconds", "0.05", "--runs", "1", "--input", here.file("log", sample_log(100'000)),
         "--dest", "file://" + here.dir.string()});
  std::size_t left = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(here.dir.path()))
    ++left;
  CHECK(left == 1);
  auto too_many = run_varve({"bench", "catalog", "--tenants", "1000000000", "--dest", here.dir.string()});
  CHECK(too_many.exit_code != 0);
  CHECK(too_many.errors.find("open files") != std::string::npos);
  CHECK(run_varve({"bench", "catalog", "--tenants", "0"}).exit_code == 2);
  CHECK(run_varve({"bench", "archive", "--codec", "rar"}).exit_code == 2);
  CHECK(run_varve({"bench", "archive", "--input", (here.dir / "gone").string()}).exit_code == 5);
  CHECK(run_varve({"bench", "archive", "--dest", "memory://x"}).exit_code == 2);
  CHECK(run_varve({"bench"}).exit_code == 2);
}

} // namespace varve::test
