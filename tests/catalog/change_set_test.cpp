#include "catalog/change_set.hpp"
#include "tests/harness/catalog_samples.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("a change set is empty until something is in it") {
  change_set changes;
  CHECK(changes.empty());
  SECTION("a put") {
    changes.put(test::sample_record<tenant_record>());
  }
  SECTION("an erase") {
    changes.erase_setting(tenant_id{1}, "a");
  }
  SECTION("an erase of facts") {
    changes.erase_archived_facts();
  }
  CHECK(!changes.empty());
}

TEST_CASE("an erase names the key its put names") {
  change_set puts, erases;
  puts.put(setting_record{tenant_id{7}, "name", "value"});
  puts.put(outbox_record{.tenant = tenant_id{7}, .number = 8});
  puts.put(stream_record{.tenant = tenant_id{7}, .stream = stream_id{9}});
  erases.erase_setting(tenant_id{7}, "name");
  erases.erase_outbox(tenant_id{7}, 8);
  erases.erase_stream(tenant_id{7}, stream_id{9});
  REQUIRE(puts.changes().size() == 3);
  REQUIRE(erases.changes().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(puts.changes()[i].first == erases.changes()[i].first);
    CHECK(puts.changes()[i].second);
    CHECK(!erases.changes()[i].second);
  }
}

TEST_CASE("erasing facts drops earlier changes of facts only") {
  change_set changes;
  changes.put(test::sample_record<piece_record>());
  changes.put(test::sample_record<setting_record>());
  changes.erase_archived_facts();
  CHECK(changes.erases_archived_facts());
  CHECK(changes.changes().size() == 1);
}

TEST_CASE("merging appends, and an erase of facts in the later set reaches back") {
  change_set first, later;
  first.put(test::sample_record<piece_record>());
  first.put(test::sample_record<setting_record>());
  later.put(test::sample_record<stream_record>());
  SECTION("plain") {
    first.merge(std::move(later));
    CHECK(first.changes().size() == 3);
    CHECK(!first.erases_archived_facts());
  }
  SECTION("with an erase after its own put") {
    later.erase_archived_facts();
    first.merge(std::move(later));
    CHECK(first.changes().size() == 1);
    CHECK(first.erases_archived_facts());
  }
  SECTION("into an erase: what follows stays") {
    change_set erasing;
    erasing.erase_archived_facts();
    erasing.merge(std::move(later));
    CHECK(erasing.changes().size() == 1);
    CHECK(erasing.erases_archived_facts());
  }
}
