#include "engine/format/object_name.hpp"
#include "engine/reader/committed_state.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace varve::test {
namespace {

const stream_row& row_of(const committed_state& state, stream_id stream) {
  for (auto& x : state.streams)
    if (x.stream == stream)
      return x;
  FAIL("no row of stream " << stream.value);
  return state.streams.front();
}

committed_state read(reader_fixture& fixture) {
  auto state = read_committed_state(*fixture.where, tenant, nullptr);
  INFO((state.ok() ? std::string() : state.error().to_string()));
  REQUIRE(state.ok());
  REQUIRE(*state);
  return **state;
}

} // namespace

TEST_CASE("a tenant without commits has no state") {
  reader_fixture fixture;
  auto state = read_committed_state(*fixture.where, tenant, nullptr);
  REQUIRE(state.ok());
  CHECK_FALSE(*state);
}

TEST_CASE("positions come from the table, moved forward by the segments after it") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 500);
  append_round_robin(builder, {s1, s2}, 10, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.write_indexes();
  builder.commit(1100);
  CHECK(row_of(read(fixture), s1) == builder.rows().at(s1)); // the table alone
  CHECK(read(fixture).open_pieces.at(0).recent.empty());

  append_round_robin(builder, {s1}, 10, 2000);
  builder.cut_all();
  builder.end_segments(); // with footer
  append_round_robin(builder, {s2}, 10, 3000);
  builder.cut_all(); // without
  builder.commit(2000);
  auto state = read(fixture);
  CHECK(row_of(state, s1).position == stream_position{2000, 2090});
  CHECK(row_of(state, s2).position == stream_position{2500, 3090});
  CHECK(row_of(state, s2).start_lsn == 500);
  REQUIRE(state.open_pieces.at(0).recent.size() == 2);
  CHECK(state.open_pieces[0].recent[0].segment == builder.newest().open_pieces[0].segments[0]);
  CHECK(state.open_pieces[0].recent[0].ranges == std::vector<stream_range>{{s1, 1000, 2000, 2000, 2090}});
  CHECK(state.damages.empty());
}

TEST_CASE("bytes past the valid length of a segment do not count") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 10, 1000);
  builder.cut_all();
  builder.commit(1000);
  auto before = read(fixture);
  append_round_robin(builder, {s1}, 10, 2000);
  builder.cut_all();
  auto after = read(fixture);
  CHECK(after.streams == before.streams);
  CHECK(after.open_pieces[0].recent == before.open_pieces[0].recent);
}

TEST_CASE("a stream that a new round restarts stays where the change says, above or below its old position") {
  for (lsn start : {lsn{50}, lsn{90'000}}) {
    reader_fixture fixture;
    auto builder = fixture.builder();
    builder.begin_round(1000, 0);
    builder.open_stream(s1, 0);
    append_round_robin(builder, {s1}, 10, 1000);
    builder.end_round(1090);
    builder.begin_round(2000, 0);
    builder.open_stream(s1, start);
    builder.commit(0);
    CHECK(row_of(read(fixture), s1) == stream_row{s1, start, {start, 1090}, false});
    append_round_robin(builder, {s1}, 10, 2000);
    builder.cut_all();
    builder.commit(2000);
    CHECK(row_of(read(fixture), s1) == stream_row{s1, start, {start + 1000, 2090}, false});
  }
}

TEST_CASE("a dropped stream is dropped by its change, and its log still counts") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 0);
  append_round_robin(builder, {s1, s2}, 10, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.write_indexes();
  append_round_robin(builder, {s1}, 5, 2000);
  builder.drop_stream(s1);
  builder.commit(2000);
  CHECK(row_of(read(fixture), s1) == stream_row{s1, 0, {1500, 2040}, true});
  CHECK_FALSE(row_of(read(fixture), s2).dropped);
}

TEST_CASE("the table may be a seal, and other pieces may be open before and after it") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto state = read(fixture);
  REQUIRE(state.streams.size() == builder.rows().size());
  for (auto& row : state.streams)
    CHECK(row == builder.rows().at(row.stream));
}

