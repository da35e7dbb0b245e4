#include "engine/model/ids.hpp"

#include <catch2/catch.hpp>

#include <type_traits>
#include <unordered_set>

using namespace varve;

TEST_CASE("ids of different kinds cannot be mistaken for each other or for a number") {
  CHECK_FALSE(std::is_convertible_v<tenant_id, stream_id>);
  CHECK_FALSE(std::is_convertible_v<std::uint64_t, tenant_id>);
  CHECK_FALSE(std::is_constructible_v<epoch, commit_seq>);
}

TEST_CASE("ids compare, print and hash by their number") {
  CHECK(tenant_id{1} < tenant_id{2});
  CHECK(tenant_id{} == tenant_id{0});
  CHECK(to_string(tenant_id{1001}) == "1001");
  std::unordered_set<tenant_id> set{tenant_id{1}, tenant_id{1}, tenant_id{2}};
  CHECK(set.size() == 2);
}
