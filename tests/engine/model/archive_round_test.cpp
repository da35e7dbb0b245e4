#include "engine/model/archive_round.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <utility>

using namespace varve;
using enum round_status;

TEST_CASE("the status of a round goes only the ways it may") {
  // From each state: where it may go. It may always stay.
  const std::set<std::pair<round_status, round_status>> legal = {{stop, stop},
                                                                 {stop, beginning},
                                                                 {beginning, beginning},
                                                                 {beginning, doing},
                                                                 {beginning, stopping},
                                                                 {beginning, stop},
                                                                 {beginning, interrupted},
                                                                 {doing, doing},
                                                                 {doing, stopping},
                                                                 {doing, stop},
                                                                 {doing, interrupted},
                                                                 {stopping, stopping},
                                                                 {stopping, stop},
                                                                 {interrupted, interrupted},
                                                                 {interrupted, stopping},
                                                                 {interrupted, stop}};
  for (auto from : {stop, beginning, doing, stopping, interrupted})
    for (auto to : {stop, beginning, doing, stopping, interrupted}) {
      INFO(to_string(from) << " to " << to_string(to));
      CHECK(may_follow(from, to) == (legal.count({from, to}) == 1));
    }
}

TEST_CASE("the stored numbers and the names of a round's status never change") {
  struct {
    round_status status;
    int number;
    const char* name;
  } const cases[] = {{stop, 1, "STOP"},
                     {beginning, 2, "BEGINNING"},
                     {doing, 3, "DOING"},
                     {stopping, 4, "STOPPING"},
                     {interrupted, 5, "INTERRUPTED"}};
  for (auto& x : cases) {
    CHECK(static_cast<int>(x.status) == x.number);
    CHECK(to_string(x.status) == x.name);
  }
  CHECK(to_string(static_cast<round_status>(9)) == "INVALID");
}
