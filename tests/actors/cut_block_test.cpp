#include "tests/actors/block_samples.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;
using namespace varve::test;

namespace {

constexpr auto slab = slab_arena::slab_bytes;

struct packing {
  memory_budget budget{{.budget_bytes = 512 * slab, .reserve_bytes = 64 * slab, .room_bytes = slab}};
  std::shared_ptr<memory_budget::account> account = budget.open_account(test::tenant, "d");
  block_packer packer;
  bytes raw, packed;

  cut_block_ptr block(const std::vector<log_record>& entries) {
    return raw_block(budget, account, stream_id{4}, entries, 1, 1);
  }
  status pack(cut_block& block, codec wanted) {
    return block.pack(packer, wanted, budget.arena(), raw, packed);
  }
};

std::vector<log_record> records(std::size_t count, std::size_t payload_bytes, bool random_bytes) {
  std::mt19937 random{1};
  std::vector<log_record> made;
  for (std::size_t i = 0; i < count; ++i) {
    std::string payload(payload_bytes, static_cast<char>('a' + i % 3));
    if (random_bytes)
      for (auto& c : payload)
        c = static_cast<char>(random());
    made.push_back({i * 10, i * 10 + 10, 1'000 + i, payload});
  }
  return made;
}

} // namespace

TEST_CASE("cut block: packed with any codec it reads back as the entries it was cut from") {
  auto wanted = GENERATE(codec::none, codec::lz4, codec::zstd);
  packing p;
  auto entries = records(300, 200, false);
  auto block = p.block(entries);
  REQUIRE(p.pack(*block, wanted).ok());
  CHECK(block->header.codec == wanted);
  bytes stored;
  block->packed().gather(stored);
  auto header = parse_block_header(stored, "packed");
  REQUIRE(header.ok());
  CHECK(*header == block->header);
  CHECK(stored.size() == format::block_header_bytes + header->stored_bytes);
  block_unpacker unpacker;
  bytes raw;
  REQUIRE(unpacker.unpack(*header, bytes_view{stored}.subspan(format::block_header_bytes), "x", raw).ok());
  CHECK(entries_in(*header, raw) == entries);
}

TEST_CASE("cut block: memory is charged for what it holds, raw, then packed, then nothing") {
  packing p;
  auto block = p.block(records(300, 200, false));
  auto raw_slabs = p.budget.used_bytes();
  CHECK(raw_slabs == block->charged_bytes());
  CHECK(raw_slabs == p.budget.arena().slabs_in_use() * slab);
  REQUIRE(p.pack(*block, codec::zstd).ok());
  CHECK(block->charged_bytes() < raw_slabs / 4);
  CHECK(p.budget.used_bytes() == block->charged_bytes());
  CHECK(p.budget.arena().slabs_in_use() * slab == block->charged_bytes());
  block->release();
  CHECK(p.budget.used_bytes() == 0);
  CHECK(p.budget.arena().slabs_in_use() == 0);
  block->release(); // once is enough, twice does no harm
  CHECK(p.budget.used_bytes() == 0);
  CHECK(block->header.entries == 300);
}

TEST_CASE("cut block: bytes that do not shrink are stored raw, header and all within their own slabs") {
  packing p;
  auto entries = records(1, 4 * slab - 100, true); // with its header it needs one slab more
  auto block = p.block(entries);
  auto before = block->charged_bytes();
  REQUIRE(p.pack(*block, codec::lz4).ok());
  CHECK(block->header.codec == codec::none);
  CHECK(block->charged_bytes() == before + slab);
  CHECK(p.budget.arena().slabs_in_use() * slab == block->charged_bytes());
  auto raw = block->raw_body();
  REQUIRE(raw);
  CHECK(entries_in(block->header, *raw) == entries);
}

TEST_CASE("cut block: its raw body can be read while it is raw, while it is packed, and not once released") {
  packing p;
  auto entries = records(50, 90, false);
  auto block = p.block(entries);
  auto raw = block->raw_body();
  REQUIRE(raw);
  CHECK(entries_in(block->header, *raw) == entries);
  REQUIRE(p.pack(*block, codec::lz4).ok());
  REQUIRE(block->raw_body());
  CHECK(*block->raw_body() == *raw);
  block->release();
  CHECK_FALSE(block->raw_body());
}

TEST_CASE("cut block: what it holds goes back when its last holder lets it go") {
  packing p;
  {
    auto block = p.block(records(50, 90, false));
    auto other = block;
    block.reset();
    CHECK(p.budget.used_bytes() > 0);
  }
  CHECK(p.budget.used_bytes() == 0);
  CHECK(p.budget.arena().slabs_in_use() == 0);
}
