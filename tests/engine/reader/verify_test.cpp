#include "engine/format/object_name.hpp"
#include "engine/reader/verify.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

struct rich_archive : reader_fixture {
  rich_archive() : made(builder()) { build_rich_archive(made); }
  verify_report verify(verify_options options = {}) {
    auto report = verify_archive(*where, options);
    INFO((report.ok() ? std::string() : report.error().to_string()));
    REQUIRE(report.ok());
    return *report;
  }
  /// The only problem, which must be about `path`.
  damage problem(const object_path& path) {
    auto report = verify();
    REQUIRE_FALSE(report.problems.empty());
    for (auto& x : report.problems)
      INFO(describe(x));
    CHECK(report.problems[0].path == path);
    return report.problems[0];
  }
  archive_builder made;
};

} // namespace

TEST_CASE("an object that nothing needs any more is proved all the same, and its damage costs no log") {
  reader_fixture x;
  auto builder = x.builder();
  build_rich_archive(builder);
  auto clean = verify_archive(*x.where, {});
  REQUIRE(clean.ok());
  REQUIRE(clean->problems.empty());
  auto old_commit = x.paths("/commits/").front();
  auto old_start = x.paths("/start-").front();
  REQUIRE(x.paths("/commits/").size() > 2);
  x.flip(old_commit, 70);
  x.flip(old_start, 70);
  auto report = verify_archive(*x.where, {});
  REQUIRE(report.ok());
  for (auto& path : {old_commit, old_start}) {
    auto found = std::find_if(report->problems.begin(), report->problems.end(),
                              [&](auto& problem) { return problem.path == path; });
    INFO(path);
    REQUIRE(found != report->problems.end());
    CHECK_FALSE(costs_log(*found));
  }
  auto all = restore(x.where, {.tenant = tenant});
  CHECK(all.failed.message == "");
}

// The engine beside it deletes old commits: verify had listed one, and called it missing.
TEST_CASE("an old commit that is deleted while an archive is verified is no damage") {
  rich_archive x;
  auto old_commit = x.paths("/commits/").front();
  verify_options options;
  bool deleted = false;
  options.progress = [&](std::uint64_t, std::uint64_t) {
    if (!std::exchange(deleted, true))
      x.drop(old_commit);
  };
  auto report = x.verify(options);
  CHECK(deleted);
  for (auto& found : report.problems)
    FAIL_CHECK(describe(found));
  CHECK(std::find(report.unreferenced.begin(), report.unreferenced.end(), old_commit) ==
        report.unreferenced.end());
}

TEST_CASE("a whole archive verifies without problems, and every byte of it was read") {
  rich_archive x;
  auto report = x.verify();
  for (auto& found : report.problems)
    FAIL_CHECK(describe(found));
  CHECK(report.unreferenced.empty());
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].counts.entries == x.made.committed().size());
  CHECK(report.tenants[0].commit == x.made.newest().seq);
  std::uint64_t bytes = 0;
  for (auto& [path, object] : x.store->objects)
    bytes += object->content.size();
  CHECK(report.bytes_read == bytes);
  CHECK(report.identity->archive == x.made.settings().archive);
}

TEST_CASE("no byte of any reached object can change unnoticed") {
  rich_archive x;
  auto newest = x.made.newest().seq.value;
  std::size_t tried = 0;
  std::mt19937_64 random(5);
  for (auto& [path, object] : x.store->objects) {
    auto name = parse_object_name(path);
    REQUIRE(name);
    if (auto* commit = std::get_if<commit_name>(&*name); commit && commit->seq.value + 1 < newest)
      continue;
    if (std::holds_alternative<piece_start_name>(*name))
      continue; // of sealed pieces: no longer reached
    for (int i = 0; i < 6; ++i) {
      auto offset = random() % object->content.size();
      auto bit = std::byte{static_cast<unsigned char>(1u << random() % 8)};
      object->content[offset] ^= bit;
      auto report = x.verify({.threads = 1});
      CAPTURE(path, offset);
      CHECK_FALSE(report.problems.empty());
      object->content[offset] ^= bit;
      ++tried;
    }
  }
  CHECK(tried > 100);
  CHECK(x.verify().problems.empty());
}

