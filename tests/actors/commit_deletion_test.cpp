#include "tests/actors/commit_machine.hpp"

using namespace varve;
using namespace varve::commit_test;

TEST_CASE(
    "commit sequence: the first pass only remembers, the next deletes ascending and keeps the newest two") {
  commit_machine m;
  m.own_after(chain(5)); // the takeover is 6
  m.begin_pass();
  REQUIRE(m.came_to(event::pass_done));
  m.count();      // 7
  m.begin_pass(); // limit 6 - 2
  REQUIRE(m.lists());
  CHECK(m.sequence.owns());
  CHECK_FALSE(m.sequence.idle());
  m.listed({0, 2, 3, 4, 5, 6, 7});
  REQUIRE(m.asks(verb::read, 0));
  m.read(mark_bytes(0)); // marks stay
  REQUIRE(m.asks(verb::read, 2));
  m.read(chain(2)[1]);
  REQUIRE(m.asks(verb::remove, 2));
  m.done();
  REQUIRE(m.asks(verb::read, 3));
  m.gone(); // another deleter was faster
  REQUIRE(m.asks(verb::read, 4));
  m.read(chain(4)[3]);
  REQUIRE(m.asks(verb::remove, 4));
  m.gone();
  REQUIRE(m.came_to(event::pass_done));
  CHECK(m.sequence.idle());
}

TEST_CASE("commit sequence: commits of its own epoch are removed without being read, one after the other") {
  commit_machine m;
  m.own_after(chain(2)); // 3
  for (int i = 0; i < 5; ++i)
    m.count(); // up to 8
  m.begin_pass();
  m.begin_pass(); // limit 6
  m.listed({3, 4, 5, 6, 7, 8});
  for (std::uint64_t seq = 3; seq <= 6; ++seq) {
    REQUIRE(m.asks(verb::remove, seq));
    m.done();
  }
  CHECK(m.came_to(event::pass_done));
}

TEST_CASE("commit sequence: bytes of nobody are removed like the commit whose number they have") {
  commit_machine m;
  m.own_after(chain(4)); // 5
  m.begin_pass();
  m.begin_pass(); // limit 3
  m.listed({2, 3, 4, 5});
  REQUIRE(m.asks(verb::read, 2));
  GENERATE(0, 1) == 0 ? m.too_large() : m.read(bytes(3));
  REQUIRE(m.asks(verb::remove, 2));
  m.done();
  CHECK(m.asks(verb::read, 3));
}

TEST_CASE("commit sequence: the mark stands before a beginning goes") {
  commit_machine m;
  auto begun_by = GENERATE(as<std::string>{}, "another", "nobody knows", "us");
  if (begun_by == "us") {
    m.take();
    m.listed({});
    m.done();
    m.gone();
    m.listed({1});
    m.count();
    m.count();
    m.begin_pass();
    m.begin_pass(); // limit 1
    m.listed({1, 2, 3});
    REQUIRE(m.asks(verb::read, 1));
    m.read(m.sent.front());
  } else {
    m.own_after(chain(4)); // 5
    m.begin_pass();
    m.begin_pass(); // limit 3
    m.listed({1, 2, 3, 4, 5});
    REQUIRE(m.asks(verb::read, 1));
    begun_by == "another" ? m.read(chain(1)[0]) : m.too_large();
  }
  REQUIRE(m.asks(verb::create, 0));
  CHECK(m.step.next.content == mark_bytes(0));
  CHECK(m.step.next.content == mark_bytes(0));
  SECTION("created") {
    m.done();
  }
  SECTION("there from before") {
    m.exists();
  }
  CHECK(m.asks(verb::remove, 1));
}

