#pragma once

#include "engine/destination/destination.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <latch>
#include <set>
#include <thread>

namespace varve::test {

inline std::vector<std::string> listed(destination& where, const std::string& prefix) {
  std::vector<std::string> paths;
  auto outcome = where.list(prefix, [&](const object_info& info) { paths.push_back(info.path); });
  if (!outcome.ok())
    FAIL(outcome.error().to_string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The words of an object, or the name of the error that came instead.
inline std::string text_of(destination& where, const std::string& path) {
  auto content = where.read_all(path, 1 << 20);
  return content.ok() ? std::string(as_text(*content)) : std::string(name_of(content.code()));
}

inline std::unique_ptr<segment_file> segment_at(destination& where, const std::string& path) {
  auto segment = where.open_segment(path);
  if (!segment.ok())
    FAIL(segment.error().to_string());
  return std::move(*segment);
}

inline status append_text(segment_file& segment, std::string_view text) {
  const bytes_view parts[] = {as_bytes(text)};
  return segment.append(parts);
}

using names = std::vector<std::string>;

inline void check_creating(const std::function<std::shared_ptr<destination>()>& open) {
  auto place = open();
  auto& where = *place;
  SECTION("a created object is read back byte for byte, also by others") {
    REQUIRE(where.create("t1/commits/1", as_bytes("first")).ok());
    CHECK(text_of(where, "t1/commits/1") == "first");
    CHECK(text_of(*open(), "t1/commits/1") == "first");
    CHECK(where.size("t1/commits/1").value() == 5);
  }
  SECTION("an object may be empty, and may hold every byte") {
    bytes every;
    for (int i = 0; i < 256 * 300; ++i)
      every.push_back(static_cast<std::byte>(i * 7));
    REQUIRE(where.create("empty", {}).ok());
    REQUIRE(where.create("every", every).ok());
    CHECK(where.size("empty").value() == 0);
    CHECK(where.read_all("empty", 0).value().empty());
    CHECK(where.read_all("every", every.size()).value() == every);
  }
  SECTION("a taken name is refused and the first content stays, whoever took it and however") {
    REQUIRE(where.create("a/object", as_bytes("first")).ok());
    CHECK(where.create("a/object", as_bytes("second")).code() == errc::already_exists);
    CHECK(open()->create("a/object", as_bytes("second")).code() == errc::already_exists);
    CHECK(where.open_segment("a/object").code() == errc::already_exists);
    CHECK(text_of(where, "a/object") == "first");
    auto segment = segment_at(where, "a/segment");
    REQUIRE(append_text(*segment, "kept").ok());
    CHECK(where.create("a/segment", as_bytes("second")).code() == errc::already_exists);
    CHECK(where.open_segment("a/segment").code() == errc::already_exists);
    CHECK(text_of(where, "a/segment") == "kept");
    CHECK(listed(where, "") == names{"a/object", "a/segment"});
  }
  SECTION("a refused create names the object, in the message, and the errno") {
    REQUIRE(where.create("a/object", as_bytes("first")).ok());
    auto refused = where.create("a/object", as_bytes("second"));
    CHECK_THAT(refused.error().message, Catch::Contains("a/object"));
    CHECK(refused.error().sys_errno == EEXIST);
  }
  SECTION("the name of a folder is taken, and an object is not a folder") {
    REQUIRE(where.create("a/b", as_bytes("x")).ok());
    CHECK(where.create("a", as_bytes("y")).code() == errc::already_exists);
    CHECK(where.open_segment("a").code() == errc::already_exists);
    CHECK_FALSE(where.create("a/b/c", as_bytes("y")).ok());
    CHECK_FALSE(where.open_segment("a/b/c").ok());
    CHECK(where.read_all("a/b/c", 9).code() == errc::file_not_exist);
    CHECK_FALSE(where.read_all("a", 9).ok());
    CHECK(listed(where, "") == names{"a/b"});
  }
  SECTION("what is not an object path is refused by every call") {
    for (std::string bad :
         {"", "/a", "a/", "a//b", "../a", "a/../b", ".hidden", "a/.hidden", "a b", "a\n", "\xc3\xa4"}) {
      INFO(bad);
      std::byte target[1];
      CHECK(where.create(bad, as_bytes("x")).code() == errc::invalid_argument);
      CHECK(where.open_segment(bad).code() == errc::invalid_argument);
      CHECK(where.read(bad, 0, target).code() == errc::invalid_argument);
      CHECK(where.read_all(bad, 1).code() == errc::invalid_argument);
      CHECK(where.size(bad).code() == errc::invalid_argument);
      CHECK(where.remove(bad).code() == errc::invalid_argument);
      if (bad.empty())
        continue; // the whole destination
      CHECK(where.list(bad, [](const object_info&) {}).code() == errc::invalid_argument);
      CHECK(where.list_folder(bad).code() == errc::invalid_argument);
    }
    CHECK(listed(where, "").empty());
  }
}

inline void check_appending(const std::function<std::shared_ptr<destination>()>& open) {
  auto place = open();
  auto& where = *place;
  SECTION("a segment grows by all parts in order, and what is synced is read by others") {
    auto segment = segment_at(where, "t1/r1_p1/e1_s1");
    const bytes_view parts[] = {as_bytes("one"), {}, as_bytes("two"), as_bytes("!")};
    REQUIRE(segment->append(parts).ok());
    CHECK(segment->size() == 7);
    CHECK(segment->synced_size() == 0);
    REQUIRE(segment->sync().ok());
    CHECK(segment->synced_size() == 7);
    REQUIRE(append_text(*segment, "three").ok());
    CHECK(segment->size() == 12);
    CHECK(segment->synced_size() == 7);
    REQUIRE(segment->sync().ok());
    segment.reset();
    CHECK(text_of(where, "t1/r1_p1/e1_s1") == "onetwo!three");
    CHECK(text_of(*open(), "t1/r1_p1/e1_s1") == "onetwo!three");
    CHECK(open()->size("t1/r1_p1/e1_s1").value() == 12);
  }
  SECTION("more parts than one system call takes are written in order") {
    std::string wanted;
    std::vector<std::string> texts;
    for (int i = 0; i < 3000; ++i)
      texts.push_back(std::string(static_cast<std::size_t>(i % 5), 'a') + std::to_string(i));
    std::vector<bytes_view> parts;
    for (auto& text : texts) {
      parts.push_back(as_bytes(text));
      wanted += text;
    }
    auto segment = segment_at(where, "segment");
    REQUIRE(segment->append(parts).ok());
    REQUIRE(segment->sync().ok());
    CHECK(segment->synced_size() == wanted.size());
    CHECK(text_of(where, "segment") == wanted);
  }
  SECTION("a segment that nothing was appended to can be synced and is an empty object") {
    auto segment = segment_at(where, "a/segment");
    REQUIRE(segment->append({}).ok());
    REQUIRE(segment->sync().ok());
    CHECK(open()->size("a/segment").value() == 0);
    CHECK(listed(*open(), "") == names{"a/segment"});
  }
  SECTION("a segment outlives the handle it was opened by") {
    auto opener = open();
    auto segment = segment_at(*opener, "segment");
    opener.reset();
    REQUIRE(append_text(*segment, "late").ok());
    REQUIRE(segment->sync().ok());
    CHECK(text_of(where, "segment") == "late");
  }
}

inline void check_reading(const std::function<std::shared_ptr<destination>()>& open) {
  auto place = open();
  auto& where = *place;
  auto part = [&](std::uint64_t offset, std::size_t count) {
    bytes target(count);
    auto got = where.read("object", offset, target);
    return got.ok() ? std::string(as_text(bytes_view(target).first(*got))) : got.error().to_string();
  };
  SECTION("any range is read, and less only at the end") {
    REQUIRE(where.create("object", as_bytes("0123456789")).ok());
    CHECK(part(0, 10) == "0123456789");
    CHECK(part(3, 4) == "3456");
    CHECK(part(8, 100) == "89");
    CHECK(part(10, 1).empty());
    CHECK(part(4, 0).empty());
    CHECK(part(1'000'000, 1).empty());
    CHECK(part(~std::uint64_t{0}, 1).empty());
  }
  SECTION("an object larger than allowed is refused as not one of ours") {
    REQUIRE(where.create("object", as_bytes("0123456789")).ok());
    CHECK(where.read_all("object", 10).ok());
    CHECK(where.read_all("object", 9).code() == errc::checksum_error);
  }
  SECTION("an absent object is file_not_exist, in an absent folder, too") {
    REQUIRE(where.create("a/here", as_bytes("x")).ok());
    for (std::string absent : {"gone", "a/gone", "b/c/gone"}) {
      INFO(absent);
      std::byte target[1];
      CHECK(where.read(absent, 0, target).code() == errc::file_not_exist);
      CHECK(where.read_all(absent, 1).code() == errc::file_not_exist);
      CHECK(where.size(absent).code() == errc::file_not_exist);
      CHECK(where.remove(absent).code() == errc::file_not_exist);
    }
    CHECK_THAT(where.read_all("b/c/gone", 1).error().message, Catch::Contains("b"));
  }
  SECTION("read_all sees what another made although it was absent a moment ago") {
    CHECK(text_of(where, "a/object") == "OB_BACKUP_FILE_NOT_EXIST");
    REQUIRE(open()->create("a/object", as_bytes("new")).ok());
    CHECK(text_of(where, "a/object") == "new");
  }
}

inline void check_listing(const std::function<std::shared_ptr<destination>()>& open) {
  auto place = open();
  auto& where = *place;
  SECTION("a listing names every object below a folder with its size, and nothing of its neighbours") {
    for (std::string path : {"a/x", "a/y/z", "a/y/w", "ab/x", "a-b", "b"})
      REQUIRE(where.create(path, as_bytes(path)).ok());
    CHECK(listed(where, "") == names{"a-b", "a/x", "a/y/w", "a/y/z", "ab/x", "b"});
    CHECK(listed(where, "a") == names{"a/x", "a/y/w", "a/y/z"});
    CHECK(listed(where, "a/y") == names{"a/y/w", "a/y/z"});
    CHECK(where.list("", [](const object_info& info) { CHECK(info.size == info.path.size()); }).ok());
    CHECK(where.list_folder("").value() == names{"a", "a-b", "ab", "b"});
    CHECK(where.list_folder("a").value() == names{"x", "y"});
  }
  SECTION("an absent folder is empty, an object is not a folder") {
    REQUIRE(where.create("object", as_bytes("x")).ok());
    for (std::string folder : {"absent", "absent/deep", "object", "object/deep"}) {
      INFO(folder);
      CHECK(listed(where, folder).empty());
      CHECK(where.list_folder(folder).value().empty());
    }
  }
  SECTION("a visitor may use the destination") {
    REQUIRE(where.create("a/1", as_bytes("one")).ok());
    REQUIRE(where.create("a/2", as_bytes("two")).ok());
    CHECK(where.list("a", [&](const object_info& info) { CHECK(where.remove(info.path).ok()); }).ok());
    CHECK(listed(where, "").empty());
  }
  SECTION("an ordered listing is in byte order") {
    if (!where.traits().ordered_listing)
      return;
    for (std::string path : {"b", "a/c", "a-b", "a.b", "A", "a0"})
      REQUIRE(where.create(path, {}).ok());
    names seen;
    REQUIRE(where.list("", [&](const object_info& info) { seen.push_back(info.path); }).ok());
    CHECK(seen == names{"A", "a-b", "a.b", "a/c", "a0", "b"});
  }
  SECTION("long names and deep folders are as good as short ones") {
    auto component = std::string(255, 'n');
    auto path = component + "/" + component + "/" + component + "/" + std::string(255, 'm');
    REQUIRE(is_object_path(path));
    REQUIRE(where.create(path, as_bytes("deep")).ok());
    std::string steps = "s";
    for (int i = 0; i < 300; ++i)
      steps += "/s";
    REQUIRE(where.create(steps, as_bytes("steep")).ok());
    CHECK(text_of(where, path) == "deep");
    CHECK(listed(where, "") == names{path, steps});
  }
}

inline void check_removing(const std::function<std::shared_ptr<destination>()>& open) {
  auto place = open();
  auto& where = *place;
  SECTION("a removed object is gone for everybody, its neighbour is not") {
    REQUIRE(where.create("a/gone", as_bytes("x")).ok());
    REQUIRE(where.create("a/here", as_bytes("y")).ok());
    REQUIRE(where.remove("a/gone").ok());
    CHECK(text_of(*open(), "a/gone") == "OB_BACKUP_FILE_NOT_EXIST");
    CHECK(listed(*open(), "") == names{"a/here"});
    CHECK(where.remove("a/gone").code() == errc::file_not_exist);
  }
  SECTION("a folder goes with its last object, and comes back with the next") {
    REQUIRE(where.create("a/b/c", as_bytes("x")).ok());
    REQUIRE(where.remove("a/b/c").ok());
    CHECK(where.list_folder("").value().empty());
    REQUIRE(where.create("a/b/c", as_bytes("again")).ok());
    CHECK(text_of(where, "a/b/c") == "again");
    CHECK(listed(where, "") == names{"a/b/c"});
  }
  SECTION("a segment that was removed while it grew can still be closed") {
    auto segment = segment_at(where, "a/segment");
    REQUIRE(append_text(*segment, "x").ok());
    REQUIRE(where.remove("a/segment").ok());
    static_cast<void>(append_text(*segment, "y"));
    static_cast<void>(segment->sync());
    segment.reset();
    CHECK(listed(where, "").empty());
  }
}

inline void check_threads(const std::function<std::shared_ptr<destination>()>& open) {
  SECTION("of threads that race for one name exactly one wins, and its bytes are there") {
    constexpr int racers = 4, rounds = 40;
    std::vector<std::shared_ptr<destination>> handles{open(), open()};
    std::vector<std::vector<int>> wins(racers);
    std::vector<int> odd(racers);
    std::latch start(racers);
    std::vector<std::thread> threads;
    for (int racer = 0; racer < racers; ++racer)
      threads.emplace_back([&, racer] {
        auto me = static_cast<std::size_t>(racer);
        auto& mine = *handles[me % 2];
        start.arrive_and_wait();
        for (int i = 0; i < rounds; ++i) {
          auto won = mine.create("race/" + std::to_string(i), as_bytes(std::to_string(racer)));
          if (won.ok())
            wins[me].push_back(i);
          if (!won.ok() && won.code() != errc::already_exists)
            ++odd[me];
        }
      });
    for (auto& thread : threads)
      thread.join();
    CHECK(odd == std::vector<int>(racers, 0));
    auto after = open();
    int total = 0;
    for (int racer = 0; racer < racers; ++racer)
      for (auto round : wins[static_cast<std::size_t>(racer)]) {
        ++total;
        CHECK(text_of(*after, "race/" + std::to_string(round)) == std::to_string(racer));
      }
    CHECK(total == rounds);
    CHECK(listed(*after, "race").size() == rounds);
  }
  SECTION("objects come and go while others list, and what stays is in every listing") {
    auto place = open();
    REQUIRE(place->create("f/stays", as_bytes("x")).ok());
    std::atomic<bool> done{false};
    std::atomic<int> failures{0}, misses{0}, lists{0};
    std::thread lister([&] {
      auto own = open();
      do {
        std::set<std::string> seen;
        auto outcome = own->list("", [&](const object_info& info) { seen.insert(info.path); });
        if (!outcome.ok())
          ++failures;
        if (!seen.contains("f/stays"))
          ++misses;
        ++lists;
      } while (!done);
    });
    for (int i = 0; i < 100; ++i) {
      auto path = (i % 2 == 0 ? "f/" : "g/h/") + std::to_string(i);
      if (!place->create(path, as_bytes("y")).ok() || !place->remove(path).ok())
        ++failures;
    }
    done = true;
    lister.join();
    CHECK(failures == 0);
    CHECK(misses == 0);
    CHECK(lists > 0);
    CHECK(listed(*open(), "") == names{"f/stays"});
  }
  SECTION("one makes objects in a folder while another empties it, and nobody fails") {
    std::atomic<int> failures{0};
    auto come_and_go = [&](const std::string& mine) {
      auto own = open();
      for (int i = 0; i < 60; ++i)
        if (!own->create("shared/folder/" + mine, as_bytes(mine)).ok() ||
            !own->remove("shared/folder/" + mine).ok())
          ++failures;
    };
    std::thread other([&] { come_and_go("other"); });
    come_and_go("mine");
    other.join();
    CHECK(failures == 0);
    CHECK(listed(*open(), "").empty());
  }
}

/// What engine/destination/destination.hpp promises of every destination, called from the TEST_CASE of one
/// kind. `open` gives a new handle on one and the same place, which is empty when a test case begins.
inline void check_destination_contract(const std::function<std::shared_ptr<destination>()>& open) {
  check_creating(open);
  check_appending(open);
  check_reading(open);
  check_listing(open);
  check_removing(open);
  check_threads(open);
  SECTION("the probe passes and leaves nothing, also where an earlier one was cut short") {
    auto place = open();
    REQUIRE(place->create("probe-1/object", as_bytes("left over")).ok());
    auto probed = probe_destination(*place, "probe-1");
    INFO((probed.ok() ? "" : probed.error().to_string()));
    CHECK(probed.ok());
    CHECK(listed(*open(), "").empty());
    CHECK(place->list_folder("").value().empty());
  }
}

} // namespace varve::test