TEST_CASE("a missing object is named with what it costs") {
  rich_archive x;
  SECTION("a segment of a sealed piece") {
    auto path = x.paths("t1001/r1_p1/seg-").at(0);
    x.drop(path);
    auto found = x.problem(path);
    CHECK(found.why.code == errc::bytes_missing);
    REQUIRE(found.lost.size() == 2);
    CHECK(found.lost[0].stream == s1);
    CHECK(found.lost[0].first_lsn == 0);
    CHECK(found.lost[0].first_scn == 1000);
    CHECK(found.lost[1].first_lsn == 5000);
    CHECK_FALSE(found.lost_unknown);
  }
  SECTION("an open segment") {
    auto& piece = x.made.newest().open_pieces.back();
    auto& segment = piece.segments.back();
    auto path = to_path(segment_name{tenant, piece.piece, segment.epoch, segment.number});
    x.drop(path);
    CHECK(x.problem(path).lost_unknown);
  }
  SECTION("a seal") {
    auto path = x.paths("/seal-").at(0);
    x.drop(path);
    CHECK(x.problem(path).why.code == errc::bytes_missing);
  }
  SECTION("an index") {
    auto path = x.paths("/index-").back();
    x.drop(path);
    x.problem(path);
  }
  SECTION("a piece list") {
    auto path = x.paths("/lists/").at(0);
    x.drop(path);
    CHECK(x.problem(path).lost_unknown);
  }
  SECTION("the newest commit but one") {
    x.drop(x.paths("/commits/").rbegin()[1]);
    x.problem("t1001/commits");
  }
  SECTION("the identity") {
    x.drop("format");
    CHECK_FALSE(costs_log(x.problem("format")));
  }
}

TEST_CASE("a damaged block costs that block, a damaged footer nothing") {
  rich_archive x;
  auto path = x.paths("t1001/r1_p1/seg-").at(0);
  auto first = parse_block_header(bytes_view(x.content(path)).subspan(128), path).value();
  x.flip(path, 300);
  auto body = x.problem(path);
  CHECK(body.offset == 128);
  CHECK(body.lost == std::vector<stream_range>{
                         {first.stream, first.first_lsn, first.next_lsn, first.first_scn, first.last_scn}});
  CHECK(x.verify().problems.size() == 1); // the gap it makes is not told again
  x.flip(path, 300);
  x.flip(path, x.content(path).size() - 40);
  CHECK_FALSE(costs_log(x.problem(path)));
}

TEST_CASE("leftovers are listed as information and are no problem") {
  rich_archive x;
  segment_name lost_race{tenant, {round_id{1}, piece_id{1}}, epoch{55}, 1};
  REQUIRE(x.where->create(to_path(lost_race), as_bytes("half a segme")).ok());
  REQUIRE(x.where->create("t1001/r1_p1/note.txt", as_bytes("hello")).ok());
  auto report = x.verify();
  CHECK(report.problems.empty());
  CHECK(report.unreferenced == std::vector<object_path>{"t1001/r1_p1/note.txt", to_path(lost_race)});
}

TEST_CASE(
    "a folder of a tenant that has no commit is no tenant, and what is no commit is a leftover beside them") {
  rich_archive x;
  REQUIRE(x.where->create("t7/note.txt", as_bytes("hello")).ok());
  REQUIRE(x.where->create("t1001/commits/note.txt", as_bytes("hello")).ok());
  auto report = x.verify();
  CHECK(report.problems.empty());
  CHECK(report.tenants.size() == 1);
  CHECK(report.unreferenced == std::vector<object_path>{"t1001/commits/note.txt", "t7/note.txt"});
}

