#include "tests/contract/destination_contract.hpp"
#include "tests/harness/fault_destination.hpp"

namespace varve::test {

using call = fault_medium::call;
using moment = fault_medium::moment;

namespace {

struct world {
  std::mt19937_64 seeds;
  std::shared_ptr<fault_medium> medium;
  explicit world(std::uint64_t seed = 1) : seeds(seed), medium(std::make_shared<fault_medium>(seeds)) {}
  std::shared_ptr<fault_destination> open(std::string writer = "writer") {
    return std::make_shared<fault_destination>(medium, std::move(writer));
  }
};

} // namespace

TEST_CASE("fault_destination keeps the destination contract while nothing fails") {
  world w;
  check_destination_contract([&] { return w.open(); });
}

TEST_CASE("a crash keeps what was created and what was synced") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    world w(seed);
    auto where = w.open();
    REQUIRE(where->create("a/object", as_bytes("whole")).ok());
    auto segment = segment_at(*where, "a/segment");
    REQUIRE(append_text(*segment, "synced").ok());
    REQUIRE(segment->sync().ok());
    REQUIRE(append_text(*segment, "not synced").ok());
    w.medium->crash();
    auto after = w.open();
    CHECK(text_of(*after, "a/object") == "whole");
    CHECK_THAT(text_of(*after, "a/segment"), Catch::StartsWith("synced"));
    CHECK(after->create("a/object", as_bytes("x")).code() == errc::already_exists);
  }
}

TEST_CASE("a crash forgets, tears or keeps what was not synced, and all of that happens") {
  const std::string text(4000, 'x');
  int vanished = 0, whole = 0, shorter = 0, torn = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    world w(seed);
    auto segment = segment_at(*w.open(), "a/segment");
    REQUIRE(append_text(*segment, seed % 2 == 0 ? text : "y").ok());
    CHECK_FALSE(w.medium->is_durable("a/segment"));
    w.medium->crash();
    auto left = w.medium->peek("a/segment");
    if (!left) {
      ++vanished;
      continue;
    }
    CHECK(w.medium->is_durable("a/segment"));
    if (as_text(*left) == "y")
      ++whole;
    if (left->size() < text.size())
      ++shorter;
    if (std::find(left->begin(), left->end(), std::byte{0}) != left->end())
      ++torn;
  }
  CHECK(vanished > 50);
  CHECK(whole > 10);
  CHECK(shorter > 50);
  CHECK(torn > 10);
}

TEST_CASE("after a crash the old handles and segments are dead and do nothing") {
  world w;
  auto where = w.open();
  auto segment = segment_at(*where, "segment");
  REQUIRE(segment->sync().ok());
  w.medium->crash();
  CHECK(where->create("b", as_bytes("x")).code() == errc::io_error);
  CHECK(where->read_all("segment", 10).code() == errc::io_error);
  CHECK(append_text(*segment, "x").code() == errc::io_error);
  CHECK(segment->sync().code() == errc::io_error);
  CHECK(w.medium->paths() == names{"segment"});
  CHECK(w.medium->peek("segment")->empty());
  CHECK(w.medium->crashes() == 1);
}

TEST_CASE("a handle that is cut off fails alone and leaves what it wrote as it was") {
  world w;
  auto dying = w.open("dying");
  auto living = w.open("living");
  auto segment = segment_at(*dying, "a/segment");
  REQUIRE(append_text(*segment, "written").ok());
  dying->cut_off();
  auto calls = w.medium->calls();
  CHECK(dying->create("b", as_bytes("x")).code() == errc::io_error);
  CHECK(dying->list("", [](const object_info&) {}).code() == errc::io_error);
  CHECK(dying->remove("a/segment").code() == errc::io_error);
  CHECK(append_text(*segment, "more").code() == errc::io_error);
  CHECK(w.medium->calls() == calls);
  CHECK(text_of(*living, "a/segment") == "written");
  CHECK_FALSE(w.medium->is_durable("a/segment"));
  CHECK(living->create("b", as_bytes("y")).ok());
}

TEST_CASE("a lost answer of a create leaves the object, and only a second try makes it certain") {
  int kept = 0, lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    world w(seed);
    auto where = w.open();
    w.medium->plan({.only = call::create, .when = moment::after});
    REQUIRE(where->create("a/object", as_bytes("mine")).code() == errc::io_error);
    CHECK(text_of(*where, "a/object") == "mine");
    if (seed % 2 == 0) {
      CHECK(where->create("a/object", as_bytes("mine")).code() == errc::already_exists);
      w.medium->crash();
      CHECK(w.medium->peek("a/object"));
    } else {
      w.medium->crash();
      ++(w.medium->peek("a/object") ? kept : lost);
    }
  }
  CHECK(kept > 5);
  CHECK(lost > 5);
}

TEST_CASE("a lost answer of a remove may bring the object back, a second try may not") {
  int back = 0, gone = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    world w(seed);
    auto where = w.open();
    REQUIRE(where->create("a/object", as_bytes("x")).ok());
    w.medium->plan({.only = call::remove, .when = moment::after});
    REQUIRE(where->remove("a/object").code() == errc::io_error);
    CHECK(listed(*where, "").empty());
    if (seed % 2 == 0) {
      CHECK(where->remove("a/object").code() == errc::file_not_exist);
      w.medium->crash();
      CHECK(w.medium->paths().empty());
    } else {
      w.medium->crash();
      ++(w.medium->peek("a/object") ? back : gone);
    }
  }
  CHECK(back > 5);
  CHECK(gone > 5);
}

