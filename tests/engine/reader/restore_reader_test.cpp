#include "engine/reader/restore_reader.hpp"
#include "tests/engine/reader/reader_fixture.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>

namespace varve::test {

TEST_CASE("all streams come merged by SCN, stream and LSN, from every kind of piece and segment") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto all = restore(fixture.where, {.tenant = tenant});
  CHECK(all.failed.message == "");
  CHECK(all.entries == expected(builder.merged()));
  CHECK(all.entries.size() == 1240);
  CHECK(all.positions.size() == 2);
  for (auto& [stream, position] : all.positions)
    CHECK(position == builder.rows().at(stream).position);
}

TEST_CASE("one stream comes alone, in whole blocks") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto one = restore(fixture.where, {.tenant = tenant, .stream = s2});
  CHECK(one.entries == expected(builder.merged(), [](auto& x) { return x.stream == s2; }));
  CHECK(one.batches < one.entries.size() / 4);
}

TEST_CASE("entries of equal SCN come by stream, in runs as long as the order allows") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 0);
  for (int i = 0; i < 300; ++i) {
    builder.append(s2, 1, 1000, "b" + std::to_string(i));
    builder.append(s1, 1, 1000, "a" + std::to_string(i));
  }
  builder.cut_all();
  builder.commit(999);
  auto all = restore(fixture.where, {.tenant = tenant});
  CHECK(all.entries == expected(builder.merged()));
  CHECK(all.entries.front().stream == s1);
  CHECK(all.entries.back().stream == s2);
  CHECK(all.batches < 40);
}

TEST_CASE("what a plan refuses is refused at open") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto refused = restore(fixture.where, {.tenant = tenant, .until = 99'999});
  CHECK(refused.failed.code == errc::entry_not_exist);
  CHECK_THAT(refused.failed.message, Catch::Contains("above the checkpoint"));
  CHECK(refused.entries.empty());
}

TEST_CASE("the blocks of another stream are not read where they lie far apart from those that are wanted") {
  struct watched : memory_destination {
    using memory_destination::memory_destination;
    result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
      read_bytes += target.size();
      return memory_destination::read(path, offset, target);
    }
    std::atomic<std::uint64_t> read_bytes{0};
  };
  reader_fixture fixture;
  archive_builder::options options;
  options.codec = codec::none;
  options.block_bytes = 1;
  options.segment_bytes = 64 << 20;
  auto builder = fixture.builder(options);
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 0);
  for (scn at = 1000; at < 1020; at += 2) {
    builder.append(s1, 1, at, "small");
    builder.append(s2, 1, at + 1, std::string(100'000, 'x'));
  }
  builder.end_segments();
  builder.commit(1000);
  auto where = std::make_shared<watched>("watched", fixture.store);
  auto one = restore(where, {.tenant = tenant, .stream = s1});
  CHECK(one.entries == expected(builder.merged(), [](auto& x) { return x.stream == s1; }));
  CHECK(where->read_bytes < 200'000);
}

TEST_CASE("a budget smaller than any block still gives everything, by any number of threads") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  for (unsigned threads : {1u, 2u, 7u})
    for (std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5000}}) {
      auto all = restore(fixture.where, {.tenant = tenant, .threads = threads, .read_ahead_bytes = bytes});
      CHECK(all.failed.message == "");
      CHECK(all.entries == expected(builder.merged()));
    }
}

TEST_CASE("a reader that is dropped in the middle stops its threads") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  for (std::size_t given = 0; given < 40; given += 13) {
    auto reader =
        restore_reader::open(fixture.where, {.tenant = tenant, .threads = 4, .read_ahead_bytes = 3000});
    REQUIRE(reader.ok());
    for (std::size_t i = 0; i < given; ++i)
      REQUIRE((*reader)->next().ok());
  }
}

TEST_CASE("what no commit reaches is not given, also after a takeover that wrote other log there") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 20, 1000);
  builder.cut_all();
  builder.commit(1100);
  append_round_robin(builder, {s1}, 20, 2000); // written, never committed
  builder.cut_all();
  CHECK(restore(fixture.where, {.tenant = tenant}).entries.size() == 20);
  builder.take_over();
  CHECK(restore(fixture.where, {.tenant = tenant}).entries.size() == 20);
  append_round_robin(builder, {s1}, 20, 3000); // the same LSNs, other content
  builder.cut_all();
  builder.commit(3100);
  auto all = restore(fixture.where, {.tenant = tenant});
  CHECK(all.entries == expected(builder.merged()));
  CHECK(all.entries.size() == 40);
}