TEST_CASE("a state that costs what is new opens only the table and the segments that the commit lists") {
  struct counting : memory_destination {
    using memory_destination::memory_destination;
    result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
      opened.insert(path);
      return memory_destination::read(path, offset, target);
    }
    result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
      opened.insert(path);
      return memory_destination::read_all(path, size_max);
    }
    std::set<object_path> opened;
  };
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  counting where("counting", fixture.store);
  REQUIRE(read_committed_state(where, tenant, nullptr).ok());
  std::size_t listed = 0;
  for (auto& piece : builder.newest().open_pieces)
    listed += piece.segments.size();
  CHECK(where.opened.size() == 2 + 1 + listed); // the newest two commits, the table
  CHECK(fixture.paths("/").size() > 2 * where.opened.size());
}

TEST_CASE("a damaged footer costs nothing, the blocks tell the same") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.commit(1000);
  auto whole = read(fixture);
  auto segment = fixture.path("/seg-");
  auto size = fixture.content(segment).size();
  for (auto offset : {size - 1, size - 20, size - 33}) {
    fixture.flip(segment, offset);
    auto state = read(fixture);
    CHECK(state.streams == whole.streams);
    REQUIRE(state.damages.size() == 1);
    CHECK_FALSE(costs_log(state.damages[0]));
    fixture.flip(segment, offset);
  }
  CHECK(read(fixture).damages.empty());
}

TEST_CASE("a taker refuses a state in which a position is not certain, a reader takes what it can get") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.write_indexes();
  builder.commit(1000);
  append_round_robin(builder, {s1}, 30, 2000);
  builder.cut_all();
  builder.commit(2000);

  auto check = [&](errc code, const object_path& path, lsn reached) {
    auto strict = read_committed_state(*fixture.where, tenant, nullptr);
    REQUIRE(strict.code() == code);
    CHECK_THAT(strict.error().message, Catch::Contains(path));
    auto lenient = read_readable_state(*fixture.where, tenant, {});
    REQUIRE(lenient.ok());
    REQUIRE((*lenient)->damages.size() == 1);
    CHECK((*lenient)->damages[0].path == path);
    CHECK(row_of(**lenient, s1).position.next_lsn == reached);
  };
  auto open = fixture.path("/seg-00000000000000000001-00000002"), table = fixture.path("/index-");
  auto block = builder.newest().open_pieces[0].segments[0].valid_bytes;

  SECTION("the second block header of an open segment is damaged") {
    auto blocks = std::as_const(fixture).paths("/seg-").size();
    REQUIRE(blocks == 2);
    auto first = parse_block_header(bytes_view(fixture.content(open)).subspan(128), "x").value();
    fixture.flip(open, 128 + 128 + first.stored_bytes + 40);
    check(errc::checksum_error, open, first.next_lsn);
  }
  SECTION("an open segment is shorter than the commit says") {
    fixture.cut_to(open, block - 1);
    auto lenient = read_readable_state(*fixture.where, tenant, {});
    REQUIRE(lenient.ok()); // the last block's header is there: only reading its body finds out
    fixture.cut_to(open, 128);
    check(errc::bytes_missing, open, 3000);
  }
  SECTION("an open segment is missing") {
    fixture.drop(open);
    check(errc::bytes_missing, open, 3000);
  }
  SECTION("the table is damaged") {
    fixture.flip(table, 90);
    check(errc::checksum_error, table, 6000);
  }
  SECTION("the table is missing") {
    fixture.drop(table);
    check(errc::bytes_missing, table, 6000);
  }
}

