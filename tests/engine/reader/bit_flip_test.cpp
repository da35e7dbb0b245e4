#include "engine/format/object_name.hpp"
#include "engine/reader/segment_reader.hpp"
#include "engine/reader/verify.hpp"
#include "tests/engine/reader/reader_fixture.hpp"
#include "tests/harness/sanitized.hpp"

#include <catch2/catch.hpp>

#include <set>

// Damage at every byte of a small archive. What may come of it: verify names the object and the place, and a
// restore gives what was written or names the object. What neither notices is listed here, with the reason
// why it is harmless.

namespace varve::test {
namespace {

/// One bit of every byte, and of small objects every bit.
constexpr unsigned every_bit_up_to = sanitized ? 0 : 400;
constexpr std::uint64_t step = sanitized ? 5 : 1; // bytes

/// A part of an object that is proved at once; damage in it is reported at its beginning.
struct proved_part {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t second_place = 0; ///< where damage of it may be reported, too
};

/// Two streams. Round 1 has ended; of round 2 piece 1 and 2 are sealed and have left the commit, piece 3 is
/// sealed, piece 4 open: with an index, an ended segment and one that grows, whose last blocks no commit
/// holds. A takeover in between.
struct small_archive : reader_fixture {
  small_archive() : made(builder({.block_bytes = 200, .segment_bytes = 700, .frozen_in_commit = 1})) {
    made.begin_round(1000, 0);
    open_streams();
    write(4);
    made.commit(at - 10);
    made.end_round(at - 10);
    made.begin_round(at, 100);
    open_streams();
    write(6);
    made.write_indexes();
    write(6);
    made.commit(at - 10);
    made.seal_oldest();
    made.commit(at - 10);
    made.take_over();
    write(9);
    made.seal_oldest();
    made.commit(at - 10);
    write(10);
    made.end_segments();
    made.write_indexes();
    made.seal_oldest();
    write(2);
    made.end_segments();
    write(2);
    made.commit(at - 10);
    model = expected(made.merged());
    newest = made.newest();
    write(2); // the tail that was never acknowledged

    auto& open = newest.open_pieces.back();
    auto& last = open.segments.back();
    growing = to_path(segment_name{tenant, open.piece, last.epoch, last.number});
    growing_bytes = last.valid_bytes;
    newest_commit = to_path(commit_name{tenant, newest.seq});
    proving_commit = to_path(commit_name{tenant, commit_seq{newest.seq.value - 1}});
    for (auto& [path, object] : store->objects)
      all.push_back(path);
  }
  void open_streams() {
    for (auto stream : {s1, s2})
      made.open_stream(stream, made.rows().contains(stream) ? made.rows().at(stream).position.next_lsn : 0);
  }
  void write(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, at += 10)
      for (auto stream : {s1, s2})
        made.append(stream, 100, at,
                    "stream " + to_string(stream) + " at " + std::to_string(at) + " of this");
    made.cut_all();
  }
  bool is_segment(const object_path& path) const { return path.find("/seg-") != path.npos; }
  /// Of a growing segment only this counts; of all others everything.
  std::uint64_t valid_bytes(const object_path& path) {
    return path == growing ? growing_bytes : content(path).size();
  }

  std::vector<proved_part> parts_of(const object_path& path) {
    auto& object = content(path);
    if (!is_segment(path))
      return {{0, object.size(), 0}};
    std::vector<proved_part> parts{{0, format::segment_header_bytes, 0}};
    auto end = valid_bytes(path);
    auto name = std::get<segment_name>(*parse_object_name(path));
    bool ended = decode_segment_trailer(bytes_view(object).last(format::segment_trailer_bytes), end, "").ok();
    auto found = read_segment_blocks(*where, name, {name.epoch, name.number, end, ended}, nullptr);
    REQUIRE(found.ok());
    REQUIRE(found->damages.empty());
    for (auto& x : found->blocks)
      parts.push_back({x.offset, x.offset + x.size, x.offset});
    if (found->data_end < end)
      parts.push_back({found->data_end, end, end - format::segment_trailer_bytes});
    return parts;
  }

  /// What verify says of this object, or null.
  const damage* named(const verify_report& report, const object_path& path) {
    for (auto& x : report.problems)
      if (x.path == path)
        return &x;
    return nullptr;
  }
  verify_report verify() {
    auto report = verify_archive(*where, {.threads = 1});
    if (!report.ok())
      FAIL(report.error().to_string());
    return *report;
  }

