// Directed tests: every row of the table in COMMITS.md section 4, fed by hand. commit_race_test.cpp lets
// writers race for one sequence.
#include "actors/commit_sequence.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using verb = commit_operation::verb;
using event = commit_sequence::event;

namespace {

constexpr tenant_id tenant{7};
constexpr unix_ns at = 1'000;
const random_id archive{std::byte{0xa0}};
const random_id us{std::byte{1}}, them{std::byte{2}};

bytes commit_bytes(std::uint64_t seq, const digest& before, random_id writer = them,
                   std::uint64_t epoch_number = 1, std::uint64_t next_piece = 1) {
  commit_record record;
  record.tenant = tenant;
  record.seq = commit_seq{seq};
  record.epoch = epoch{epoch_number};
  record.writer = writer;
  record.predecessor = before;
  record.next_piece = piece_id{next_piece};
  return encode(archive, record);
}

bytes mark_bytes(std::uint64_t seq) {
  return encode(archive, commit_mark(tenant, commit_seq{seq}));
}

/// What others have committed: [0] is number 1.
std::vector<bytes> chain(std::uint64_t length) {
  std::vector<bytes> made;
  for (std::uint64_t seq = 1; seq <= length; ++seq)
    made.push_back(commit_bytes(seq, made.empty() ? digest{} : digest_of(made.back())));
  return made;
}

/// A sequence whose operations the test answers itself.
struct machine {
  explicit machine(std::uint64_t begin_at = 1) : sequence(tenant, archive, us, commit_seq{begin_at}) {}
  commit_sequence sequence;
  commit_sequence::step step;
  std::vector<bytes> sent; ///< by creates

  bool now(commit_sequence::step made) {
    step = std::move(made);
    if (step.next.what == verb::create)
      sent.push_back(step.next.content);
    return true;
  }
  bool take() { return now(sequence.take({}, at)); }
  bool commit(commit_record record = {}) { return now(sequence.commit(std::move(record), at)); }
  bool commit_after(std::uint64_t newest_piece) {
    commit_record record;
    record.next_piece = piece_id{newest_piece};
    return commit(record);
  }
  bool begin_pass() { return now(sequence.begin_pass()); }
  void listed(std::initializer_list<std::uint64_t> found) {
    std::vector<commit_seq> numbers;
    for (auto seq : found)
      numbers.push_back(commit_seq{seq});
    now(sequence.answer(result<std::vector<commit_seq>>(numbers)));
  }
  void read(const bytes& content) { now(sequence.answer(result<bytes>(content))); }
  void gone() {
    if (step.next.what == verb::remove)
      now(sequence.answer(status(fail(errc::file_not_exist, "gone"))));
    else
      now(sequence.answer(result<bytes>(fail(errc::file_not_exist, "gone"))));
  }
  void too_large() { now(sequence.answer(result<bytes>(fail(errc::checksum_error, "too large")))); }
  void done() { now(sequence.answer(status{})); }
  void exists() { now(sequence.answer(status(fail(errc::already_exists, "taken")))); }
  void unanswered() {
    auto lost = fail(errc::io_error, "the cable is out");
    if (step.next.what == verb::list)
      now(sequence.answer(result<std::vector<commit_seq>>(lost)));
    else if (step.next.what == verb::read)
      now(sequence.answer(result<bytes>(lost)));
    else
      now(sequence.answer(status(lost)));
  }

  bool asks(verb what, std::uint64_t seq) const {
    return step.what == event::none && step.next.what == what && step.next.seq == commit_seq{seq};
  }
  bool lists() const { return step.what == event::none && step.next.what == verb::list; }
  bool repeats(verb what, std::uint64_t seq) const {
    return step.what == event::retry && step.next.what == what && step.next.seq == commit_seq{seq} &&
           step.why.code == errc::io_error;
  }
  bool came_to(event what) const { return step.what == what && step.next.what == verb::none; }
  commit_record last_sent() const { return decode_commit(sent.back(), &archive, "sent").value(); }

