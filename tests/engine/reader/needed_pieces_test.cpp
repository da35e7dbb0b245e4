#include "engine/reader/needed_pieces.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// Pieces 1 to 6, 2000 of log time each from 1000 on; the first of them only in piece lists.
struct rich_archive : reader_fixture {
  rich_archive() : made(builder()) { build_rich_archive(made); }
  result<needed_pieces> look(scn until) {
    return find_needed_pieces(*where, {.tenant = tenant, .until = until});
  }
  error refusal(scn until) {
    auto found = look(until);
    REQUIRE_FALSE(found.ok());
    return found.error();
  }
  archive_builder made;
};

/// Round 1 has ten entries of stream 1; round 2 goes on from it and has none yet.
struct joined_rounds : reader_fixture {
  joined_rounds() : made(builder()) {
    made.begin_round(1000, 1000);
    made.open_stream(s1, 0);
    append_round_robin(made, {s1}, 10, 1000);
    made.end_round(1090);
    made.begin_round(2000, 1000);
    made.open_stream(s1, made.rows().at(s1).position.next_lsn);
  }
  archive_builder made;
};

} // namespace

TEST_CASE("a restore that works is told with its window and its pieces, with what is in them") {
  rich_archive x;
  auto found = x.look(5500);
  REQUIRE(found.ok());
  CHECK(found->archive == x.made.settings().archive);
  CHECK(found->preview.window.start_scn == 1000);
  CHECK(found->preview.filter.until_scn == 5500);
  REQUIRE(found->pieces.size() == 3);
  std::uint64_t entries = 0;
  for (auto& model : x.made.committed())
    entries += model.scn < 7000 ? 1 : 0;
  std::uint64_t counted = 0;
  for (auto& piece : found->pieces) {
    CHECK(piece.counts.output_bytes > 0);
    counted += piece.counts.entries;
  }
  CHECK(counted == entries);
}

