#include "engine/format/object_name.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

/// What a restore says and gives when something is damaged or gone: everything before it, then an error that
/// names the object, the offset and the log that is missing. One test for each kind of object.
namespace varve::test {
namespace {

/// Two streams in one split round: piece 1 sealed, in piece 2 an index, an ended segment and an open one.
struct two_pieces : reader_fixture {
  two_pieces() : made(builder()) {
    made.begin_round(1000, 2000);
    made.open_stream(s1, 0);
    made.open_stream(s2, 0);
    scn_ = append_round_robin(made, {s1, s2}, 100, 1000); // to 3000, the end of piece 1
    more(30);
    made.end_segments();
    made.seal_oldest();
    made.write_indexes();
    more(30);
    made.end_segments();
    more(30);
    made.commit(scn_ - 20);
    model = expected(made.merged());
    first_piece = paths("t1001/r1_p1/seg-").at(0);
    auto second = paths("t1001/r1_p2/seg-");
    REQUIRE(second.size() == 3);
    indexed = second[0];
    ended = second[1];
    open = second[2];
  }
  void more(std::size_t count) {
    scn_ = append_round_robin(made, {s1, s2}, count, scn_);
    made.cut_all();
  }
  /// Gave everything of merged order before (scn, stream), stopped with an error that says all of `words`.
  void stops_before(scn scn, stream_id stream, const std::vector<std::string>& words) {
    auto all = restore(where, {.tenant = tenant});
    REQUIRE(all.failed.code != errc::ok);
    CHECK(all.entries == expected(made.merged(), [&](auto& x) {
            return std::pair(x.scn, x.stream) < std::pair(scn, stream);
          }));
    for (auto& x : words)
      CHECK_THAT(all.failed.message, Catch::Contains(x));
  }
  void gives_all() {
    auto all = restore(where, {.tenant = tenant});
    CHECK(all.failed.message == "");
    CHECK(all.entries == model);
  }
  block_header header_at(const object_path& path, std::uint64_t offset) {
    return parse_block_header(bytes_view(content(path)).subspan(offset), path).value();
  }
  archive_builder made;
  std::vector<model_entry> model;
  object_path first_piece, indexed, ended, open;

private:
  scn scn_ = 0;
};

std::string range_text(const block_header& x) {
  return "stream " + to_string(x.stream) + ": LSN [" + std::to_string(x.first_lsn) + ", " +
         std::to_string(x.next_lsn) + "), SCN " + std::to_string(x.first_scn) + ".." +
         std::to_string(x.last_scn);
}

} // namespace

TEST_CASE("a flipped bit in a block body or header stops a restore at that block") {
  for (std::uint64_t inside : {0u, 60u, 127u, 128u, 200u}) {
    two_pieces x;
    auto first = x.header_at(x.first_piece, 128);
    auto offset = 128 + 128 + first.stored_bytes; // of the second block
    auto damaged = x.header_at(x.first_piece, offset);
    x.flip(x.first_piece, offset + inside);
    x.stops_before(damaged.first_scn, damaged.stream,
                   {x.first_piece + " at offset " + std::to_string(offset), range_text(damaged)});
  }
}

TEST_CASE("damage of one stream does not touch the restore of the other") {
  two_pieces x;
  auto damaged = x.header_at(x.first_piece, 128);
  x.flip(x.first_piece, 300);
  for (auto stream : {s1, s2}) {
    auto one = restore(x.where, {.tenant = tenant, .stream = stream});
    CHECK((one.failed.code == errc::checksum_error) == (stream == damaged.stream));
    CHECK(one.entries.size() == (stream == damaged.stream ? 0 : 190));
  }
}

TEST_CASE("damage beyond what was asked for is not met") {
  two_pieces x;
  x.flip(x.open, 300);
  x.drop(x.ended);
  auto until = restore(x.where, {.tenant = tenant, .until = 2500});
  CHECK(until.failed.message == "");
  CHECK(until.entries == expected(x.made.merged(), [](auto& e) { return e.scn <= 2500; }));
  two_pieces y;
  y.drop(y.first_piece);
  y.flip(y.open, 300);
  auto later = restore(y.where, {.tenant = tenant, .from_scn = 3000, .until = 3300});
  CHECK(later.failed.message == "");
  CHECK(later.entries == expected(y.made.merged(), [](auto& e) { return e.scn >= 3000 && e.scn <= 3300; }));
}

TEST_CASE("a missing, emptied, zeroed or truncated segment of a sealed piece stops a restore where its log "
          "begins") {
  two_pieces x;
  auto damage = GENERATE(0, 1, 2, 3);
  auto size = x.content(x.first_piece).size();
  if (damage == 0)
    x.drop(x.first_piece);
  if (damage == 1)
    x.cut_to(x.first_piece, 0);
  if (damage == 2)
    x.zero(x.first_piece, 0, size);
  if (damage == 3)
    x.cut_to(x.first_piece, 130);
  x.stops_before(1000, s1, {x.first_piece, "stream 1: LSN [0, "});
}

TEST_CASE("another whole segment under a segment's name stops a restore where its log begins") {
  two_pieces x;
  x.content(x.first_piece) = x.content(x.indexed);
  x.stops_before(1000, s1, {x.first_piece, "another segment", "stream 1: LSN [0, "});
}

TEST_CASE("a truncated segment gives its whole blocks") {
  two_pieces x;
  auto size = x.content(x.first_piece).size();
  x.cut_to(x.first_piece, size / 2);
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::bytes_missing);
  CHECK_THAT(all.failed.message, Catch::Contains(x.first_piece));
  CHECK(all.entries.size() > 40);
  CHECK(std::equal(all.entries.begin(), all.entries.end(), x.model.begin()));
}

