#include "actors/taken_state.hpp"
#include "engine/destination/memory_destination.hpp"
#include "tests/harness/archive_builder.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;
using namespace varve::test;

namespace {

constexpr stream_id s1{1};

/// Rounds 1 and 2 of two pieces each have ended, round 3 runs; 2 goes on from 1, and 3 from 2.
struct three_rounds {
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::shared_ptr<memory_destination> where = std::make_shared<memory_destination>("taken-test", store);
  archive_builder made{where, {.frozen_in_commit = 100}};
  lsn next = 0;

  three_rounds() {
    for (auto at : {1000u, 3000u, 5000u}) {
      if (at > 1000)
        made.end_round(at - 1);
      made.begin_round(at, 100);
      made.open_stream(s1, next);
      for (auto step : {0u, 150u}) {
        made.append(s1, 10, at + step, "x");
        next += 10;
      }
      made.cut_all();
      made.commit(at + 140);
    }
  }
  result<std::optional<taken_state>> read(const catalog_standing& known) {
    return read_taken_state(*where, made.settings().tenant, made.settings().archive, "memory://d", known);
  }
  view_world catalog_with(const taken_state& taken) {
    view_world world;
    REQUIRE(world.catalog->apply(taken.missed, durability::buffered).ok());
    return world;
  }
  std::string rounds(const view_world& world) {
    std::string all;
    auto at = world.catalog->snapshot();
    for (auto& x : at->round_history().value())
      all += "ended " + to_string(x.round.id) + "; ";
    for (auto& x : at->round_joins().value())
      all += "joins " + to_string(x.round) + "; ";
    for (auto& x : at->pieces().value())
      all += "piece " + to_string(x.piece.round) + "/" + to_string(x.piece.piece) + " of " +
             to_string(x.start_piece) + "; ";
    return all;
  }
};

} // namespace

TEST_CASE("a taker whose catalog is up to date reads only where the round before ended") {
  three_rounds x;
  auto taken = x.read({x.made.newest().seq, round_id{3}});
  REQUIRE(taken.ok());
  REQUIRE(*taken);
  CHECK((*taken)->missed.empty());
  CHECK((*taken)->state.commit.record.round.id == round_id{3});
  CHECK((*taken)->made_at.size() == 2);
  REQUIRE((*taken)->before.size() == 1);
  CHECK((*taken)->before[0] == stream_row{s1, 20, {40, 3150}, false});
}

TEST_CASE("a taker brings the catalog what it missed: rounds that ended, which go on, and their pieces") {
  three_rounds x;
  CHECK(x.rounds(x.catalog_with(**x.read({commit_seq{1}, round_id{0}}))) ==
        "ended 1; ended 2; joins 2; piece 1/1 of 1; piece 1/2 of 1; piece 2/3 of 3; piece 2/4 of 3; ");
  CHECK(x.rounds(x.catalog_with(**x.read({commit_seq{2}, round_id{2}}))) ==
        "ended 2; joins 2; piece 2/3 of 3; piece 2/4 of 3; ");
  CHECK(x.rounds(x.catalog_with(**x.read({commit_seq{2}, round_id{3}}))) == "");
}

TEST_CASE("a round end that is damaged keeps nobody from archiving on") {
  three_rounds x;
  for (auto& [path, object] : x.store->objects)
    if (path.find("/rounds/2-") != std::string::npos)
      object->content[60] ^= std::byte{1};
  auto taken = x.read({commit_seq{1}, round_id{0}});
  REQUIRE(taken.ok());
  CHECK((*taken)->before.empty());
  CHECK(x.rounds(x.catalog_with(**taken)) == "");
}

TEST_CASE("a tenant without a commit has no state to take over") {
  three_rounds x;
  auto taken = read_taken_state(*x.where, tenant_id{7}, x.made.settings().archive, "memory://d", {});
  REQUIRE(taken.ok());
  CHECK_FALSE(*taken);
}
