#include "engine/shell/commit_clock.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {

TEST_CASE("commit times grow strictly, also above a floor in the future") {
  commit_clock clock;
  auto first = clock.begin(), second = clock.begin();
  CHECK(second > first);
  clock.raise(second + 1'000'000'000'000);
  CHECK(clock.begin() > second + 1'000'000'000'000);
  clock.raise(1);
  CHECK(clock.begin() > second);
}

TEST_CASE("settled lies below every write on its way and above every write that ended") {
  commit_clock clock;
  auto first = clock.begin(), second = clock.begin();
  CHECK(clock.settled() == first - 1);
  clock.end(first);
  CHECK(clock.settled() == second - 1);
  clock.end(second);
  auto settled = clock.settled();
  CHECK(settled > second);
  CHECK(clock.begin() > settled);
}

} // namespace varve::shell
