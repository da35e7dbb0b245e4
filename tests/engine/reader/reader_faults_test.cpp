#include "engine/format/object_name.hpp"
#include "engine/reader/block_lookup.hpp"
#include "engine/reader/needed_pieces.hpp"
#include "engine/reader/verify.hpp"
#include "tests/engine/reader/reader_fixture.hpp"
#include "tests/harness/fault_destination.hpp"

#include <catch2/catch.hpp>

/// A medium that fails for a moment is not a damaged archive. Every reader is run once for each call it
/// makes, with that call failing: it gives an io_error, or all that it gives without the failure, and never
/// less.
namespace varve::test {
namespace {

/// Two rounds, the first of them ended, on a medium that fails as told.
struct failing_archive {
  failing_archive() {
    build_rich_archive(made);
    made.end_round(14000);
    made.begin_round(20000, 2000);
    made.open_stream(s1, made.rows().at(s1).position.next_lsn);
    made.open_stream(s2, made.rows().at(s2).position.next_lsn);
    auto scn = append_round_robin(made, {s1, s2}, 100, 20000); // up to 22000, the end of a piece
    made.seal_oldest();
    scn = append_round_robin(made, {s1, s2}, 30, scn);
    made.cut_all();
    made.end_segments();
    made.write_indexes();
    scn = append_round_robin(made, {s1, s2}, 30, scn);
    made.cut_all();
    made.end_segments();
    scn = append_round_robin(made, {s1, s2}, 30, scn);
    made.cut_all();
    made.commit(scn - 20);
  }

  std::vector<std::string> paths(std::string_view part) const {
    auto found = medium->paths();
    std::erase_if(found, [&](auto& x) { return x.find(part) == x.npos; });
    REQUIRE_FALSE(found.empty());
    return found;
  }
  void flip(const std::string& path, std::size_t from_end) const {
    auto content = *medium->peek(path);
    content[content.size() - from_end] ^= std::byte{0x10};
    medium->put(path, content);
  }

  /// Calls `look` without a failure, then once for each of its calls, with that one failing.
  template <class Look>
  void with_each_call_failing(Look look) {
    auto before = medium->calls();
    look();
    auto calls = medium->calls() - before;
    REQUIRE(calls > 0);
    for (std::uint64_t n = 0; n < calls; ++n) {
      INFO("the call that fails: " << n);
      medium->plan({.let_through = n});
      look();
      medium->clear_faults();
    }
  }

  /// `look` gives a result whose error is an io_error that names the medium, or the same as ever.
  template <class Look>
  void gives_the_same_or_an_io_error(Look look) {
    auto whole = look();
    INFO((whole.ok() ? std::string() : whole.error().to_string()));
    REQUIRE(whole.ok());
    std::size_t failed = 0;
    with_each_call_failing([&] {
      auto faults = medium->faults();
      auto found = look();
      if (found.ok()) {
        CHECK(*found == *whole);
      } else {
        ++failed;
        INFO(found.error().to_string());
        CHECK(medium->faults() > faults);
        CHECK(found.code() == errc::io_error);
        CHECK_THAT(found.error().message, Catch::Contains("memory://simulated/"));
      }
    });
    CHECK(failed > 0);
  }