TEST_CASE("a table that cannot be taken apart leaves the positions uncertain, whatever its digest says") {
  indexed_piece x;
  auto check = [&](const object_path& path) {
    auto strict = read_committed_state(*x.where, tenant, nullptr);
    REQUIRE(strict.code() == errc::checksum_error);
    CHECK_THAT(strict.error().message, Catch::Contains(path));
    auto lenient = read_readable_state(*x.where, tenant, {});
    REQUIRE(lenient.ok());
    CHECK_FALSE((*lenient)->table_read);
  };
  auto table = x.paths("/index-").at(1);
  auto digest = x.put(table, to_bytes(as_bytes("no index")));
  x.say_in_commit(x.made, [&](auto& record) { record.stream_table->object.digest = digest; });
  check(table);

  auto seal = to_path(seal_name{tenant, x.made.newest().open_pieces.at(0).piece, epoch{1}});
  REQUIRE(x.where->create(seal, as_bytes("no seal")).ok());
  x.say_in_commit(x.made, [&](auto& record) {
    record.stream_table = stream_table_ref{
        object_kind::seal, record.open_pieces.at(0).piece, {epoch{1}, 0, digest_of(as_bytes("no seal"))}};
  });
  check(seal);
}

TEST_CASE("log of an older round that is still open does not move a stream that the new round restarted") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 10, 1000);
  builder.cut_all();
  builder.commit(1090);
  builder.begin_round(2000, 0);
  builder.open_stream(s1, 50);
  append_round_robin(builder, {s1}, 2, 2000);
  builder.cut_all();
  builder.commit(2010);
  REQUIRE(builder.newest().open_pieces.size() == 2);
  CHECK(row_of(read(fixture), s1) == stream_row{s1, 50, {250, 2010}, false});
}

TEST_CASE("the first damage that leaves a position uncertain is the one a taker is told") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  for (int i = 0; i < 2; ++i) {
    append_round_robin(builder, {s1}, 10, 1000);
    builder.cut_all();
    builder.end_segments();
  }
  builder.commit(1000);
  auto segments = fixture.paths("/seg-");
  for (auto& path : segments)
    fixture.drop(path);
  auto strict = read_committed_state(*fixture.where, tenant, nullptr);
  REQUIRE(strict.code() == errc::bytes_missing);
  CHECK_THAT(strict.error().message, Catch::Contains(segments.at(0)) && !Catch::Contains(segments.at(1)));
  CHECK((*read_readable_state(*fixture.where, tenant, {}))->damages.size() == 2);
}

TEST_CASE("what stays missing is looked for again while newer commits come, a bounded number of times") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.commit(1000);
  fixture.drop(fixture.path("/seg-"));
  racing_destination where(fixture.store);
  auto segment = to_path(segment_name{tenant, builder.newest().open_pieces.at(0).piece, epoch{1}, 1});
  unsigned looks = 0;
  SECTION("a newer commit each time") {
    where.meanwhile = [&](auto& path) {
      if (path == segment)
        builder.commit(1000);
      looks += path == commits_folder(tenant);
    };
    auto state = read_readable_state(where, tenant, {});
    REQUIRE(state.ok());
    CHECK((*state)->damages.size() == 1);
    CHECK(looks == 8);
    CHECK(read_committed_state(where, tenant, nullptr).code() == errc::bytes_missing);
  }
  SECTION("the tenant goes away meanwhile: what was read before is the answer") {
    where.meanwhile = [&](auto& path) {
      if (path != segment)
        return;
      for (auto& each : fixture.paths("/commits/"))
        fixture.drop(each);
    };
    auto state = read_readable_state(where, tenant, {});
    REQUIRE(state.ok());
    REQUIRE(*state);
    CHECK((*state)->commit.record == builder.newest());
  }
}

TEST_CASE("objects that vanish because a newer commit no longer needs them are not missed") {
  struct racing : memory_destination {
    using memory_destination::memory_destination;
    result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
      if (race)
        std::exchange(race, nullptr)();
      return memory_destination::read(path, offset, target);
    }
    std::function<void()> race;
  };
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 0);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.commit(1000);
  racing where("racing", fixture.store);
  where.race = [&] {
    builder.write_indexes(); // the segment is reached by the index from now on; as if merging removed it
    builder.commit(1290);
    fixture.drop(fixture.path("/seg-"));
  };
  auto state = read_committed_state(where, tenant, nullptr);
  REQUIRE(state.ok());
  CHECK((*state)->commit.record == builder.newest());
  CHECK(row_of(**state, s1) == builder.rows().at(s1));
}

} // namespace varve::test
