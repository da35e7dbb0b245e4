#include "engine/base/time.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

TEST_CASE("durations are a number and a unit in any case; no unit means seconds") {
  struct {
    const char* text;
    duration_ns expected;
  } const cases[] = {{"120s", 120 * one_second}, {"2h", 2 * one_hour},
                     {"7d", 7 * one_day},        {"500ms", 500 * one_ms},
                     {"10us", 10 * one_us},      {"3m", 3 * one_minute},
                     {"45", 45 * one_second},    {"2H", 2 * one_hour},
                     {"5MS", 5 * one_ms},        {"0", 0},
                     {"0x10s", 16 * one_second}, {"010s", 8 * one_second}};
  for (auto& x : cases) {
    INFO(x.text);
    auto parsed = parse_duration(x.text);
    REQUIRE(parsed.ok());
    CHECK(*parsed == x.expected);
  }
}

TEST_CASE("text that is no duration is refused and quoted") {
  for (auto text : {"", "s", "-1s", "+1s", "1x", "1 s", " 1s", "1s ", "1.5h", "08s", "0x", "1ns", "1sec",
                    "99999999999999999999s", "300000d"}) {
    INFO(text);
    auto parsed = parse_duration(text);
    CHECK(parsed.code() == errc::invalid_argument);
    if (!parsed.ok())
      CHECK(parsed.error().message.find("'" + std::string(text) + "'") != std::string::npos);
  }
}

TEST_CASE("durations print in the largest unit that divides them, and parse back") {
  CHECK(format_duration(2 * one_hour) == "2h");
  CHECK(format_duration(90 * one_second) == "90s");
  CHECK(format_duration(1500 * one_us) == "1500us");
  CHECK(format_duration(one_day) == "1d");
  CHECK(format_duration(0) == "0s");
  CHECK(format_duration(17) == "17ns");
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    auto value = (random() >> 20) * one_us;
    CHECK(*parse_duration(format_duration(value)) == value);
  }
}

TEST_CASE("times print in UTC with microseconds floored") {
  CHECK(format_time(0) == "1970-01-01 00:00:00.000000");
  CHECK(format_time(1619782421845543999) == "2021-04-30 11:33:41.845543");
  CHECK(format_time(951782400 * one_second) == "2000-02-29 00:00:00.000000");
}

TEST_CASE("times parse with or without clock and fraction, or as plain nanoseconds") {
  CHECK(*parse_time("2021-04-30 11:33:41.845543") == 1619782421845543000);
  CHECK(*parse_time("2021-04-30T11:33:41.845543999") == 1619782421845543999);
  CHECK(*parse_time("2021-04-30 11:33:41") == 1619782421000000000);
  CHECK(*parse_time("2021-04-30 11:33:41.5") == 1619782421500000000);
  CHECK(*parse_time("2021-04-30") == 1619740800000000000);
  CHECK(*parse_time("1619782421845543999") == 1619782421845543999);
  CHECK(*parse_time("1") == 1);
  CHECK(*parse_time("1970-01-01 00:00:00.000000001") == 1);
}

TEST_CASE("a printed time parses back to its microsecond") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    auto value = random() % (static_cast<std::uint64_t>(16'000'000'000) * one_second);
    CHECK(*parse_time(format_time(value)) == value / 1000 * 1000);
  }
}

TEST_CASE("text that is no time is refused") {
  for (auto text : {"",
                    "yesterday",
                    "2021-02-30",
                    "2021-13-01",
                    "2021-4-30",
                    "1969-12-31",
                    "2021-04-30 24:00:00",
                    "2021-04-30 11:60:00",
                    "2021-04-30 11:33",
                    "2021-04-30 11:33:41.",
                    "2021-04-30 11:33:41.1234567890",
                    "2021-04-30 11:33:41 ",
                    "2021-04-30x11:33:41",
                    "-5",
                    "18446744073709551616",
                    "2021-04-30 11:33:41Z",
                    "0",
                    "00",
                    "01619782421845543999",
                    "1970-01-01",
                    "1970-01-01 00:00:00.000000"}) {
    INFO(text);
    CHECK(parse_time(text).code() == errc::invalid_argument);
  }
  for (auto text : {"1969-12-31", "2999-01-01 00:00:00"})
    CHECK(parse_time(text).error().message.find("outside of the times") != std::string::npos);
  CHECK(parse_time("0").error().hint.find("1 or more") != std::string::npos); // SCN 0 is none
}

TEST_CASE("a date is eight digits of the UTC day") {
  CHECK(format_date(1619782421845543000) == 20210430);
  CHECK(format_date(0) == 19700101);
  CHECK(format_date(one_day - 1) == 19700101);
}