  /// Takes over a sequence that holds `newest` of `others` and the one before it.
  void own_after(const std::vector<bytes>& others) {
    auto n = others.size();
    take();
    listed({n});
    read(others.back());
    n == 1 ? gone() : read(others[n - 2]);
    done();
    read(others.back());
    listed({n, n + 1});
    REQUIRE(came_to(event::owner));
  }
  /// Makes the next commit and lets it count.
  void count() {
    auto last = sent.back();
    commit();
    done();
    read(last);
    REQUIRE(came_to(event::counted));
  }
};

} // namespace

TEST_CASE(
    "commit sequence: where nothing lies the taker makes number 1, looks for a mark and lists once more") {
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
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

TEST_CASE("commit sequence: a beginning is proved by the absence of its mark") {
  auto beginning = commit_bytes(1, {});
  machine m;
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
  machine m{6};
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
      m.too_large();
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
  machine m;
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
  machine m;
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
  machine m;
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
  machine m;
  m.take();
  m.listed({});
  m.done(); // number 1 had been there, and was deleted
  m.read(mark_bytes(0));
  CHECK(m.lists());
}

TEST_CASE("commit sequence: a commit counts only after the look at the one before it") {
  auto others = chain(2);
  machine m;
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

TEST_CASE("commit sequence: an owner whose reply was lost finds its own attempt and goes on") {
  machine m;
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
  machine m;
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
  CHECK(m.sequence.fenced());
  CHECK_FALSE(m.sequence.owns());
  CHECK(m.sequence.newest().seq == commit_seq{3});
  m.read(takeover);
  CHECK(m.step.what == event::none);
  CHECK(m.step.next.what == verb::none);
}

TEST_CASE(
    "commit sequence: the first pass only remembers, the next deletes ascending and keeps the newest two") {
  machine m;
  m.own_after(chain(5)); // the takeover is 6
  m.begin_pass();
  REQUIRE(m.came_to(event::pass_done));
  m.count();      // 7
  m.begin_pass(); // limit 6 - 2
  REQUIRE(m.lists());
  CHECK(m.sequence.owns());
  CHECK_FALSE(m.sequence.idle());
  m.unanswered();
  REQUIRE(m.repeats(verb::list, 0));
  m.listed({0, 2, 3, 4, 5, 6, 7});
  REQUIRE(m.asks(verb::read, 0));
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 0));
  m.read(mark_bytes(0)); // marks stay
  REQUIRE(m.asks(verb::read, 2));
  m.read(chain(2)[1]);
  REQUIRE(m.asks(verb::remove, 2));
  m.unanswered();
  REQUIRE(m.repeats(verb::remove, 2)); // never the next one before this one is confirmed
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
  machine m;
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

TEST_CASE("commit sequence: the mark stands before a beginning goes") {
  machine m;
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
  m.unanswered();
  REQUIRE(m.repeats(verb::create, 0));
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
  machine m{3};
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
  m.unanswered();
  REQUIRE(m.repeats(verb::read, 2));
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
    m.unanswered();
    REQUIRE(m.repeats(verb::remove, 2));
    GENERATE(0, 1) == 0 ? m.done() : m.gone();
    REQUIRE(m.asks(verb::create, 2));
    CHECK(m.step.next.content == mark_bytes(2));
    m.done();
    REQUIRE(m.asks(verb::remove, 3));
    m.done();
    CHECK(m.came_to(event::pass_done));
  }
}

TEST_CASE("commit sequence: a waiting commit goes first between two removes, and the next pass begins anew") {
  machine m;
  m.own_after(chain(2));
  for (int i = 0; i < 5; ++i)
    m.count();
  m.begin_pass();
  m.begin_pass();
  m.listed({3, 4, 5, 6, 7, 8});
  REQUIRE(m.asks(verb::remove, 3));
  m.sequence.leave_pass();
  m.unanswered();
  REQUIRE(m.repeats(verb::remove, 3)); // not before the one in flight is confirmed
  m.done();
  REQUIRE(m.came_to(event::pass_done));
  m.count(); // 9
  m.begin_pass();
  m.listed({4, 5, 6, 7, 8, 9});
  CHECK(m.asks(verb::remove, 4));
}

TEST_CASE("commit sequence: a young sequence has nothing to delete") {
  machine m;
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