  std::mt19937_64 seeds{7};
  std::shared_ptr<fault_medium> medium = std::make_shared<fault_medium>(seeds);
  std::shared_ptr<fault_destination> where = std::make_shared<fault_destination>(medium);
  archive_builder made{where, {}};
};

/// What can be wrong with an archive besides: objects whose content is told again by others.
struct wound {
  const char* name;
  void (*inflict)(failing_archive&);
};
constexpr wound wounds[] = {
    {"none", [](failing_archive&) {}},
    {"no identity", [](failing_archive& x) { x.medium->erase("format"); }},
    {"a lost seal", [](failing_archive& x) { x.medium->erase(x.paths("/seal-")[1]); }},
    {"a lost index", [](failing_archive& x) { x.medium->erase(x.paths("/index-").front()); }},
    {"a lost table", [](failing_archive& x) { x.medium->erase(x.paths("/index-").back()); }},
    {"a lost start", [](failing_archive& x) { x.medium->erase(x.paths("/start-").back()); }},
    {"a damaged footer", [](failing_archive& x) { x.flip(x.paths("/seg-").front(), 40); }},
    {"a lost end of a round", [](failing_archive& x) { x.medium->erase(x.paths("/rounds/").front()); }},
};

} // namespace

TEST_CASE("one failed call while a commit is looked for is an io_error, and so it is for a taker") {
  failing_archive x;
  x.gives_the_same_or_an_io_error([&]() -> result<random_id> {
    VARVE_TRY_ASSIGN(auto identity, read_identity(*x.where));
    return identity.archive;
  });
  x.gives_the_same_or_an_io_error([&] { return list_tenants(*x.where); });
  x.gives_the_same_or_an_io_error([&] { return list_commits(*x.where, tenant); });
  x.gives_the_same_or_an_io_error([&]() -> result<varve::digest> {
    VARVE_TRY_ASSIGN(auto found, read_newest_commit(*x.where, tenant, {}));
    return found->digest;
  });
  x.gives_the_same_or_an_io_error([&]() -> result<std::vector<stream_row>> {
    VARVE_TRY_ASSIGN(auto found, read_committed_state(*x.where, tenant, nullptr));
    return found->streams;
  });
  x.gives_the_same_or_an_io_error([&]() -> result<std::vector<stream_row>> {
    VARVE_TRY_ASSIGN(auto newest, read_newest_commit(*x.where, tenant, {}));
    VARVE_TRY_ASSIGN(auto found, resolve_committed_state(*x.where, *newest, nullptr));
    return found.streams;
  });
}

TEST_CASE("one failed call while a damaged state is read is an io_error, or the damage is told") {
  failing_archive x;
  x.medium->erase(x.paths("/seg-").back());
  auto whole = read_readable_state(*x.where, tenant, {});
  REQUIRE(whole.ok());
  x.with_each_call_failing([&] {
    auto state = read_readable_state(*x.where, tenant, {});
    if (!state.ok()) {
      CHECK(state.code() == errc::io_error);
      return;
    }
    CHECK((*state)->commit.record == x.made.newest());
    CHECK((*state)->damages.size() >= (*whole)->damages.size());
  });
}

TEST_CASE("one failed call while a piece is read is an io_error, or it is read all the same") {
  for (auto& x : wounds) {
    failing_archive archive;
    auto catalogue = read_piece_catalogue(*archive.where, tenant, {});
    REQUIRE(catalogue.ok());
    x.inflict(archive);
    INFO(x.name);
    for (auto& piece : (*catalogue)->pieces)
      archive.gives_the_same_or_an_io_error([&]() -> result<std::vector<indexed_segment>> {
        VARVE_TRY_ASSIGN(auto files, read_piece_files(*archive.where, **catalogue, piece, nullptr));
        return files.segments;
      });
  }
}

TEST_CASE(
    "one failed call while a block is looked up is an io_error, never nothing and never another block") {
  failing_archive x;
  auto model = x.made.merged();
  for (std::size_t i = 0; i < model.size(); i += 97)
    x.gives_the_same_or_an_io_error([&]() -> result<bytes> {
      auto& wanted = model[i];
      VARVE_TRY_ASSIGN(auto block, read_block_covering(*x.where, tenant, wanted.stream, wanted.lsn, nullptr));
      if (!block)
        return bytes();
      return block->raw;
    });
}

TEST_CASE("one failed call during a restore stops it, or it gives everything: it never ends well with less") {
  for (auto& x : wounds) {
    failing_archive archive;
    x.inflict(archive);
    INFO(x.name);
    auto model = expected(archive.made.merged());
    for (auto round : {std::optional<round_id>(), std::optional<round_id>(round_id{1})}) {
      auto whole = expected(archive.made.merged(), [&](auto& e) { return !round || e.round == *round; });
      std::size_t stopped = 0;
      archive.with_each_call_failing([&] {
        auto faults = archive.medium->faults();
        auto all = restore(archive.where, {.tenant = tenant, .round = round, .threads = 1});
        REQUIRE(all.entries.size() <= whole.size());
        CHECK(std::equal(all.entries.begin(), all.entries.end(), whole.begin()));
        if (all.failed.code == errc::ok) {
          CHECK(all.entries.size() == whole.size());
        } else if (archive.medium->faults() > faults) {
          ++stopped;
          INFO(all.failed.to_string());
          if (x.name != std::string_view("none"))
            return;
          CHECK(all.failed.code == errc::io_error);
          CHECK_THAT(all.failed.message, Catch::Contains("the simulated medium failed"));
        }
      });
      CHECK(stopped > 0);
    }
  }
}

TEST_CASE("one failed call while needed pieces are looked for is an error, or they are found") {
  failing_archive x;
  x.gives_the_same_or_an_io_error([&]() -> result<std::vector<std::uint64_t>> {
    VARVE_TRY_ASSIGN(auto found, find_needed_pieces(*x.where, {.tenant = tenant}));
    std::vector<std::uint64_t> entries;
    for (auto& piece : found.pieces)
      entries.push_back(piece.counts.entries);
    return entries;
  });
}

TEST_CASE("one failed call while an archive is verified is an error, a problem, or read again") {
  failing_archive x;
  auto clean = verify_archive(*x.where, {.threads = 1});
  REQUIRE(clean.ok());
  REQUIRE(clean->problems.empty());
  std::size_t told = 0;
  x.with_each_call_failing([&] {
    auto faults = x.medium->faults();
    auto report = verify_archive(*x.where, {.threads = 1});
    if (x.medium->faults() == faults)
      return;
    if (!report.ok()) {
      CHECK(report.code() == errc::io_error);
      ++told;
      return;
    }
    auto& problems = report->problems;
    if (problems.empty()) {
      CHECK(report->tenants.at(0).counts == clean->tenants.at(0).counts);
      return;
    }
    ++told;
    CHECK(std::any_of(problems.begin(), problems.end(), [](auto& found) {
      return found.why.message.find("the simulated medium failed") != std::string::npos;
    }));
  });
  CHECK(told > 0);
}

} // namespace varve::test
