// What a taker does with what it finds. commit_race_test.cpp lets writers race for one sequence.
#include "tests/actors/commit_machine.hpp"

using namespace varve;
using namespace varve::commit_test;

TEST_CASE(
    "commit sequence: where nothing lies the taker makes number 1, looks for a mark and lists once more") {
  commit_machine m;
  m.take();
  REQUIRE(m.lists());
  m.listed({});
  REQUIRE(m.asks(verb::create, 1));
  auto first = m.last_sent();
  CHECK(first.predecessor.empty());
  CHECK(first.epoch == epoch{1});
  CHECK(first.writer == us);
  CHECK(first.attempt == 1);
  m.done();
  REQUIRE(m.asks(verb::read, 0));
  m.gone();
  REQUIRE(m.lists());
  CHECK_FALSE(m.sequence.owns());
  m.listed({1});
  REQUIRE(m.came_to(event::owner));
  CHECK(m.sequence.owns());
  CHECK(m.sequence.current_epoch() == epoch{1});
}

TEST_CASE("commit sequence: a takeover proves the newest commit, follows it by digest and says nothing new") {
  auto others = chain(4);
  others.push_back(commit_bytes(5, digest_of(others.back()), them, 1, 42));
  commit_machine m;
  m.take();
  m.listed({4, 5});
  REQUIRE(m.asks(verb::read, 5));
  m.read(others[4]);
  REQUIRE(m.asks(verb::read, 4));
  m.read(others[3]);
  REQUIRE(m.asks(verb::create, 6));
  auto made = m.last_sent();
  CHECK(made.predecessor == digest_of(others[4]));
  CHECK(made.epoch == epoch{6});
  CHECK(made.writer == us);
  CHECK(made.written_at == at);
  CHECK(made.next_piece == piece_id{42});
  m.done();
  REQUIRE(m.asks(verb::read, 5));
  m.read(others[4]);
  REQUIRE(m.lists());
  m.listed({4, 5, 6});
  REQUIRE(m.came_to(event::owner));
  CHECK(m.sequence.current_epoch() == epoch{6});
  CHECK(m.sequence.newest().next_piece == piece_id{42});
}

TEST_CASE("commit sequence: what vanished or stands unproved while a taker looked makes it list again") {
  auto others = chain(5);
  commit_machine m;
  m.take();
  m.listed({4, 5});
  SECTION("the newest is gone") {
    m.gone();
  }
  SECTION("the newest is a mark") {
    m.read(mark_bytes(5));
  }
  SECTION("its predecessor is gone") {
    m.read(others[4]);
    m.gone();
  }
  SECTION("its predecessor has other bytes") {
    m.read(others[4]);
    m.read(others[2]);
  }
  SECTION("its predecessor cannot be one of ours") {
    m.read(others[4]);
    m.too_large();
  }
  CHECK(m.lists());
  CHECK(m.sent.empty());
}

TEST_CASE("commit sequence: the third failed proof of one and the same newest commit stops the taker") {
  auto others = chain(5);
  commit_machine m;
  m.take();
  for (int i = 0; i < 2; ++i) {
    m.listed({5});
    m.read(others[4]);
    m.gone();
    REQUIRE(m.lists());
  }
  m.listed({5});
  m.read(others[4]);
  m.gone();
  REQUIRE(m.came_to(event::stopped));
  CHECK(m.step.why.code == errc::bytes_missing);
  CHECK(m.step.why.message.find("00000000000000000005") != std::string::npos);
}

TEST_CASE("commit sequence: told that what is lost is lost, a taker goes on from what cannot be proved") {
  auto others = chain(4);
  others.push_back(commit_bytes(5, digest_of(others.back()), them, 1, 42));
  commit_machine m;
  commit_record first;
  first.next_piece = piece_id{77};
  m.now(m.sequence.take(first, at, true));
  digest before;
  piece_id content;
  SECTION("its predecessor is gone") {
    for (int i = 0; i < 3; ++i) {
      REQUIRE(m.lists());
      m.listed({5});
      m.read(others[4]);
      m.gone();
    }
    before = digest_of(others[4]);
    content = piece_id{42};
  }
  SECTION("it is damaged: the content is new, the number follows") {
    auto damaged = others[4];
    damaged.back() ^= std::byte{1};
    m.listed({5});
    m.read(damaged);
    before = digest_of(damaged);
    content = piece_id{77};
    others[4] = damaged;
  }
  REQUIRE(m.asks(verb::create, 6));
  CHECK(m.last_sent().predecessor == before);
  CHECK(m.last_sent().next_piece == content);
  CHECK(m.last_sent().epoch == epoch{6});
  m.done();
  REQUIRE(m.asks(verb::read, 5)); // the look is never left out
  m.read(others[4]);
  m.listed({5, 6});
  CHECK(m.came_to(event::owner));
}