TEST_CASE("a missing segment behind an index stops a restore where its log begins") {
  two_pieces x;
  x.drop(x.indexed);
  x.stops_before(3000, s1, {x.indexed, "stream 1: LSN [10000, "});
}

TEST_CASE("a missing segment that only the commit lists shows as a gap at the end of the log before it") {
  two_pieces x;
  x.drop(x.ended);
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::bytes_missing);
  CHECK_THAT(all.failed.message, Catch::Contains("stream 1: LSN [13000, 16000)") && Catch::Contains(x.ended));
  CHECK(all.entries.size() >= 258);
  CHECK(all.entries.size() <= 260);
  CHECK(std::equal(all.entries.begin(), all.entries.end(), x.model.begin()));
}

TEST_CASE("where the last segment is lost, all readable log comes first, then what may be missing is said") {
  two_pieces x;
  x.drop(x.open);
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::bytes_missing);
  CHECK(all.entries == std::vector(x.model.begin(), x.model.begin() + 320));
  CHECK_THAT(all.failed.message, Catch::Contains(x.open) && Catch::Contains("LSN 16000 of stream 1") &&
                                     Catch::Contains("may be missing"));
}

TEST_CASE("a damaged block header in a segment without footer gives what lies before it") {
  two_pieces x;
  auto first = x.header_at(x.open, 128);
  x.flip(x.open, 128 + 128 + first.stored_bytes + 20);
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::checksum_error);
  CHECK(all.entries.size() == 320 + first.entries);
  CHECK_THAT(all.failed.message, Catch::Contains(x.open));
}

TEST_CASE("a lost footer, index, table of streams, start or round costs nothing") {
  two_pieces x;
  auto size = x.content(x.first_piece).size();
  x.zero(x.first_piece, size - 32, 32);
  x.gives_all();
  x.zero(x.path("/index-"), 0, 64);
  x.gives_all();
  for (auto& path : x.paths("/start-"))
    x.drop(path);
  x.gives_all();
}

TEST_CASE("where nothing of what was asked for could be read, a restore says that nothing was given") {
  two_pieces x;
  auto first = x.header_at(x.open, 128).first_scn;
  x.drop(x.open);
  auto none = restore(x.where, {.tenant = tenant, .from_scn = first});
  CHECK(none.failed.code == errc::bytes_missing);
  CHECK(none.entries.empty());
  CHECK_THAT(none.failed.message, Catch::Contains(x.open) && Catch::Contains("up to nothing,"));
}

TEST_CASE(
    "where end and seal of a round are lost, a restore of one stream stops before what it cannot place") {
  two_pieces x;
  x.made.end_round(x.model.back().scn);
  auto next = x.made.rows().at(s1).position.next_lsn;
  x.made.begin_round(9000, 0);
  x.made.open_stream(s1, next);
  append_round_robin(x.made, {s1}, 10, 9000);
  x.made.cut_all();
  x.made.commit(9000);
  x.drop(x.path("/rounds/"));
  auto foreign = segment_name{tenant, {round_id{1}, piece_id{2}}, epoch{1}, 30};
  x.copy_segment(x.first_piece, foreign); // so that nobody can tell them again
  auto seal = x.path("r1_p2/seal-");
  x.drop(seal);
  auto one = restore(x.where, {.tenant = tenant, .stream = s1, .round = round_id{1}});
  CHECK(one.failed.code == errc::bytes_missing);
  CHECK_THAT(one.failed.message, Catch::Contains(seal));
  CHECK(one.entries == expected(x.made.merged(), [](auto& e) { return e.stream == s1 && e.scn < 3000; }));
}

TEST_CASE("a lost seal is made good where one writer made the piece, and named where it cannot be") {
  two_pieces x;
  x.drop(x.path("/seal-"));
  x.gives_all();
  auto foreign = segment_name{tenant, {round_id{1}, piece_id{1}}, epoch{1}, 30};
  x.copy_segment(x.first_piece, foreign);
  x.stops_before(1000, s1, {"seal-", "stream 1: LSN [0, 10000)"});
}