TEST_CASE("the start of a sealed piece that its seal took over is no leftover, another one is") {
  rich_archive x;
  auto start = x.paths("t1001/r1_p1/start-").at(0);
  auto other = decode_piece_start(x.content(start), nullptr, start).value();
  other.bounds.end_scn += 1;
  auto left = to_path(piece_start_name{tenant, other.piece, epoch{99}});
  REQUIRE(x.where->create(left, encode(x.made.settings().archive, other)).ok());
  auto report = x.verify();
  CHECK(report.problems.empty());
  CHECK(report.unreferenced == std::vector<object_path>{left});
}

TEST_CASE("a damaged start of an open piece is told once") {
  rich_archive x;
  auto start = x.paths("/start-").back();
  x.flip(start, 70);
  CHECK_FALSE(costs_log(x.problem(start)));
  CHECK(x.verify().problems.size() == 1);
}

TEST_CASE("any number of threads finds the same; progress rises to the total") {
  rich_archive x;
  x.flip(x.paths("t1001/r1_p2/seg-").at(0), 500);
  auto describe_all = [&](unsigned threads) {
    std::vector<std::string> lines;
    std::uint64_t last = 0, total = 0;
    bool rises = true;
    auto report = x.verify({.threads = threads, .progress = [&](std::uint64_t done, std::uint64_t all) {
                              rises = rises && done >= last && done <= all;
                              last = done;
                              total = all;
                            }});
    CHECK(rises);
    CHECK(last == total);
    CHECK(total > 0);
    for (auto& problem : report.problems)
      lines.push_back(describe(problem));
    return lines;
  };
  CHECK(describe_all(1) == describe_all(5));
  CHECK(describe_all(1).size() == 1);
}

TEST_CASE("only the tenant asked for is read") {
  rich_archive x;
  archive_builder::options options;
  options.tenant = tenant_id{7};
  auto other = x.builder(options);
  x.flip("t7/commits/00000000000000000001", 80);
  CHECK(x.verify({.tenant = tenant}).problems.empty());
  CHECK(x.verify({.tenant = tenant_id{7}}).problems.size() == 2); // the tenant, and the commit that is why
  CHECK(x.verify().problems.size() == 2);                         // the tenant, and the commit that is why
  CHECK(x.verify().tenants.size() == 1);
}

TEST_CASE("a place without an archive is refused") {
  reader_fixture fixture;
  CHECK(verify_archive(*fixture.where, {}).code() == errc::file_not_exist);
}

TEST_CASE("blocks that contradict each other are found although every checksum holds") {
  reader_fixture fixture;
  auto builder = fixture.builder();
  builder.begin_round(1000, 1000);
  builder.open_stream(s1, 0);
  append_round_robin(builder, {s1}, 30, 1000);
  builder.cut_all();
  builder.end_segments();
  builder.commit(1290);
  auto segment = fixture.path("/seg-");

  // The same blocks, but the piece is said to lie elsewhere in time and to count more, and the stream to go
  // further.
  auto record = builder.newest();
  auto& piece = record.open_pieces.at(0);
  piece.bounds.end_scn = 1200;
  piece.counts.entries += 1;
  record.stream_changes.at(0).position.next_lsn += 100;
  record.seq = commit_seq{record.seq.value + 1};
  record.predecessor = digest_of(fixture.content(fixture.paths("/commits/").back()));
  REQUIRE(fixture.where
              ->create(to_path(commit_name{tenant, record.seq}), encode(builder.settings().archive, record))
              .ok());
  auto report = verify_archive(*fixture.where, {});
  REQUIRE(report.ok());
  std::string all;
  for (auto& x : report->problems)
    all += describe(x) + "\n";
  CHECK_THAT(all, Catch::Contains("another piece's time") &&
                      Catch::Contains("counts 31 entries, its blocks have 30") &&
                      Catch::Contains("stream 1: LSN [3000, 3100)"));
}

} // namespace varve::test