TEST_CASE(
    "commit sequence: told that what is lost is lost, a taker still trusts no other archive's commits") {
  commit_machine m;
  m.now(m.sequence.take({}, at, true));
  m.listed({5});
  commit_record record;
  record.tenant = tenant;
  record.seq = commit_seq{5};
  record.epoch = epoch{5};
  m.read(encode(random_id{std::byte{0xb0}}, record));
  REQUIRE(m.came_to(event::stopped));
  CHECK(m.step.why.code == errc::foreign_destination);
}

TEST_CASE("commit sequence: failed proofs of different commits, the chain moving on, never stop a taker") {
  commit_machine m;
  m.take();
  for (std::uint64_t n = 5; n < 15; ++n) {
    m.listed({n});
    m.read(commit_bytes(n, digest_of(mark_bytes(n))));
    m.gone();
    REQUIRE(m.lists());
  }
}

TEST_CASE("commit sequence: races lost while lists lag behind are no failed proofs") {
  auto others = chain(6);
  commit_machine m;
  m.take();
  for (int i = 0; i < 10; ++i) {
    m.listed({4, 5}); // 6 is there and not listed yet
    m.read(others[4]);
    m.read(others[3]);
    REQUIRE(m.asks(verb::create, 6));
    m.exists();
    m.read(others[5]);
    REQUIRE(m.lists());
  }
}

TEST_CASE("commit sequence: only marks, or bytes that are no sound commit, stop the taker and say so") {
  commit_machine m;
  m.take();
  errc expected = errc::bytes_missing;
  SECTION("only a mark") {
    for (int i = 0; i < 3; ++i) {
      REQUIRE(m.lists());
      m.listed({0});
      m.read(mark_bytes(0));
    }
  }
  SECTION("damaged") {
    m.listed({5});
    auto damaged = commit_bytes(5, {});
    damaged.back() ^= std::byte{1};
    m.read(damaged);
  }
  SECTION("far too large") {
    m.listed({5});
    m.too_large();
  }
  SECTION("another number's commit") {
    m.listed({5});
    m.read(chain(4).back());
  }
  SECTION("another tenant's commit") {
    commit_record record;
    record.tenant = tenant_id{8};
    record.seq = commit_seq{5};
    record.epoch = epoch{5};
    m.listed({5});
    m.read(encode(archive, record));
  }
  SECTION("of another archive") {
    commit_record record;
    record.tenant = tenant;
    record.seq = commit_seq{5};
    record.epoch = epoch{5};
    m.listed({5});
    m.read(encode(random_id{std::byte{0xb0}}, record));
    expected = errc::foreign_destination;
  }
  REQUIRE(m.came_to(event::stopped));
  CHECK(m.step.why.code == expected);
  CHECK_FALSE(m.step.why.hint.empty());
  // Nothing leads out of it.
  m.listed({});
  CHECK(m.step.next.what == verb::none);
}

TEST_CASE("commit sequence: told that what is lost is lost, a taker still takes no mark for a commit") {
  commit_machine m;
  m.now(m.sequence.take({}, at, true));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(m.lists());
    m.listed({5});
    m.read(mark_bytes(5));
  }
  REQUIRE(m.came_to(event::stopped));
  CHECK(m.step.why.code == errc::bytes_missing);
}

TEST_CASE("commit sequence: a beginning is proved by the absence of its mark") {
  auto beginning = commit_bytes(1, {});
  commit_machine m;
  m.take();
  m.listed({1});
  m.read(beginning);
  REQUIRE(m.asks(verb::read, 0));
  SECTION("no mark") {
    m.gone();
    CHECK(m.asks(verb::create, 2));
  }
  SECTION("the mark") {
    m.read(mark_bytes(0));
    CHECK(m.lists());
  }
}

TEST_CASE("commit sequence: above number 0 a stray in the mark's place is no mark") {
  commit_machine m{6};
  m.take();
  SECTION("when a beginning is proved") {
    m.listed({6});
    m.read(commit_bytes(6, {}, them, 6));
    REQUIRE(m.asks(verb::read, 5));
    SECTION("a stray") {
      m.read(chain(5).back());
      CHECK(m.asks(verb::create, 7));
    }
    SECTION("bytes of nobody") {
      GENERATE(0, 1) == 0 ? m.too_large() : m.read(bytes(3));
      CHECK(m.asks(verb::create, 7));
    }
    SECTION("the mark") {
      m.read(mark_bytes(5));
      CHECK(m.lists());
    }
  }
  SECTION("when a beginning of our own is looked at") {
    m.listed({});
    REQUIRE(m.asks(verb::create, 6));
    CHECK(m.last_sent().epoch == epoch{6});
    m.done();
    REQUIRE(m.asks(verb::read, 5));
    m.read(chain(5).back());
    REQUIRE(m.lists());
    m.listed({5, 6});
    CHECK(m.came_to(event::owner));
  }
  SECTION("when a beginning of our own is looked at and its mark stands") {
    m.listed({});
    m.done();
    m.read(mark_bytes(5));
    REQUIRE(m.lists());
    m.listed({5});
    CHECK(m.asks(verb::read, 5));
  }
}

