#include "catalog/views/cell_text.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("a time is spelled to the microsecond, floored; no time is empty and no end is MAX") {
  CHECK(time_text(parse_time("2021-04-30 11:33:41.845543999").value()) == "2021-04-30 11:33:41.845543");
  CHECK(time_text(0) == "");
  CHECK(time_text(scn_max) == "MAX");
}

TEST_CASE("a size has two decimals and is never smaller than a megabyte's unit") {
  constexpr std::uint64_t mb = 1 << 20;
  CHECK(size_text(0) == "0.00MB");
  CHECK(size_text(1) == "0.00MB");
  CHECK(size_text(mb / 2) == "0.50MB");
  CHECK(size_text(1023 * mb) == "1023.00MB");
  CHECK(size_text(1024 * mb) == "1.00GB");
  CHECK(size_text((1536 * mb) << 10) == "1.50TB");
  CHECK(size_text((2048 * mb) << 20) == "2.00PB");
  CHECK(size_text(~std::uint64_t{0}) == "16384.00PB");
}

TEST_CASE("a ratio is output per input, to two decimals, and 0 before the first input") {
  CHECK(compression_ratio({3, 1, 1}) == 0.33);
  CHECK(compression_ratio({3, 2, 1}) == 0.67);
  CHECK(compression_ratio({1, 1, 1}) == 1.0);
  CHECK(compression_ratio({0, 0, 0}) == 0.0);
  CHECK(compression_ratio({0, 512, 0}) == 0.0);
}

TEST_CASE("an age has its two largest units") {
  CHECK(age_text(0) == "0s");
  CHECK(age_text(one_second - 1) == "0s");
  CHECK(age_text(59 * one_second) == "59s");
  CHECK(age_text(130 * one_second) == "2m10s");
  CHECK(age_text(3 * one_hour) == "3h");
  CHECK(age_text(3 * one_hour + 59 * one_second) == "3h");
  CHECK(age_text(28 * one_hour + 5 * one_minute) == "1d4h");
}