  /// A restore gives what was written: all of it, or the part it can, in its order, and names the object.
  /// Returns whether it gave all.
  bool restores(const object_path& damaged) {
    auto back = restore(where, {.tenant = tenant, .threads = 1});
    if (back.failed.code == errc::ok) {
      if (back.entries != model)
        FAIL("a restore said nothing and gave other entries");
      return true;
    }
    if (back.failed.message.find(damaged) == std::string::npos)
      FAIL("a restore failed without naming the object: " << back.failed.message);
    auto left = model.begin();
    for (auto& x : back.entries) {
      left = std::find(left, model.end(), x);
      if (left == model.end())
        FAIL("a restore gave an entry that was not written, or out of its order");
      ++left;
    }
    return false;
  }

  archive_builder made;
  scn at = 1000;
  std::vector<model_entry> model;
  commit_record newest;
  object_path growing, newest_commit, proving_commit;
  std::uint64_t growing_bytes = 0;
  std::vector<object_path> all;
};

/// Calls `work` for each object of the archive, which is whole again afterwards.
template <class Work>
void for_each_object(Work work) {
  small_archive x;
  for (auto& problem : x.verify().problems)
    FAIL(describe(problem));
  REQUIRE(x.restores(""));
  for (auto& path : x.all) {
    auto whole = x.content(path);
    CAPTURE(path);
    work(x, path);
    x.store->objects.at(path)->content = whole;
  }
  CHECK(x.verify().problems.empty());
}

} // namespace

TEST_CASE("the small archive has one of every kind of object, open, sealed and listed pieces") {
  small_archive x;
  std::set<std::size_t> kinds;
  for (auto& path : x.all)
    kinds.insert(parse_object_name(path).value().index());
  CHECK(kinds.size() == std::variant_size_v<object_name>);
  CHECK(x.newest.open_pieces.size() == 1);
  CHECK(x.newest.open_pieces[0].index);
  CHECK(x.newest.open_pieces[0].segments.size() == 2);
  CHECK(x.newest.frozen_pieces.size() == 1);
  CHECK(x.newest.piece_list);
  CHECK(x.newest.last_round_end);
  CHECK(x.content(x.growing).size() > x.growing_bytes);
  CHECK(x.verify().unreferenced.empty());
  CHECK(x.model.size() > 50);
}

