#include "engine/base/result.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace varve;

namespace {

result<int> half_of(int x) {
  if (x % 2 != 0)
    return fail(errc::invalid_argument, std::to_string(x) + " is odd", "give an even number");
  return x / 2;
}

result<int> quarter_of(int x) {
  VARVE_TRY_ASSIGN(auto half, half_of(x));
  VARVE_TRY_ASSIGN(half, half_of(half));
  return half;
}

status check_even(int x) {
  VARVE_TRY(half_of(x));
  return {};
}

} // namespace

TEST_CASE("a result is a value or an error") {
  auto good = half_of(8);
  REQUIRE(good.ok());
  CHECK(*good == 4);
  CHECK(good.code() == errc::ok);
  auto bad = half_of(7);
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.code() == errc::invalid_argument);
  CHECK(bad.error().message == "7 is odd");
  CHECK(bad.error().hint == "give an even number");
}

TEST_CASE("VARVE_TRY hands the first error on unchanged") {
  CHECK(*quarter_of(12) == 3);
  CHECK(quarter_of(6).error().message == "3 is odd");
  CHECK(quarter_of(5).error().message == "5 is odd");
  CHECK(check_even(2).ok());
  CHECK(check_even(3).code() == errc::invalid_argument);
}

TEST_CASE("a result can hold what only moves") {
  result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  auto taken = std::move(made).value();
  CHECK(*taken == 5);
}

TEST_CASE("a status is success until it holds an error") {
  CHECK(status{}.ok());
  CHECK(status{}.code() == errc::ok);
  CHECK(status{fail(errc::closed, "gone")}.code() == errc::closed);
}
