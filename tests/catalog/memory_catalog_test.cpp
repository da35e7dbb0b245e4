#include "tests/contract/catalog_contract.hpp"

using namespace varve;

TEST_CASE("the memory catalog keeps the catalog contract") {
  auto catalog = make_memory_catalog();
  test::check_catalog_contract(*catalog);
}

TEST_CASE("a snapshot of the memory catalog outlives it") {
  auto catalog = make_memory_catalog();
  change_set changes;
  changes.put(setting_record{tenant_id{0}, "a", "1"});
  REQUIRE(catalog->apply(changes, durability::synced).ok());
  auto snapshot = catalog->snapshot();
  catalog.reset();
  CHECK(snapshot->setting(tenant_id{0}, "a").value() == "1");
}
