#include "engine/reader/committed_state.hpp"
#include "engine/reader/needed_pieces.hpp"
#include "engine/reader/verify.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// Draws a whole archive: streams, rounds that follow without a gap, pieces, crashes, from a seed.
class random_archive {
public:
  random_archive(reader_fixture& fixture, std::uint64_t seed) : random_(seed) {
    archive_builder::options options;
    options.codec = static_cast<codec>(below(3));
    options.block_bytes = std::size_t{64} << below(5);
    options.segment_bytes = std::uint64_t{1024} << below(5);
    options.frozen_in_commit = 1 + below(4);
    made_ = std::make_unique<archive_builder>(fixture.where, options);
    streams_ = 1 + below(5);
    auto rounds = 1 + below(3);
    for (std::uint64_t i = 0; i < rounds; ++i) {
      if (i > 0)
        made_->end_round(scn_);
      run_round();
    }
  }
  archive_builder& builder() { return *made_; }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  scn newest_scn() const { return scn_; }
  std::uint64_t streams() const { return streams_; }

private:
  void run_round() {
    made_->begin_round(scn_, below(3) ? 200 + below(2000) : 0);
    for (std::uint64_t i = 1; i <= streams_; ++i) {
      auto known = made_->rows().find(stream_id{i});
      made_->open_stream(stream_id{i},
                         known == made_->rows().end() ? below(1000) : known->second.position.next_lsn);
    }
    auto steps = 100 + below(600);
    made_->commit(0);
    for (std::uint64_t i = 0; i < steps; ++i)
      step();
    made_->cut_all();
    made_->commit(scn_ - 1);
  }

