#include "engine/catalog_rebuild.hpp"
#include "tests/harness/archive_builder.hpp"
#include "tests/harness/fault_destination.hpp"

#include <catch2/catch.hpp>

#include <map>

// Every call that a rebuild makes of a destination fails once; what it gives: data_directory_test.cpp.

namespace varve::test {
namespace {

using records = std::map<std::string, std::string, std::less<>>;

records all_of(const catalog& from) {
  records all;
  auto scanned = from.snapshot()->scan("", [&](std::string_view key, std::string_view value) {
    all.emplace(key, value);
    return true;
  });
  REQUIRE(scanned.ok());
  return all;
}

/// One tenant's part of an archive with something of everything that a rebuild reads: a round that ended,
/// sealed pieces of which a commit names only the last, an open piece with an index and segments after it.
class rich_archive {
public:
  rich_archive(const std::shared_ptr<destination>& where, tenant_id tenant)
      : made_(where, {.tenant = tenant, .block_bytes = 128, .segment_bytes = 600, .frozen_in_commit = 1}) {
    begin_round(0);
    write(4);
    made_.end_round(at_ - 10);
    begin_round(100);
    write(20);
    made_.commit(at_ - 10);
    made_.seal_oldest();
    made_.commit(at_ - 10);
    made_.take_over();
  }
  /// What a rebuild that came before does not know.
  void go_on() {
    made_.seal_oldest();
    write(4);
    made_.end_segments();
    made_.write_indexes();
    write(4);
    made_.end_segments();
    write(2);
    made_.commit(at_ - 10);
  }

private:
  static constexpr stream_id s1{1}, s2{2};

  void begin_round(duration_ns interval) {
    made_.begin_round(at_, interval);
    for (auto stream : {s1, s2})
      made_.open_stream(stream,
                        made_.rows().contains(stream) ? made_.rows().at(stream).position.next_lsn : 0);
  }
  void write(int count) {
    for (int i = 0; i < count; ++i, at_ += 10)
      for (auto stream : {s1, s2})
        made_.append(stream, 100, at_, "an entry at " + std::to_string(at_));
    made_.cut_all();
  }

  archive_builder made_;
  scn at_ = 1000;
};

status rebuild(catalog& into, const std::shared_ptr<fault_medium>& medium, rebuilt_catalog& made) {
  fault_destination where{medium, "rebuild"};
  return rebuild_catalog(into, "data", where, "memory://simulated", made);
}

} // namespace

/// Claim: a catalog that was rebuilt without a complaint holds all that the destination tells, whatever call
/// of the destination fails; else nothing has changed. Method: over a catalog of an older state, once for
/// each call, which fails alone or with all that follow.
TEST_CASE("catalog rebuild: a call of the destination that fails makes it fail, and changes nothing") {
  std::mt19937_64 seeds{7};
  auto medium = std::make_shared<fault_medium>(seeds);
  auto where = std::make_shared<fault_destination>(medium);
  rich_archive first{where, tenant_id{1001}}, second{where, tenant_id{1002}};
  auto older = medium->copy(seeds);
  first.go_on();
  second.go_on();

  auto before = make_memory_catalog(), whole = make_memory_catalog();
  rebuilt_catalog made;
  REQUIRE(rebuild(*before, older, made).ok());
  auto calls = medium->calls();
  made = {};
  REQUIRE(rebuild(*whole, medium, made).ok());
  calls = medium->calls() - calls;
  REQUIRE_FALSE(made.damaged);
  CHECK(made.tenants == 2);
  CHECK(made.rounds == 4);
  CHECK(made.pieces > 6);
  CHECK(calls > 30);
  auto known = all_of(*before), truth = all_of(*whole);
  REQUIRE(known != truth);

  std::size_t refused = 0;
  for (bool for_good : {false, true})
    for (std::uint64_t number = 0; number < calls; ++number) {
      auto into = make_memory_catalog();
      rebuilt_catalog ignored;
      REQUIRE(rebuild(*into, older, ignored).ok());
      auto failing = medium->copy(seeds);
      failing->plan({.let_through = number, .for_good = for_good});
      rebuilt_catalog told;
      auto outcome = rebuild(*into, failing, told);
      INFO("call " << number << (for_good ? " and all that follow" : "") << " fails");
      CHECK(failing->faults() > 0);
      if (outcome.ok()) {
        CHECK_FALSE(told.damaged);
        CHECK(told.notes.empty());
        CHECK(all_of(*into) == truth);
      } else {
        ++refused;
        CHECK(outcome.code() == errc::io_error);
        CHECK(all_of(*into) == known);
      }
    }
  CHECK(refused > calls);
}

} // namespace varve::test