TEST_CASE("the planned call fails, once or for good, before or after it took effect") {
  world w;
  auto where = w.open();
  SECTION("once, the third call of any kind") {
    w.medium->plan({.let_through = 2});
    CHECK(where->create("1", {}).ok());
    CHECK(where->size("1").ok());
    CHECK(where->create("2", {}).code() == errc::io_error);
    CHECK(where->create("2", {}).ok());
    CHECK(w.medium->calls() == 4);
    CHECK(w.medium->calls(call::create) == 3);
    CHECK(w.medium->faults() == 1);
  }
  SECTION("for good, one kind, until the faults are cleared") {
    w.medium->plan({.only = call::create, .let_through = 1, .for_good = true, .code = errc::no_space});
    CHECK(where->create("1", {}).ok());
    for (int i = 0; i < 3; ++i)
      CHECK(where->create("2", {}).code() == errc::no_space);
    CHECK(where->read_all("1", 1).ok());
    w.medium->clear_faults();
    CHECK(where->create("2", {}).ok());
  }
  SECTION("a failed append leaves a prefix and ends the segment") {
    auto segment = segment_at(*where, "segment");
    w.medium->plan({.only = call::append, .when = moment::after});
    CHECK(append_text(*segment, "0123456789").code() == errc::io_error);
    CHECK(segment->size() == 0);
    CHECK(append_text(*segment, "x").code() == errc::io_error);
    CHECK(segment->sync().code() == errc::io_error);
    CHECK_THAT("0123456789", Catch::StartsWith(text_of(*where, "segment")));
  }
  SECTION("a sync that failed afterwards is not believed, though the bytes stay") {
    auto segment = segment_at(*where, "segment");
    REQUIRE(append_text(*segment, "x").ok());
    w.medium->plan({.only = call::sync, .when = moment::after});
    CHECK(segment->sync().code() == errc::io_error);
    CHECK(segment->synced_size() == 0);
    CHECK(w.medium->is_durable("segment"));
  }
}

TEST_CASE("a full medium takes what fits of an append, nothing of a create, and goes on when there is room") {
  world w;
  auto where = w.open();
  w.medium->set_quota(10);
  REQUIRE(where->create("a", as_bytes("123456")).ok());
  CHECK(where->create("b", as_bytes("12345")).code() == errc::no_space);
  auto segment = segment_at(*where, "segment");
  CHECK(append_text(*segment, "abcdef").code() == errc::no_space);
  CHECK(text_of(*where, "segment") == "abcd");
  CHECK(w.medium->used_bytes() == 10);
  REQUIRE(where->remove("a").ok());
  CHECK(where->create("b", as_bytes("12345")).ok());
  w.medium->set_quota(std::nullopt);
  CHECK(where->create("c", as_bytes("1234567890")).ok());
}

TEST_CASE("a dead medium fails every call until it is mended") {
  world w;
  auto where = w.open();
  REQUIRE(where->create("a", as_bytes("x")).ok());
  w.medium->set_dead(true);
  std::byte target[1];
  CHECK(where->create("b", {}).code() == errc::io_error);
  CHECK(where->open_segment("b").code() == errc::io_error);
  CHECK(where->read("a", 0, target).code() == errc::io_error);
  CHECK(where->read_all("a", 1).code() == errc::io_error);
  CHECK(where->size("a").code() == errc::io_error);
  CHECK(where->list("", [](const object_info&) {}).code() == errc::io_error);
  CHECK(where->list_folder("").code() == errc::io_error);
  CHECK(where->remove("a").code() == errc::io_error);
  w.medium->set_dead(false);
  CHECK(text_of(*where, "a") == "x");
  CHECK(w.medium->paths() == names{"a"});
}

TEST_CASE("the hook sees every call before it takes effect and may crash the medium in it") {
  world w;
  auto where = w.open("first");
  std::vector<std::string> seen;
  w.medium->on_call([&](const fault_medium::call_info& info) {
    seen.push_back(info.writer + " " + fault_medium::name_of(info.kind) + " " + info.path);
    CHECK(info.number + 1 == seen.size());
    if (info.path == "b")
      w.medium->crash();
  });
  CHECK(where->create("a", {}).ok());
  CHECK(where->create("b", {}).code() == errc::io_error);
  CHECK(where->create("c", {}).code() == errc::io_error);
  CHECK(seen == names{"first create a", "first create b"});
  CHECK(w.medium->paths() == names{"a"});
}

TEST_CASE("damage from outside is what readers get") {
  world w;
  auto where = w.open();
  REQUIRE(where->create("a", as_bytes("good")).ok());
  w.medium->put("a", as_bytes("evil"));
  w.medium->put("new", as_bytes("there"));
  CHECK(text_of(*where, "a") == "evil");
  CHECK(w.medium->erase("a"));
  CHECK_FALSE(w.medium->erase("a"));
  CHECK(listed(*where, "") == names{"new"});
}

TEST_CASE("equal seeds fail equally, other seeds otherwise") {
  auto run = [](std::uint64_t seed) {
    world w(seed);
    w.medium->set_rates({.before_permille = 200, .after_permille = 200});
    auto where = w.open();
    std::string trace;
    for (int i = 0; i < 60; ++i) {
      auto segment = where->open_segment("s" + std::to_string(i));
      trace += segment.ok() ? 's' : '-';
      if (segment.ok())
        trace += append_text(**segment, "0123456789").ok() ? 'a' : '-';
      trace += where->create("c" + std::to_string(i), as_bytes("x")).ok() ? 'c' : '-';
    }
    w.medium->crash();
    for (auto& path : w.medium->paths())
      trace += path + std::string(as_text(*w.medium->peek(path)));
    return trace;
  };
  std::set<std::string> traces;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto trace = run(seed);
    CHECK(trace == run(seed));
    traces.insert(trace);
  }
  CHECK(traces.size() == 20);
}

} // namespace varve::test