TEST_CASE("what a restore refuses is refused before any piece is looked at") {
  rich_archive x;
  CHECK_THAT(x.refusal(999).message, Catch::Contains("begins at SCN 1000"));
  CHECK_THAT(x.refusal(99'999).message, Catch::Contains("above the checkpoint"));
  CHECK(find_needed_pieces(*x.where, {.tenant = tenant_id{4}}).code() == errc::entry_not_exist);
}

TEST_CASE(
    "a segment that is gone or cut short is a piece that is damaged, with the time that does without it") {
  rich_archive x;
  auto segment = x.paths("t1001/r1_p3/seg-").at(0);
  auto size = x.content(segment).size();
  SECTION("gone") {
    x.drop(segment);
  }
  SECTION("cut short") {
    x.cut_to(segment, size - 1);
  }
  auto refused = x.refusal(8000);
  CHECK(refused.code == errc::bytes_missing);
  CHECK_THAT(refused.message,
             Catch::Contains("piece 3 of round 1 of tenant 1001") && Catch::Contains(segment));
  CHECK_THAT(refused.hint, Catch::Contains("4999"));
  auto before = x.look(4999);
  REQUIRE(before.ok());
  CHECK(before->pieces.size() == 2);
}

TEST_CASE("a segment that begins after UNTIL may be gone") {
  rich_archive x;
  auto catalogue = catalogue_of(x);
  auto files = files_of(x, catalogue, 0);
  REQUIRE(files.segments.size() > 1);
  auto& last = files.segments.back();
  x.drop(x.paths("t1001/r1_p1/seg-").back());
  auto first_lost = std::min(last.ranges[0].first_scn, last.ranges[1].first_scn);
  CHECK(x.look(first_lost - 1).ok());
  auto refused = x.refusal(first_lost);
  CHECK(refused.code == errc::bytes_missing);
  CHECK_THAT(refused.hint, !Catch::Contains("does without it")); // it is the first piece
}

TEST_CASE(
    "the first piece of a joined round may hold log below its start, which is not promised without it") {
  joined_rounds x;
  auto& made = x.made;
  append_round_robin(made, {s1}, 1, 1500); // an entry before the start of the round
  append_round_robin(made, {s1}, 10, 2000);
  made.cut_all();
  made.commit(2080);
  x.drop(x.path("t1001/r2_p2/seg-"));
  auto refused = find_needed_pieces(*x.where, {.tenant = tenant, .until = 2050});
  REQUIRE(refused.code() == errc::bytes_missing);
  CHECK_THAT(refused.error().hint, !Catch::Contains("does without it"));
  CHECK(find_needed_pieces(*x.where, {.tenant = tenant, .until = 1089}).ok());
}

TEST_CASE(
    "a piece whose seal is lost and cannot be told again is damaged, and matters only to who needs it") {
  rich_archive x;
  auto seal = x.path("t1001/r1_p2/seal-");
  x.flip(seal, 100);
  x.drop(x.paths("t1001/r1_p2/seg-").at(0));
  auto refused = x.refusal(8000);
  CHECK_THAT(refused.message, Catch::Contains("piece 2 of round 1") && Catch::Contains(seal));
  CHECK(x.look(2500).ok());
}

TEST_CASE("pieces that a damaged piece list hides are missed") {
  rich_archive x;
  auto list = x.paths("t1001/lists/").at(0);
  x.flip(list, 100);
  auto refused = x.refusal(12'000);
  CHECK(refused.code == errc::bytes_missing);
  CHECK_THAT(refused.message, Catch::Contains("piece 1 of round 1") && Catch::Contains(list));
}

TEST_CASE("where a damaged list hides all pieces of a round, its first one is missed") {
  reader_fixture x;
  archive_builder::options options;
  options.frozen_in_commit = 1;
  auto made = x.builder(options);
  made.begin_round(1000, 1000);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 10, 1000);
  made.end_round(1090);
  made.begin_round(2000, 1000);
  made.open_stream(s1, made.rows().at(s1).position.next_lsn);
  append_round_robin(made, {s1}, 10, 2000);
  made.cut_all();
  made.seal_oldest();
  made.commit(2080);
  REQUIRE(find_needed_pieces(*x.where, {.tenant = tenant})->pieces.size() == 2);
  auto list = x.path("/lists/");
  x.flip(list, 80);
  auto refused = find_needed_pieces(*x.where, {.tenant = tenant});
  REQUIRE(refused.code() == errc::bytes_missing);
  CHECK_THAT(refused.error().message, Catch::Contains("piece 1 of round 1") && Catch::Contains(list));
  auto later = find_needed_pieces(*x.where, {.tenant = tenant, .from_scn = 2000});
  REQUIRE(later.ok()); // who asks for a part does not need the beginning
  CHECK(later->pieces.size() == 1);
}

TEST_CASE("a lost start of a piece costs a restore nothing") {
  rich_archive x;
  x.drop(x.paths("t1001/r1_p6/start-").at(0));
  CHECK(x.look(12'000).ok());
}

TEST_CASE("no earlier time is offered for a damaged piece that begins with time itself") {
  reader_fixture x;
  auto made = x.builder();
  made.begin_round(0, 0);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 10, 1);
  made.end_round(90);
  x.drop(x.path("/seg-"));
  auto refused = find_needed_pieces(*x.where, {.tenant = tenant});
  REQUIRE(refused.code() == errc::bytes_missing);
  CHECK_THAT(refused.error().hint, !Catch::Contains("does without it"));
}

TEST_CASE(
    "an identity that cannot be read is noted, and the end of a round that cannot refuses a whole restore") {
  joined_rounds x;
  x.made.commit(2500);
  x.drop("format");
  auto found = find_needed_pieces(*x.where, {.tenant = tenant});
  REQUIRE(found.ok());
  CHECK_FALSE(found->archive);
  REQUIRE(found->preview.notes.size() == 1);
  CHECK_THAT(found->preview.notes[0], Catch::Contains("identity"));
  append_round_robin(x.made, {s1}, 10, 2500);
  x.made.cut_all();
  x.made.commit(2580);
  auto end = x.path("/rounds/");
  x.drop(end);
  x.drop(x.path("r1_p1/seal-")); // which would tell the same
  auto refused = find_needed_pieces(*x.where, {.tenant = tenant});
  REQUIRE(refused.code() == errc::bytes_missing);
  CHECK_THAT(refused.error().message, Catch::Contains("the end of round 1") && Catch::Contains(end));
}

TEST_CASE("a round that goes on and has no log needs no piece") {
  reader_fixture x;
  auto made = x.builder();
  made.begin_round(1000, 1000);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 10, 1000);
  made.drop_stream(s1);
  made.end_round(1090);
  made.begin_round(2000, 1000);
  made.commit(2500);
  auto found = find_needed_pieces(*x.where, {.tenant = tenant, .until = 2400});
  REQUIRE(found.ok());
  CHECK(found->pieces.size() == 1);
}

} // namespace varve::test
