#include "engine/model/piece.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("pieces order by round, then by number") {
  piece_key first{round_id{1}, piece_id{9}}, second{round_id{2}, piece_id{0}},
      third{round_id{2}, piece_id{1}};
  CHECK(first < second);
  CHECK(second < third);
}

TEST_CASE("bytes of pieces add up") {
  byte_counts sum{1, 2, 3};
  sum += byte_counts{10, 20, 30};
  CHECK(sum == byte_counts{11, 22, 33});
}

TEST_CASE("the stored numbers and the names of piece and file status never change") {
  struct {
    piece_status status;
    int number;
    const char* name;
  } const pieces[] = {{piece_status::active, 1, "ACTIVE"},
                      {piece_status::freezing, 2, "FREEZING"},
                      {piece_status::frozen, 3, "FROZEN"}};
  for (auto& x : pieces) {
    CHECK(static_cast<int>(x.status) == x.number);
    CHECK(to_string(x.status) == x.name);
  }
  struct {
    file_status status;
    int number;
    const char* name;
  } const files[] = {{file_status::available, 1, "AVAILABLE"},   {file_status::copying, 2, "COPYING"},
                     {file_status::incomplete, 3, "INCOMPLETE"}, {file_status::deleting, 4, "DELETING"},
                     {file_status::expired, 5, "EXPIRED"},       {file_status::broken, 6, "BROKEN"},
                     {file_status::deleted, 7, "DELETED"}};
  for (auto& x : files) {
    CHECK(static_cast<int>(x.status) == x.number);
    CHECK(to_string(x.status) == x.name);
  }
}
