#include "actors/compressor.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/block_samples.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE("compressor: a block is packed as wanted and goes to its writer under its epoch") {
  memory_budget budget{{.budget_bytes = 16 << 20, .reserve_bytes = 1 << 20, .room_bytes = 8192}};
  auto account = budget.open_account(test::tenant, "d");
  fake_writer got;
  actor_fixture f;
  auto writer = got.spawn(f.system());
  auto compressor = spawn_compressor(f.system(), budget.arena());
  std::vector<log_record> entries{{0, 10, 5, std::string(10'000, 'x')}, {10, 20, 6, "y"}};
  std::vector<codec> wanted{codec::none, codec::lz4, codec::zstd, codec::lz4};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto block = raw_block(budget, account, stream_id{1}, entries, i + 1, i + 1);
    block->wanted = wanted[i];
    caf::anon_send(compressor, pack_atom::value, std::uint64_t{40 + i}, block, writer);
  }
  f.run();
  REQUIRE(got.packed.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto& [epoch, block] = got.packed[i];
    CHECK(epoch == 40 + i);
    CHECK(block->ticket == i + 1);
    CHECK(block->header.codec == wanted[i]);
    CHECK(block->packed().size() == format::block_header_bytes + block->header.stored_bytes);
    auto raw = block->raw_body();
    REQUIRE(raw);
    CHECK(entries_in(block->header, *raw) == entries);
  }
}

TEST_CASE("compressor: a block that cannot be packed ends it, and nothing of that reaches the writer") {
  memory_budget budget{{.budget_bytes = 16 << 20, .reserve_bytes = 1 << 20, .room_bytes = 8192}};
  auto account = budget.open_account(test::tenant, "d");
  fake_writer got;
  actor_fixture f;
  auto writer = got.spawn(f.system());
  auto compressor = spawn_compressor(f.system(), budget.arena());
  std::string ended;
  auto watching = f.system().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->monitor(compressor);
    self->set_down_handler([&, self](caf::down_msg& down) {
      ended = self->system().render(down.reason);
      self->quit();
    });
    return {[](end_atom) {}};
  });
  auto empty = std::make_shared<cut_block>(slab_chain{budget.arena()}, memory_charge{budget, account});
  caf::anon_send(compressor, pack_atom::value, std::uint64_t{1}, empty, writer);
  f.run();
  CHECK(ended.find("a block body of 0 bytes") != std::string::npos);
  CHECK(got.packed.empty());
}

TEST_CASE("compressor: a huge block is packed like any other, and so is the one after it") {
  memory_budget budget{{.budget_bytes = 64 << 20, .reserve_bytes = 1 << 20, .room_bytes = 8192}};
  auto account = budget.open_account(test::tenant, "d");
  fake_writer got;
  actor_fixture f;
  auto writer = got.spawn(f.system());
  auto compressor = spawn_compressor(f.system(), budget.arena());
  std::vector<log_record> huge{{0, 10, 5, std::string(12 << 20, 'x')}}, small{{10, 20, 5, "small"}};
  caf::anon_send(compressor, pack_atom::value, std::uint64_t{1},
                 raw_block(budget, account, stream_id{1}, huge, 1, 1), writer);
  caf::anon_send(compressor, pack_atom::value, std::uint64_t{1},
                 raw_block(budget, account, stream_id{1}, small, 2, 2), writer);
  f.run();
  REQUIRE(got.packed.size() == 2);
  CHECK(entries_in(got.packed[0].second->header, *got.packed[0].second->raw_body()) == huge);
  CHECK(entries_in(got.packed[1].second->header, *got.packed[1].second->raw_body()) == small);
}