TEST_CASE(
    "a flipped bit anywhere is reported with object and offset, and a restore never gives wrong bytes") {
  std::size_t flips = 0, harmless = 0, whole = 0;
  for_each_object([&](small_archive& x, const object_path& path) {
    auto& object = x.content(path);
    auto parts = x.parts_of(path);
    auto part = parts.begin();
    unsigned bits = object.size() <= every_bit_up_to ? 8 : 1;
    for (std::uint64_t at = 0; at < object.size(); at += step)
      for (unsigned i = 0; i < bits; ++i) {
        CAPTURE(at, i);
        auto bit = static_cast<std::byte>(1u << (at + i) % 8);
        object[at] ^= bit;
        auto report = x.verify();
        whole += x.restores(path);
        ++flips;
        object[at] ^= bit;
        if (at >=
            x.valid_bytes(path)) { // behind what the newest commit counts: nobody was told it is durable
          REQUIRE(report.problems.empty());
          ++harmless;
          continue;
        }
        while (at >= part->end)
          ++part;
        auto* found = x.named(report, path);
        REQUIRE(found);
        REQUIRE(found->why.code != errc::ok);
        bool explained = found->offset == part->begin || found->offset == part->second_place;
        REQUIRE(explained);
        REQUIRE(found->offset <= at);
        REQUIRE(describe(*found).find(path + " at offset " + std::to_string(found->offset)) == 0);
      }
  });
  CHECK(flips * step > 5'000);
  CHECK(whole * step > 1'000); // old commits, starts, footers, indexes that are rebuilt …
  CHECK(whole < flips);
  CHECK(harmless * step > 100);
}

TEST_CASE("an object cut off at any length is reported, and a restore never gives wrong bytes") {
  std::size_t cuts = 0;
  for_each_object([&](small_archive& x, const object_path& path) {
    auto& object = x.content(path);
    auto valid = x.valid_bytes(path);
    for (auto size = object.size(); size > 0; ++cuts) {
      size -= std::min<std::size_t>(size, step);
      CAPTURE(size);
      object.resize(size);
      auto report = x.verify();
      x.restores(path);
      if (size >= valid) { // nothing that counts is cut off
        REQUIRE(report.problems.empty());
        continue;
      }
      auto* found = x.named(report, path);
      REQUIRE(found);
      REQUIRE(found->offset <= valid);
    }
  });
  CHECK(cuts * step > 5'000);
}

TEST_CASE("an object that is gone is reported, or was needed by nothing") {
  std::size_t reported = 0, needed_by_nothing = 0;
  for_each_object([&](small_archive& x, const object_path& path) {
    auto whole = x.content(path);
    x.drop(path);
    auto report = x.verify();
    auto name = parse_object_name(path).value();
    auto* commit = std::get_if<commit_name>(&name);
    if (path == x.newest_commit) {
      // The archive as it was one commit before, whole: only who knows of the newest one can miss it (the
      // catalog does: destination_behind).
      CHECK(report.problems.empty());
      auto back = restore(x.where, {.tenant = tenant, .threads = 1});
      CHECK(back.failed.code == errc::ok);
      CHECK(back.entries.size() < x.model.size());
      CHECK(std::equal(back.entries.begin(), back.entries.end(), x.model.begin()));
    } else if (path == x.proving_commit) {
      CHECK(std::any_of(report.problems.begin(), report.problems.end(),
                        [&](auto& problem) { return describe(problem).find(path) != std::string::npos; }));
      CHECK_FALSE(x.restores(path));
      ++reported;
    } else if (auto* found = x.named(report, path)) {
      CHECK((found->why.code == errc::bytes_missing || found->why.code == errc::file_not_exist));
      CHECK(found->offset == 0);
      x.restores(path);
      ++reported;
    } else {
      // Older commits go one by one, and nothing names the start of a sealed piece any more.
      CHECK((commit || std::holds_alternative<piece_start_name>(name)));
      CHECK(report.problems.empty());
      CHECK(x.restores(path));
      ++needed_by_nothing;
    }
    REQUIRE(x.where->create(path, whole).ok());
  });
  CHECK(reported > 10);
  CHECK(needed_by_nothing > 5);
}

TEST_CASE("bytes behind the end of an object are reported, but for a segment, where they do not count") {
  for_each_object([&](small_archive& x, const object_path& path) {
    auto& object = x.content(path);
    auto whole = object;
    for (auto& more : {bytes(1, std::byte{0}), bytes(4096, std::byte{0xa5}), whole}) {
      append(object, more);
      auto report = x.verify();
      bool all = x.restores(path);
      if (x.is_segment(path)) {
        CHECK(report.problems.empty());
        CHECK(all);
      } else {
        auto* found = x.named(report, path);
        REQUIRE(found);
        CHECK_THAT(found->why.message, Catch::Contains(path));
      }
      object = whole;
    }
  });
}

TEST_CASE("an object with the bytes of another one is reported, and a restore never gives wrong bytes") {
  std::size_t swaps = 0;
  for_each_object([&](small_archive& x, const object_path& path) {
    auto whole = x.content(path);
    for (auto& other : x.all) {
      if (other == path || x.content(other) == whole)
        continue;
      CAPTURE(other);
      x.content(path) = x.content(other);
      auto report = x.verify();
      x.restores(path);
      REQUIRE(x.named(report, path));
      x.content(path) = whole;
      ++swaps;
    }
  });
  CHECK(swaps > 500);
}

TEST_CASE("a copy of an object under another name is no part of the archive, or is refused by its name") {
  small_archive x;
  for (auto& path : x.all) {
    if (path == "format")
      continue;
    auto name = parse_object_name(path).value();
    auto more = [](auto& n) {
      if constexpr (requires { n.number; })
        n.number += 50;
      else if constexpr (requires { n.seq; })
        n.seq.value += 50;
      else if constexpr (requires { n.epoch; })
        n.epoch.value += 50;
    };
    std::visit(more, name);
    auto copy = to_path(name);
    CAPTURE(copy);
    REQUIRE(x.where->create(copy, x.content(path)).ok());
    auto report = x.verify();
    if (std::holds_alternative<commit_name>(name)) { // the highest number counts, and this is not that commit
      CHECK(x.named(report, copy));
      CHECK_FALSE(x.restores(copy));
    } else {
      CHECK(report.problems.empty());
      // Which of two equal starts a sealed piece took over, nothing says any more.
      if (!std::holds_alternative<piece_start_name>(name))
        CHECK(report.unreferenced == std::vector{copy});
      CHECK(x.restores(copy));
    }
    x.drop(copy);
  }
}

} // namespace varve::test