TEST_CASE("a lost piece list leaves what comes after it") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  auto newest_list = fixture.paths("/lists/").back();
  fixture.drop(newest_list);
  auto all = restore(fixture.where, {.tenant = tenant});
  CHECK(all.failed.code == errc::bytes_missing);
  CHECK_THAT(all.failed.message, Catch::Contains(newest_list));
  CHECK(all.entries.empty());
  auto model = builder.merged();
  auto from = model.back().scn - 1000;
  auto later = restore(fixture.where, {.tenant = tenant, .from_scn = from});
  CHECK(later.failed.message == "");
  CHECK(later.entries == expected(model, [&](auto& x) { return x.scn >= from; }));
}

TEST_CASE(
    "where a lost round end hides whether log goes on, a restore of everything is refused, and says how") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  scn at = 1000;
  for (int round = 0; round < 3; ++round) {
    auto from = round == 0 ? lsn{0} : builder.rows().at(s1).position.next_lsn;
    builder.begin_round(at, 0);
    builder.open_stream(s1, from);
    at = append_round_robin(builder, {s1}, 10, at);
    builder.cut_all();
    builder.commit(at);
    builder.end_round(at);
  }
  REQUIRE(restore(fixture.where, {.tenant = tenant}).entries == expected(builder.merged()));
  auto second = fixture.paths("/rounds/").at(1);
  bool missing = GENERATE(true, false);
  if (missing)
    REQUIRE(fixture.where->remove(second).ok());
  else
    fixture.flip(second, 70);
  for (auto until : {std::optional<scn>{}, std::optional<scn>{at - 1}}) {
    auto all = restore(fixture.where, {.tenant = tenant, .until = until});
    INFO(all.failed.message);
    if (all.failed.code == errc::ok)
      CHECK(all.entries == expected(builder.merged()));
    else
      CHECK_THAT(all.failed.to_string(), Catch::Contains("--round"));
  }
  std::set<lsn> one_by_one;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    auto one = restore(fixture.where, {.tenant = tenant, .round = round_id{round}});
    CHECK(one.failed.message == "");
    for (auto& entry : one.entries)
      one_by_one.insert(entry.lsn);
  }
  CHECK(one_by_one.size() == 30);
}

TEST_CASE("a lost round end leaves both rounds restorable one by one") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  build_rich_archive(builder);
  builder.end_round(12'000);
  builder.begin_round(20'000, 0);
  for (auto stream : {s1, s2})
    builder.open_stream(stream, builder.rows().at(stream).position.next_lsn);
  append_round_robin(builder, {s1, s2}, 10, 20'000);
  builder.cut_all();
  builder.commit(20'100);
  fixture.flip(fixture.path("/rounds/"), 70);
  for (std::uint64_t round : {1u, 2u}) {
    auto one = restore(fixture.where, {.tenant = tenant, .round = round_id{round}});
    CHECK(one.failed.message == "");
    CHECK(one.entries == expected(builder.merged(), [&](auto& x) {
            return one.preview.window.first_round <= x.round && x.round <= one.preview.window.last_round;
          }));
  }
}

TEST_CASE("a damaged newest commit is refused; the one before it is used when asked, and said") {
  two_pieces x;
  x.more(5);
  x.made.commit(0);
  x.cut_to(x.paths("/commits/").back(), 100);
  CHECK(restore(x.where, {.tenant = tenant}).failed.code == errc::bytes_missing);
  auto previous = restore(x.where, {.tenant = tenant, .allow_previous_commit = true});
  CHECK(previous.failed.message == "");
  CHECK(previous.entries == x.model);
  CHECK(previous.preview.notes.size() == 1);
}

TEST_CASE("a missing commit is refused as bytes missing") {
  two_pieces x;
  x.drop(x.paths("/commits/").at(0)); // the one that proves the newest
  auto refused = restore(x.where, {.tenant = tenant});
  CHECK(refused.failed.code == errc::bytes_missing);
}

TEST_CASE("log that a writer sent again and committed twice comes once") {
  // Not what a correct writer does: the segment before a takeover is named again, with blocks the taker
  // repeats.
  two_pieces x;
  auto before = x.made.newest();
  auto record = before;
  auto piece = std::find_if(record.open_pieces.begin(), record.open_pieces.end(),
                            [](auto& p) { return p.piece.piece == piece_id{2}; });
  segment_name copy{tenant, piece->piece, epoch{1}, 77};
  x.copy_segment(x.ended, copy);
  auto ended = piece->segments.at(0);
  ended.number = 77;
  piece->segments.push_back(ended);
  record.seq = commit_seq{before.seq.value + 1};
  record.predecessor = digest_of(x.content(x.paths("/commits/").back()));
  REQUIRE(x.where->create(to_path(commit_name{tenant, record.seq}), encode(x.made.settings().archive, record))
              .ok());
  x.gives_all();
  x.flip(x.ended, 300); // the second to be read: what it held has been given
  x.gives_all();
}

} // namespace varve::test
