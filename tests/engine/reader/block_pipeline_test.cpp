#include "engine/reader/block_pipeline.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>

namespace varve::test {
namespace {

constexpr block_filter everything{round_id{1}, round_id{9}, {}, 0, lsn_max, 0, scn_max};

/// Stored bytes of blocks that were read; the archive is of codec none, so about what they take decompressed.
struct watched_destination : memory_destination {
  using memory_destination::memory_destination;
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
    read_bytes += target.size();
    return memory_destination::read(path, offset, target);
  }
  std::atomic<std::uint64_t> read_bytes{0};
};

} // namespace

TEST_CASE("blocks come in the order of the source, by any number of threads, also when all are kept") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto catalogue = catalogue_of(fixture);
  for (unsigned threads : {1u, 3u, 8u}) {
    block_source source(*fixture.where, catalogue, everything, nullptr);
    block_pipeline pipeline(*fixture.where, source, {tenant, threads, 1500});
    std::vector<std::unique_ptr<decoded_block>> kept;
    std::size_t entries = 0;
    while (true) {
      auto block = pipeline.take();
      REQUIRE(block.ok());
      if (!*block)
        break;
      CHECK_FALSE((*block)->demand.broken);
      CHECK((*block)->entries.size() == (*block)->demand.block.entries);
      if (!kept.empty())
        CHECK(kept.back()->demand.key < (*block)->demand.key);
      entries += (*block)->entries.size();
      kept.push_back(std::move(*block));
    }
    CHECK(entries == builder.committed().size());
    for (auto& x : kept)
      pipeline.recycle(std::move(x));
  }
}

TEST_CASE("not more is read ahead than the bound, and what was taken does not count, kept or given back") {
  reader_fixture fixture;
  archive_builder::options options;
  options.codec = codec::none;
  options.segment_bytes = 64 << 20; // one segment
  options.block_bytes = 4096;
  auto builder = fixture.builder(options);
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 20'000, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.commit(1000);
  auto catalogue = catalogue_of(fixture);

  watched_destination where("watched", fixture.store);
  block_source source(where, catalogue, everything, nullptr);
  constexpr std::uint64_t bound = 100'000, footer = 40'000;
  std::uint64_t taken = 0, most = 0;
  bool caught_up = false;
  std::vector<std::unique_ptr<decoded_block>> kept;
  block_pipeline pipeline(where, source, {tenant, 4, bound});
  while (true) {
    auto block = pipeline.take();
    REQUIRE(block.ok());
    if (!*block)
      break;
    taken += (*block)->demand.block.size;
    most = std::max(most, where.read_bytes - std::min<std::uint64_t>(where.read_bytes, taken));
    if (taken < 3 * bound) {
      kept.push_back(std::move(*block));
      continue;
    }
    // More than the bound is kept, and its threads read ahead all the same.
    for (std::uint64_t looks = 0; !caught_up && where.read_bytes < taken + bound / 2 && looks < 10'000'000;
         ++looks)
      std::this_thread::yield();
    if (!caught_up)
      CHECK(where.read_bytes >= taken + bound / 2);
    caught_up = true;
    pipeline.recycle(std::move(*block));
  }
  CHECK(most > bound / 2);
  CHECK(taken > 10 * bound);
  CHECK(most < bound + footer);
}

TEST_CASE("one unreadable block among neighbours that are read together is broken alone") {
  indexed_piece x;
  auto segment = x.paths("/seg-").at(1);
  auto catalogue = catalogue_of(x);
  x.cut_to(segment, x.content(segment).size() / 2);
  block_source source(*x.where, catalogue, everything, nullptr);
  block_pipeline pipeline(*x.where, source, {tenant, 2, 1 << 20});
  std::size_t whole = 0, broken = 0;
  while (true) {
    auto block = pipeline.take();
    REQUIRE(block.ok());
    if (!*block)
      break;
    if (auto& found = (*block)->demand.broken) {
      CHECK(found->path == segment);
      CHECK(found->lost.size() == 1);
      ++broken;
    } else {
      ++whole;
    }
    pipeline.recycle(std::move(*block));
  }
  CHECK(broken >= 1);
  CHECK(whole > 4 * broken);
}

} // namespace varve::test
