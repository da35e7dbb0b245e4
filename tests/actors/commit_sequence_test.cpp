// The owner's own commits. commit_takeover_test.cpp has the way there, commit_deletion_test.cpp what goes
// again.
#include "tests/actors/commit_machine.hpp"

using namespace varve;
using namespace varve::commit_test;

TEST_CASE("commit sequence: a commit counts only after the look at the one before it") {
  auto others = chain(2);
  commit_machine m;
  m.own_after(others);
  auto takeover = m.sent.back();
  REQUIRE(m.sequence.idle());
  m.commit_after(9);
  REQUIRE(m.asks(verb::create, 4));
  CHECK(m.last_sent().epoch == epoch{3});
  CHECK(m.last_sent().predecessor == digest_of(takeover));
  CHECK_FALSE(m.sequence.idle());
  m.done();
  REQUIRE(m.asks(verb::read, 3));
  CHECK(m.sequence.newest().seq == commit_seq{3});
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 3));
  m.read(takeover);
  REQUIRE(m.came_to(event::counted));
  CHECK(m.sequence.newest().seq == commit_seq{4});
  CHECK(m.sequence.newest().next_piece == piece_id{9});
  CHECK(m.sequence.idle());
}

TEST_CASE("commit sequence: a commit that no reader could decode is not made") {
  commit_machine m;
  m.own_after(chain(2));
  open_piece piece;
  piece.piece = {round_id{1}, piece_id{1}};
  piece.bounds = {1, 100};
  piece.start = {epoch{3}, 0, digest_of(as_bytes("start"))};
  bool fits = GENERATE(true, false);
  piece.segments = {{epoch{3}, 1, format::segment_bytes_max + (fits ? 0 : 1), true}};
  commit_record record;
  record.next_round = round_id{2};
  record.next_piece = piece_id{2};
  record.open_pieces = {piece};
  m.commit(record);
  if (fits) {
    CHECK(m.asks(verb::create, 4));
    return;
  }
  REQUIRE(m.came_to(event::stopped));
  CHECK(m.step.why.code == errc::invalid_status);
  CHECK(m.step.why.message.find("cannot be") != std::string::npos);
  CHECK_FALSE(m.sequence.owns());
}

TEST_CASE("commit sequence: an owner whose reply was lost finds its own attempt and goes on") {
  commit_machine m;
  m.own_after(chain(2));
  auto takeover = m.sent.back();
  m.commit();
  m.unanswered();
  REQUIRE(m.repeats(verb::create, 4));
  auto first = m.sent[m.sent.size() - 2];
  m.exists();
  REQUIRE(m.asks(verb::read, 4));
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 4));
  m.read(first);
  REQUIRE(m.asks(verb::read, 3));
  m.read(takeover);
  REQUIRE(m.came_to(event::counted));
  m.commit();
  CHECK(m.last_sent().predecessor == digest_of(first));
}

TEST_CASE("commit sequence: an owner is fenced by whatever shows that others went on, for ever") {
  commit_machine m;
  m.own_after(chain(2));
  auto takeover = m.sent.back();
  m.commit();
  std::string says;
  SECTION("another's commit has the number") {
    m.exists();
    m.read(commit_bytes(4, digest_of(takeover), them, 4));
    says = to_hex(them);
  }
  SECTION("bytes of nobody have the number") {
    m.exists();
    m.read(bytes(3));
    says = "another writer";
  }
  SECTION("what had the number is gone") {
    m.exists();
    m.gone();
    says = "gone again";
  }
  SECTION("its own last commit is gone: it fell into a hole") {
    m.done();
    m.gone();
    says = "others have gone on";
  }
  SECTION("its own last commit has other bytes") {
    m.done();
    m.read(commit_bytes(3, digest_of(takeover), them, 3));
    says = "others have gone on";
  }
  REQUIRE(m.came_to(event::fenced));
  CHECK(m.step.why.code == errc::fenced);
  CHECK(m.step.why.message.find(says) != std::string::npos);
  CHECK_FALSE(m.sequence.owns());
  CHECK(m.sequence.newest().seq == commit_seq{3});
  m.read(takeover);
  CHECK(m.step.what == event::none);
  CHECK(m.step.next.what == verb::none);
}

TEST_CASE("commit sequence: what has our id and is no attempt at this commit is not ours") {
  auto others = chain(2);
  commit_machine m;
  auto stray = commit_bytes(3, digest_of(others[0]), us, 3); // an abandoned attempt that arrived late
  SECTION("to a taker") {
    m.take();
    m.listed({2});
    m.read(others[1]);
    m.read(others[0]);
    REQUIRE(m.asks(verb::create, 3));
    m.exists();
    m.read(stray);
    CHECK(m.lists());
  }
  SECTION("to an owner") {
    m.own_after(others);
    m.commit();
    m.exists();
    m.read(stray);
    CHECK(m.came_to(event::fenced));
  }
}
