#include "actors/taken_state.hpp"
#include "engine/destination/memory_destination.hpp"
#include "engine/format/object_name.hpp"
#include "tests/harness/archive_builder.hpp"
#include "tests/harness/fault_destination.hpp"
#include "tests/harness/view_world.hpp"

using namespace varve;
using namespace varve::test;

namespace {

constexpr stream_id s1{1};

/// Rounds 1 and 2 of two pieces each have ended, round 3 runs; 2 goes on from 1, and 3 from 2.
struct three_rounds {
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::shared_ptr<memory_destination> where = std::make_shared<memory_destination>("taken-test", store);
  archive_builder made;
  lsn next = 0;
  std::vector<commit_seq> ended; ///< the commits with which rounds ended

  explicit three_rounds(std::shared_ptr<destination> other = nullptr)
      : made(other ? other : where, {.frozen_in_commit = 100}) {
    for (auto at : {1000u, 3000u, 5000u}) {
      if (at > 1000)
        ended.push_back((made.end_round(at - 1), made.newest().seq));
      made.take_over();
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
  /// The object whose path contains `part`.
  std::pair<const std::string, std::shared_ptr<memory_store::object>>& object(std::string_view part) {
    for (auto& each : store->objects)
      if (each.first.find(part) != std::string::npos)
        return each;
    throw std::runtime_error("no object with that name");
  }
  bytes& newest_commit() {
    auto seq = to_string(made.newest().seq);
    return object("/commits/" + std::string(20 - seq.size(), '0') + seq).second->content;
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
  auto taken = x.read({x.made.newest().seq, {}});
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
  CHECK(x.rounds(x.catalog_with(**x.read({commit_seq{1}, {}}))) ==
        "ended 1; ended 2; joins 2; piece 1/1 of 1; piece 1/2 of 1; piece 2/3 of 3; piece 2/4 of 3; ");
  CHECK(x.rounds(x.catalog_with(**x.read({x.ended[1], {}}))) ==
        "ended 2; joins 2; piece 2/3 of 3; piece 2/4 of 3; ");
  CHECK(x.rounds(x.catalog_with(**x.read({x.ended[1], round_id{3}}))) == "");
}

TEST_CASE("a taker does not go on from a round that broke") {
  three_rounds x;
  auto archive = x.made.settings().archive;
  auto& [path, object] = x.object("/rounds/2-");
  auto end = decode_round_end(object->content, &archive, path).value();
  auto missing = GENERATE(lsn{40}, lsn{30}); // it holds log up to 40
  end.interruption = break_record{s1, missing, 90, 3150, "recycled"};
  object->content = encode(archive, end);
  auto record = x.made.newest();
  record.last_round_end->digest = digest_of(object->content);
  x.newest_commit() = encode(archive, record);
  auto taken = x.read({record.seq, {}});
  REQUIRE(taken.ok());
  CHECK((*taken)->before.empty() == (missing == 30));
}

TEST_CASE("a round end that is damaged keeps nobody from archiving on") {
  three_rounds x;
  for (auto& [path, object] : x.store->objects)
    if (path.find("/rounds/2-") != std::string::npos)
      object->content[60] ^= std::byte{1};
  auto taken = x.read({commit_seq{1}, {}});
  REQUIRE(taken.ok());
  CHECK((*taken)->before.empty());
  CHECK(x.rounds(x.catalog_with(**taken)) == "");
}

TEST_CASE(
    "a lost start of an open piece costs its date, a lost seal its row; nobody is kept from archiving on") {
  three_rounds x;
  auto behind = x.made.newest().seq;
  x.made.seal_oldest(); // a piece of the running round
  x.made.commit(5150);
  x.made.commit(5160);
  auto pieces = [&] { return x.rounds(x.catalog_with(**x.read({behind, round_id{3}}))); };
  CHECK(pieces() == "piece 3/5 of 5; ");
  auto& [start, object] = x.object("r3_p6/start-");
  auto open = x.made.newest().open_pieces.at(0).piece;
  CHECK((**x.read({behind, round_id{3}})).made_at.at(open) > 0);
  object->content = to_bytes(as_bytes("no start"));
  auto record = x.made.newest();
  record.open_pieces.at(0).start.digest = digest_of(object->content);
  x.newest_commit() = encode(x.made.settings().archive, record);
  CHECK((**x.read({behind, round_id{3}})).made_at.at(open) == 0); // it is what was named, and no start
  x.store->objects.erase(start);
  CHECK((**x.read({behind, round_id{3}})).made_at.at(open) == 0);

  auto& [seal, sealed] = x.object("r3_p5/seal-");
  sealed->content = to_bytes(as_bytes("no seal"));
  record.frozen_pieces.back().seal.digest = digest_of(sealed->content);
  record.stream_table.reset();
  record.stream_changes = {x.made.rows().at(s1)};
  x.newest_commit() = encode(x.made.settings().archive, record);
  CHECK(pieces() == "");
  x.store->objects.erase(seal);
  CHECK(pieces() == "");
}

TEST_CASE("one failed call of a taker is an io_error, or it reads all that it reads without: it never takes "
          "over less") {
  std::mt19937_64 seeds{3};
  auto medium = std::make_shared<fault_medium>(seeds);
  three_rounds x(std::make_shared<fault_destination>(medium));
  fault_destination where(medium, "taker");
  auto read = [&] {
    return read_taken_state(where, x.made.settings().tenant, x.made.settings().archive, "memory://d",
                            {commit_seq{1}, {}});
  };
  auto whole = read();
  REQUIRE(whole.ok());
  auto rows = x.rounds(x.catalog_with(**whole));
  auto before = medium->calls();
  REQUIRE(read().ok());
  auto calls = medium->calls() - before;
  std::size_t failed = 0;
  for (std::uint64_t n = 0; n < calls; ++n) {
    INFO("the call that fails: " << n);
    medium->plan({.let_through = n});
    auto taken = read();
    medium->clear_faults();
    if (taken.ok()) {
      CHECK(x.rounds(x.catalog_with(**taken)) == rows);
      CHECK((*taken)->before == (*whole)->before);
      CHECK((*taken)->made_at == (*whole)->made_at);
      continue;
    }
    ++failed;
    CHECK(taken.code() == errc::io_error);
  }
  CHECK(failed > 10);
}

TEST_CASE("a tenant without a commit has no state to take over") {
  three_rounds x;
  auto taken = read_taken_state(*x.where, tenant_id{7}, x.made.settings().archive, "memory://d", {});
  REQUIRE(taken.ok());
  CHECK_FALSE(*taken);
}