TEST_CASE("rounds that follow each other come as one; a gap is not crossed") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  builder.end_round(12'000);
  auto rounds = builder.rows();
  builder.begin_round(20'000, 1000);
  for (auto& [stream, row] : rounds)
    builder.open_stream(stream, row.position.next_lsn);
  append_round_robin(builder, {s1, s2}, 100, 20'000);
  builder.end_round(21'900);
  auto joined = restore(fixture.where, {.tenant = tenant});
  CHECK(joined.failed.message == "");
  CHECK(joined.entries == expected(builder.merged()));

  builder.begin_round(30'000, 0);
  builder.open_stream(s1, builder.rows().at(s1).position.next_lsn + 1);
  append_round_robin(builder, {s1}, 10, 30'000);
  builder.cut_all();
  builder.commit(30'080);
  auto newest = restore(fixture.where, {.tenant = tenant});
  CHECK(newest.entries == expected(builder.merged(), [](auto& x) { return x.round == round_id{3}; }));
  auto older = restore(fixture.where, {.tenant = tenant, .round = round_id{2}});
  CHECK(older.entries == joined.entries);
  auto first =
      restore(fixture.where, {.tenant = tenant, .round = round_id{1}}); // up to the end of that round
  CHECK(first.entries == expected(builder.merged(), [](auto& x) { return x.round == round_id{1}; }));
  CHECK(first.preview.windows.size() == 2);
  CHECK(first.preview.window.last_round == round_id{1});

  // What comes after it may be lost altogether.
  for (auto& path : fixture.paths("/r2_"))
    fixture.drop(path);
  CHECK_FALSE(restore(fixture.where, {.tenant = tenant, .round = round_id{2}}).failed.message.empty());
  auto again = restore(fixture.where, {.tenant = tenant, .round = round_id{1}});
  CHECK(again.failed.message == "");
  CHECK(again.entries == first.entries);
}

TEST_CASE("a late stream of a joined round may lie below the end of the round before, and is merged in") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 500);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 0);
  append_round_robin(builder, {s1, s2}, 5, 1000);
  append_round_robin(builder, {s1}, 100, 1100); // stream 2 stays at SCN 1090
  builder.end_round(1080);
  builder.begin_round(2200, 500);
  builder.open_stream(s1, builder.rows().at(s1).position.next_lsn);
  builder.open_stream(s2, builder.rows().at(s2).position.next_lsn);
  append_round_robin(builder, {s2}, 50, 1200); // goes into the first piece of round 2
  append_round_robin(builder, {s1, s2}, 50, 2200);
  builder.cut_all();
  builder.commit(3100);
  auto all = restore(fixture.where, {.tenant = tenant});
  CHECK(all.failed.message == "");
  CHECK(all.entries == expected(builder.merged()));
}

TEST_CASE("a file destination restores the same") {
  temp_dir dir;
  auto uri = parse_destination_uri("file://" + dir.string()).value();
  auto where = open_destination(uri, open_mode::create_if_needed, "w1").value();
  archive_builder builder(where, {});
  build_rich_archive(builder);
  auto all = restore(where, {.tenant = tenant});
  CHECK(all.failed.message == "");
  CHECK(all.entries == expected(builder.merged()));
}

TEST_CASE("entries without payload and payloads larger than a block come back") {
  reader_fixture fixture;
  archive_builder::options options;
  options.codec = codec::zstd;
  auto builder = fixture.builder(options);
  builder.begin_round(1, 0);
  builder.open_stream(s1, 1'000'000);
  builder.append(s1, 1, 1, "");
  builder.append(s1, 1, 2, std::string(3 << 20, 'x'));
  builder.append(s1, 1, 2, "");
  builder.cut_all();
  builder.commit(1);
  auto all = restore(fixture.where, {.tenant = tenant, .read_ahead_bytes = 1 << 20});
  CHECK(all.failed.message == "");
  CHECK(all.entries == expected(builder.merged()));
}

} // namespace varve::test
