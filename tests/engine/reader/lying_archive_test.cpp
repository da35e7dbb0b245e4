#include "engine/format/object_name.hpp"
#include "engine/reader/block_lookup.hpp"
#include "engine/reader/verify.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

/// Objects that contradict each other though every checksum and digest holds: what a writer's bug would
/// leave. No reader takes one for another, and verify tells.
namespace varve::test {
namespace {

/// Two sealed pieces and an open one.
struct sealed_pieces : reader_fixture {
  explicit sealed_pieces(archive_builder::options options = {}) : made(builder(options)) {
    made.begin_round(1000, 1000);
    made.open_stream(s1, 0);
    append_round_robin(made, {s1}, 230, 1000);
    made.cut_all();
    made.seal_oldest();
    made.seal_oldest();
    made.commit(3000);
  }
  damage only_damage_of(std::size_t piece) {
    auto files = files_of(*this, catalogue_of(*this), piece);
    REQUIRE(files.damages.size() == 1);
    return files.damages[0];
  }
  const random_id& archive() const { return made.settings().archive; }
  archive_builder made;
};

/// Changes an index object and what names it.
struct changed_index : indexed_piece {
  segment_index index(std::size_t which) {
    auto path = paths("/index-").at(which);
    return decode_segment_index(content(path), nullptr, path).value();
  }
  void name_in_commit(const varve::digest& digest) {
    say_in_commit(made, [&](auto& record) {
      record.open_pieces.at(0).index->digest = digest;
      record.stream_table->object.digest = digest;
    });
  }
  /// Puts it in the place of the newest index.
  void put_newest(const segment_index& x) {
    name_in_commit(put(paths("/index-").at(1), encode(made.settings().archive, x)));
  }
  void newest_is_damaged(const char* words) {
    auto files = files_of(*this, catalogue_of(*this), 0);
    REQUIRE_FALSE(files.damages.empty());
    CHECK(files.damages[0].why.code == errc::checksum_error);
    CHECK_THAT(files.damages[0].why.message, Catch::Contains(words));
  }
};

std::string all_problems(destination& where) {
  auto report = verify_archive(where, {});
  REQUIRE(report.ok());
  std::string all;
  for (auto& x : report->problems)
    all += describe(x) + "\n";
  return all;
}

} // namespace

TEST_CASE("a seal of another piece or tenant is damage, though its digest is the one that is named") {
  for (bool of_tenant : {false, true}) {
    sealed_pieces x;
    auto first = x.paths("/seal-").at(0), second = x.paths("/seal-").at(1);
    auto seal = decode_seal(x.content(of_tenant ? first : second), nullptr, first).value();
    if (of_tenant)
      seal.tenant = tenant_id{7};
    auto digest = x.put(first, encode(x.archive(), seal));
    x.say_in_commit(x.made, [&](auto& record) { record.frozen_pieces.at(0).seal.digest = digest; });
    auto found = x.only_damage_of(0);
    CHECK(found.path == first);
    CHECK(found.why.code == errc::checksum_error);
    CHECK_THAT(found.why.message, Catch::Contains("is about another piece"));
    CHECK_THAT(all_problems(*x.where), Catch::Contains(first));
  }
}

TEST_CASE("an index of another piece or tenant, or newer than the one after it, is damage") {
  SECTION("of another tenant") {
    changed_index x;
    auto index = x.index(1);
    index.tenant = tenant_id{7};
    x.put_newest(index);
    x.newest_is_damaged("another piece");
  }
  SECTION("of another piece") {
    changed_index x;
    auto index = x.index(1);
    index.piece.round = round_id{2};
    x.put_newest(index);
    x.newest_is_damaged("another piece");
  }
  SECTION("a chain that goes to a newer one") {
    for (auto& [epoch, number] : {std::pair(varve::epoch{1}, 3u), std::pair(varve::epoch{9}, 1u)}) {
      changed_index x;
      auto oldest = x.content(x.paths("/index-").at(0));
      index_name newer{tenant, x.whole.piece.piece, epoch, number};
      REQUIRE(x.where->create(to_path(newer), oldest).ok());
      auto index = x.index(1);
      index.previous = object_ref{epoch, number, digest_of(oldest)};
      x.put_newest(index);
      x.newest_is_damaged("newer than the index after it");
    }
  }
}

TEST_CASE("segments found again must have the bytes that are counted, not only the entries") {
  indexed_piece x;
  x.drop(x.paths("/index-").at(0));
  CHECK_FALSE(files_of(x, catalogue_of(x), 0).damages.at(0).lost_unknown);
  x.say_in_commit(x.made, [](auto& record) { record.open_pieces.at(0).counts.input_bytes += 1; });
  CHECK(files_of(x, catalogue_of(x), 0).damages.at(0).lost_unknown);
}

TEST_CASE(
    "a piece list is damage where it lists what is newer than the list after it; an empty one is none") {
  archive_builder::options options;
  options.frozen_in_commit = 1;
  sealed_pieces x(options);
  auto path = x.path("/lists/");
  auto list = decode_piece_list(x.content(path), nullptr, path).value();
  REQUIRE(list.pieces.size() == 1);
  auto say = [&](const piece_list& changed) {
    auto digest = x.put(path, encode(x.archive(), changed));
    x.say_in_commit(x.made, [&](auto& record) { record.piece_list->digest = digest; });
    return catalogue_of(x);
  };
  auto newer = list;
  newer.pieces[0].piece.piece = piece_id{2};
  auto catalogue = say(newer);
  REQUIRE(catalogue.damages.size() == 1);
  CHECK_THAT(catalogue.damages[0].why.message, Catch::Contains("not older"));
  CHECK(catalogue.damages[0].lost_unknown);

  REQUIRE(x.where->create(to_path(piece_list_name{tenant, epoch{1}, 9}), encode(x.archive(), list)).ok());
  piece_list empty{tenant, object_ref{epoch{1}, 9, digest_of(encode(x.archive(), list))}, {}};
  catalogue = say(empty);
  CHECK(catalogue.damages.empty());
  CHECK(catalogue.list_objects.size() == 2);
  CHECK(catalogue.pieces.size() == 3);
}

TEST_CASE("the end of another round is damage") {
  reader_fixture x;
  auto made = x.builder();
  for (int round = 0; round < 2; ++round) {
    made.begin_round(1000 + 1000 * scn(round), 0);
    made.open_stream(s1, 100 * lsn(round));
    append_round_robin(made, {s1}, 1, 1000 + 1000 * scn(round));
    made.end_round(1000 + 1000 * scn(round));
  }
  auto ends = x.paths("/rounds/");
  auto digest = x.put(ends.at(1), x.content(ends.at(0)));
  x.say_in_commit(made, [&](auto& record) { record.last_round_end->digest = digest; });
  auto catalogue = catalogue_of(x);
  REQUIRE(catalogue.damages.size() == 1);
  CHECK(catalogue.damages[0].path == ends.at(1));
  CHECK_THAT(catalogue.damages[0].why.message, Catch::Contains("about another round"));
}

TEST_CASE("a piece that counts other bytes than its blocks have is told") {
  indexed_piece x;
  x.say_in_commit(x.made, [](auto& record) { record.open_pieces.at(0).counts.input_bytes += 1; });
  CHECK_THAT(all_problems(*x.where), Catch::Contains("the piece counts 100 entries, its blocks have 100"));
}

TEST_CASE(
    "an LSN that an index claims and no block has is looked for in what is older, and then is nothing") {
  changed_index x;
  auto index = x.index(1);
  auto& range = index.segments.at(1).ranges.at(0);
  auto end = range.next_lsn;
  range.next_lsn += 5000;
  x.put_newest(index);
  auto block = read_block_covering(*x.where, tenant, s1, end - 1, nullptr);
  REQUIRE(block.ok());
  CHECK(*block);
  auto recent = x.made.rows().at(s1).position.next_lsn;
  REQUIRE(end + 4999 > recent);
  auto none = read_block_covering(*x.where, tenant, s1, recent, nullptr);
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  range.first_lsn = 0;
  x.put_newest(index);
  auto older = read_block_covering(*x.where, tenant, s1, 0, nullptr);
  REQUIRE(older.ok());
  REQUIRE(*older);
  CHECK((*older)->ref.first_lsn == 0);
}

TEST_CASE("an entry that starts within the one before it stops a restore there") {
  reader_fixture x;
  auto made = x.builder();
  made.begin_round(1000, 0);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 10, 1000);
  made.cut_all();
  made.open_stream(s1, 950); // the stream goes on within its last entry
  append_round_robin(made, {s1}, 10, 2000);
  made.cut_all();
  made.commit(1000);
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::checksum_error);
  CHECK_THAT(all.failed.message, Catch::Contains("an entry starts within the one before it") &&
                                     Catch::Contains("LSN [1000, 1050)"));
  CHECK(all.entries.size() == 10);
}

} // namespace varve::test
