#include "bench/report.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace varve::bench {

TEST_CASE("a report says the same to people and to programs") {
  report told("archive");
  told.fact("codec", "lz4_1.0");
  told.figure("ratio", 0.9, "0.900 of the raw side");
  told.goal("pipeline / raw >= 0.85", 0.9, true, "0.900");
  CHECK(told.all_goals_met());
  told.goal("something else", 1, false, "1");
  CHECK_FALSE(told.all_goals_met());
  told.doubt("the medium is small");
  std::ostringstream text, json;
  told.print_text(text);
  told.print_json(json);
  CHECK(text.str().find("0.900 of the raw side") != std::string::npos);
  CHECK(text.str().find("GOAL MISSED") != std::string::npos);
  CHECK(text.str().find("the medium is small") != std::string::npos);
  auto found = nlohmann::json::parse(json.str());
  CHECK(found["workload"] == "archive");
  CHECK(found["ratio"] == 0.9);
  CHECK(found["goals"][1]["met"] == false);
  CHECK(found["doubts"].back() == "the medium is small");
}

TEST_CASE("quantities are shown in units that fit") {
  CHECK(show_bytes(1536) == "1.50 KiB");
  CHECK(show_speed(2.0 * (1 << 30)) == "2.00 GiB/s");
  CHECK(show_ns(9'999) == "9999 ns");
  CHECK(show_ns(12'500) == "12.5 us");
  CHECK(show_ns(31'000'000) == "31.0 ms");
}

} // namespace varve::bench