TEST_CASE(
    "commit sequence: above number 0 a stray in the mark's place is cleared before the beginning goes") {
  auto begin = commit_bytes(3, {}, them, 3);
  auto next = commit_bytes(4, digest_of(begin), them, 3);
  commit_machine m{3};
  m.take();
  m.listed({3, 4});
  m.read(next);
  m.read(begin);
  m.done(); // 5
  m.read(next);
  m.listed({3, 4, 5});
  REQUIRE(m.came_to(event::owner));
  m.begin_pass();
  m.begin_pass(); // limit 3
  m.listed({3, 4, 5});
  REQUIRE(m.asks(verb::read, 3));
  m.read(begin);
  REQUIRE(m.asks(verb::create, 2));
  CHECK(m.step.next.content == mark_bytes(2));
  m.exists();
  REQUIRE(m.asks(verb::read, 2));
  SECTION("it is the mark") {
    m.read(mark_bytes(2));
    CHECK(m.asks(verb::remove, 3));
  }
  SECTION("it vanished meanwhile") {
    m.gone();
    REQUIRE(m.asks(verb::create, 2));
    CHECK(m.step.next.content == mark_bytes(2));
  }
  SECTION("it is a stray") {
    GENERATE(0, 1) == 0 ? m.read(chain(2)[1]) : m.too_large();
    REQUIRE(m.asks(verb::remove, 2));
    GENERATE(0, 1) == 0 ? m.done() : m.gone();
    REQUIRE(m.asks(verb::create, 2));
    CHECK(m.step.next.content == mark_bytes(2));
    m.done();
    REQUIRE(m.asks(verb::remove, 3));
    m.done();
    CHECK(m.came_to(event::pass_done));
  }
}

TEST_CASE("commit sequence: a waiting commit goes first between two removes, and the pass goes on after it") {
  commit_machine m;
  m.own_after(chain(2));
  for (int i = 0; i < 7; ++i)
    m.count();
  m.begin_pass();
  m.begin_pass();
  m.listed({3, 4, 5, 6, 7, 8, 9, 10});
  REQUIRE(m.asks(verb::remove, 3));
  m.sequence.leave_pass();
  m.done(); // not before the one in flight is confirmed
  REQUIRE(m.came_to(event::pass_done));
  REQUIRE(m.sequence.pass_was_left());
  m.count(); // 11
  // It need not wait for a time when no commit does: two removes are its own.
  m.resume_pass();
  m.sequence.leave_pass();
  REQUIRE(m.asks(verb::remove, 4));
  m.done();
  REQUIRE(m.asks(verb::remove, 5));
  m.done();
  REQUIRE(m.came_to(event::pass_done));
  m.count(); // 12
  m.resume_pass();
  for (std::uint64_t seq : {6U, 7U, 8U}) {
    REQUIRE(m.asks(verb::remove, seq));
    m.done();
  }
  REQUIRE(m.came_to(event::pass_done));
  CHECK_FALSE(m.sequence.pass_was_left());
  m.begin_pass(); // limit: 10 was the newest at the pass before
  REQUIRE(m.lists());
  m.listed({9, 10, 11, 12});
  CHECK(m.came_to(event::pass_done));
}

TEST_CASE(
    "commit sequence: whatever of a pass has no answer ends it, and the next begins with its own list") {
  commit_machine m;
  m.own_after(chain(2)); // 3
  for (int i = 0; i < 5; ++i)
    m.count(); // 8
  m.begin_pass();
  auto fails = GENERATE(0, 1, 2, 3);
  m.begin_pass();
  if (fails > 0)
    m.listed({1, 2, 3, 4, 5, 6, 7, 8});
  if (fails > 1) {
    REQUIRE(m.asks(verb::read, 1));
    m.read(chain(1)[0]);
  }
  if (fails > 2) {
    REQUIRE(m.asks(verb::create, 0));
    m.done();
    REQUIRE(m.asks(verb::remove, 1));
  }
  m.unanswered();
  REQUIRE(m.came_to(event::pass_done));
  CHECK(m.step.why.code == errc::io_error);
  CHECK(m.sequence.idle());
  CHECK_FALSE(m.sequence.pass_was_left());
  m.begin_pass();
  REQUIRE(m.lists());
  m.listed({1, 2, 3, 4, 5, 6, 7, 8});
  REQUIRE(m.asks(verb::read, 1));
  m.read(chain(1)[0]);
  REQUIRE(m.asks(verb::create, 0));
  m.exists();
  CHECK(m.asks(verb::remove, 1));
}

TEST_CASE("commit sequence: a young sequence has nothing to delete") {
  commit_machine m;
  m.take();
  m.listed({});
  m.done();
  m.gone();
  m.listed({1});
  m.begin_pass();
  m.begin_pass();
  REQUIRE(m.came_to(event::pass_done));
  m.count(); // 2
  m.begin_pass();
  REQUIRE(m.came_to(event::pass_done));
  m.begin_pass();
  REQUIRE(m.came_to(event::pass_done));
  CHECK(m.sequence.idle());
}