  void step() {
    if (below(3) == 0)
      scn_ += below(30);
    switch (below(40)) {
    case 0:
      made_->cut(stream_id{1 + below(streams_)});
      return;
    case 1:
      made_->end_segments();
      return;
    case 2:
      made_->abandon_segments();
      return;
    case 3:
      made_->write_indexes();
      made_->commit(0);
      return;
    case 4:
      made_->commit(0);
      return;
    case 5:
      if (made_->newest().open_pieces.size() > 1) {
        made_->cut_all();
        made_->seal_oldest();
        made_->commit(0);
      }
      return;
    case 6:
      if (below(4) == 0)
        made_->take_over();
      return;
    default:
      // One draw a line: the order in which arguments are evaluated is the compiler's.
      auto stream = 1 + below(streams_);
      auto lsns = 1 + below(50);
      auto size = below(120);
      made_->append(stream_id{stream}, lsns, scn_, std::string(size, static_cast<char>(below(256))));
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<archive_builder> made_;
  std::uint64_t streams_ = 1;
  scn scn_ = 1000;
};

} // namespace

TEST_CASE(
    "any archive comes back as the model says, in any range, merged and by stream, and verifies clean") {
  std::size_t entries_seen = 0, rounds_seen = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    reader_fixture fixture;
    random_archive archive(fixture, seed);
    auto model = archive.builder().merged();
    auto checkpoint = archive.builder().newest().round.checkpoint_scn;
    rounds_seen += archive.builder().newest().round.id.value;

    auto report = verify_archive(*fixture.where, {});
    REQUIRE(report.ok());
    for (auto& x : report->problems)
      FAIL_CHECK(describe(x));
    CHECK(report->tenants.at(0).counts.entries == model.size());

    auto state = read_committed_state(*fixture.where, tenant, nullptr);
    REQUIRE(state.ok());
    REQUIRE((*state)->streams.size() == archive.builder().rows().size());
    for (auto& row : (*state)->streams)
      CHECK(row == archive.builder().rows().at(row.stream));

    auto all = restore(fixture.where,
                       {.tenant = tenant, .threads = 2, .read_ahead_bytes = 1 + archive.below(100'000)});
    CHECK(all.failed.message == "");
    CHECK(all.entries == expected(model));
    entries_seen += all.entries.size();

    for (int i = 0; i < 8; ++i) {
      auto until = 1000 + archive.below(checkpoint - 999);
      auto from = 1000 + archive.below(until - 999);
      auto some = restore(fixture.where, {.tenant = tenant, .from_scn = from, .until = until, .threads = 1});
      CHECK(some.failed.message == "");
      CHECK(some.entries == expected(model, [&](auto& x) { return x.scn >= from && x.scn <= until; }));

      stream_id stream{1 + archive.below(archive.streams())};
      auto of_stream = expected(model, [&](auto& x) { return x.stream == stream; });
      if (of_stream.empty())
        continue;
      auto timed = restore(fixture.where, {.tenant = tenant, .stream = stream, .until = until, .threads = 3});
      CHECK(timed.failed.message == "");
      CHECK(timed.entries == expected(of_stream, [&](auto& x) { return x.scn <= until; }));

      auto first = of_stream.front().lsn, length = of_stream.back().next_lsn - first;
      auto from_lsn = first + archive.below(length),
           to_lsn = from_lsn + 1 + archive.below(first + length - from_lsn);
      auto ranged = restore(fixture.where,
                            {.tenant = tenant, .stream = stream, .from_lsn = from_lsn, .to_lsn = to_lsn});
      CHECK(ranged.failed.message == "");
      CHECK(ranged.entries ==
            expected(of_stream, [&](auto& x) { return x.next_lsn > from_lsn && x.lsn < to_lsn; }));
    }
  }
  CHECK(entries_seen > 5000);
  CHECK(rounds_seen > 90);
}

TEST_CASE(
    "any damage to one object is found by verify, and a restore gives a prefix of the model and says so") {
  std::size_t lost = 0, harmless = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    reader_fixture fixture;
    random_archive archive(fixture, seed);
    auto model = expected(archive.builder().merged());
    std::vector<object_path> reached;
    auto clean = verify_archive(*fixture.where, {.threads = 1});
    REQUIRE(clean.ok());
    for (auto& path : fixture.paths("t1001/"))
      if (path.find("/commits/") == std::string::npos && path.find("/start-") == std::string::npos &&
          std::find(clean->unreferenced.begin(), clean->unreferenced.end(), path) ==
              clean->unreferenced.end())
        reached.push_back(path);
    model =
        restore(fixture.where, {.tenant = tenant}).entries; // of the newest window; damage must not narrow it
    auto path = reached[archive.below(reached.size())];
    auto& content = fixture.content(path);
    auto old = content;
    auto at = archive.below(content.size());
    CAPTURE(path, at, content.size());
    switch (archive.below(4)) {
    case 0:
      fixture.flip(path, at);
      break;
    case 1:
      fixture.cut_to(path, at);
      break;
    case 2:
      fixture.zero(path, at, content.size() - at);
      break;
    default:
      fixture.drop(path);
    }

    auto report = verify_archive(*fixture.where, {});
    REQUIRE(report.ok());
    bool known = std::any_of(report->problems.begin(), report->problems.end(),
                             [&](auto& x) { return x.path == path; });
    bool uncommitted_tail = fixture.paths(path).size() == 1 && path.find("/seg-") != std::string::npos &&
                            !known && restore(fixture.where, {.tenant = tenant}).entries == model;
    CHECK((known || uncommitted_tail));

    auto all = restore(fixture.where, {.tenant = tenant});
    INFO(all.failed.message);
    if (all.failed.code == errc::ok) {
      CHECK(all.entries == model);
      ++harmless;
    } else {
      ++lost;
      CHECK(all.failed.message.find(path) != std::string::npos);
      CHECK(all.entries.size() <= model.size());
      // Everything before the damage in merged order; where nothing says what was lost, what is left of each
      // stream.
      auto [given, meant] = std::mismatch(all.entries.begin(), all.entries.end(), model.begin());
      bool hidden = all.failed.message.find("nothing readable lists") != std::string::npos;
      if (!hidden)
        CHECK(given - all.entries.begin() == all.entries.end() - all.entries.begin());
    }
  }
  CHECK(lost > 50);
  CHECK(harmless > 5);
}

TEST_CASE("the pieces needed for a time are enough: a restore does without the segments of all others") {
  std::size_t needed = 0, dropped = 0, rounds_left_out = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    reader_fixture fixture;
    random_archive archive(fixture, seed);
    auto model = archive.builder().merged();
    auto& newest = archive.builder().newest();
    auto until = 1000 + archive.below(newest.round.checkpoint_scn - 999);
    CAPTURE(until);
    auto found = find_needed_pieces(*fixture.where, {.tenant = tenant, .until = until});
    INFO((found.ok() ? std::string() : found.error().to_string()));
    REQUIRE(found.ok());
    needed += found->pieces.size();
    auto catalogue = catalogue_of(fixture);
    for (auto& piece : catalogue.pieces) {
      bool kept = std::any_of(found->pieces.begin(), found->pieces.end(),
                              [&](auto& x) { return x.piece.piece == piece.piece; });
      if (kept || !piece.seal) // what the newest commit lists itself tells where the streams stand
        continue;
      auto folder = "t1001/r" + to_string(piece.piece.round) + "_p" + to_string(piece.piece.piece) + "/seg-";
      for (auto& path : fixture.paths(folder)) {
        fixture.drop(path);
        ++dropped;
      }
    }
    rounds_left_out += found->pieces.back().piece.piece.round < newest.round.id ? 1u : 0u;
    auto all = restore(fixture.where, {.tenant = tenant, .until = until});
    CHECK(all.failed.message == "");
    CHECK(all.entries == expected(model, [&](auto& x) { return x.scn <= until; }));
    CHECK(find_needed_pieces(*fixture.where, {.tenant = tenant, .until = until}).ok());
  }
  CHECK(needed > 100);
  CHECK(dropped > 100);
  CHECK(rounds_left_out > 10);
}

} // namespace varve::test