TEST_CASE(
    "commit sequence: an unanswered operation is repeated; a create as the next attempt, with other bytes") {
  auto others = chain(5);
  commit_machine m;
  m.take();
  m.unanswered();
  REQUIRE(m.repeats(verb::list, 0));
  m.listed({5});
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 5));
  m.read(others[4]);
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 4));
  m.read(others[3]);
  m.unanswered();
  REQUIRE(m.repeats(verb::create, 6));
  m.unanswered();
  REQUIRE(m.repeats(verb::create, 6));
  REQUIRE(m.sent.size() == 3);
  CHECK(m.sent[0] != m.sent[1]);
  CHECK(m.sent[1] != m.sent[2]);
  CHECK(m.last_sent().attempt == 3);
  m.done();
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 5));
  m.read(others[4]);
  m.unanswered();
  REQUIRE(m.repeats(verb::list, 0));
  m.listed({5, 6});
  REQUIRE(m.came_to(event::owner));
}

TEST_CASE("commit sequence: a taken number is ours if the bytes are one of the attempts, whichever") {
  auto others = chain(5);
  auto which = GENERATE(0U, 1U, 2U);
  commit_machine m;
  m.take();
  m.listed({5});
  m.read(others[4]);
  m.read(others[3]);
  m.unanswered();
  m.unanswered();
  m.exists();
  REQUIRE(m.asks(verb::read, 6));
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 6));
  m.read(m.sent[which]);
  REQUIRE(m.asks(verb::read, 5));
  m.read(others[4]);
  m.listed({5, 6});
  REQUIRE(m.came_to(event::owner));
  // The next commit follows the attempt that exists, not the last one sent.
  auto there = m.sent[which];
  m.commit();
  CHECK(m.last_sent().predecessor == digest_of(there));
  m.done();
  REQUIRE(m.asks(verb::read, 6));
  m.read(there);
  CHECK(m.came_to(event::counted));
}

TEST_CASE("commit sequence: a taker that lost the race, or fell into a hole, begins again from the list") {
  auto others = chain(5);
  commit_machine m;
  m.take();
  m.listed({5});
  m.read(others[4]);
  m.read(others[3]);
  REQUIRE(m.asks(verb::create, 6));
  SECTION("other bytes are there") {
    m.exists();
    m.read(commit_bytes(6, digest_of(others[4])));
  }
  SECTION("what was there is gone") {
    m.exists();
    m.gone();
  }
  SECTION("created, but the commit it follows is gone") {
    m.done();
    m.gone();
  }
  SECTION("created, but the commit it follows has other bytes") {
    m.done();
    m.read(others[3]);
  }
  SECTION("a higher number was listed since") {
    m.done();
    m.read(others[4]);
    m.listed({5, 6, 7});
  }
  SECTION("the destination forgot it") {
    m.done();
    m.read(others[4]);
    m.listed({5});
  }
  SECTION("the destination forgot everything") {
    m.done();
    m.read(others[4]);
    m.listed({});
  }
  CHECK(m.lists());
  CHECK_FALSE(m.sequence.owns());
}

TEST_CASE("commit sequence: a first taker that stalled finds the mark and does not begin again") {
  commit_machine m;
  m.take();
  m.listed({});
  m.done(); // number 1 had been there, and was deleted
  m.read(mark_bytes(0));
  CHECK(m.lists());
}

TEST_CASE(
    "commit sequence: where the catalog knows more, a taker fills the numbers in between, each proved") {
  commit_machine m{7};
  auto others = chain(4);
  m.take();
  m.listed({3, 4});
  m.read(others[3]);
  m.read(others[2]);
  auto before = others[3];
  for (std::uint64_t seq = 5; seq <= 7; ++seq) {
    REQUIRE(m.asks(verb::create, seq));
    CHECK(m.last_sent().epoch == epoch{seq});
    auto made = m.sent.back();
    m.done();
    REQUIRE(m.asks(verb::read, seq - 1));
    m.read(before);
    REQUIRE(m.lists());
    m.listed({seq - 1, seq});
    before = made;
  }
  REQUIRE(m.came_to(event::owner));
  CHECK(m.sequence.current_epoch() == epoch{7});
  CHECK(m.sequence.newest().seq == commit_seq{7});
}

TEST_CASE(
    "commit sequence: before a beginning is tried again, the taker looks whether commits have come back") {
  commit_machine m{7};
  m.take();
  m.listed({}); // the folder was away for a moment
  REQUIRE(m.asks(verb::create, 7));
  m.unanswered();
  REQUIRE(m.repeats(verb::list, 0));
  m.listed({1, 2});
  CHECK(m.asks(verb::read, 2));
}
