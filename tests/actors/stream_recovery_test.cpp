// What the tenant's actors do with a stream: takeovers, rounds, commits, giving up.
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;
using namespace varve::test;

namespace {

stream_row row(lsn start, lsn upto, scn last, bool dropped = false) {
  return {stream_id{1}, start, {upto, last}, dropped};
}

/// A stream that took `all` before the tenant was taken over, three entries to a block.
struct held_stream {
  intake_fixture f;
  std::vector<log_record> all;
  std::shared_ptr<stream_buffer> stream;

  explicit held_stream(std::vector<log_record> entries) : all(std::move(entries)), stream(f.open(1)) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      hand_over(*stream, all[i]);
      if (i % 3 == 2)
        stream->cut();
    }
  }
  std::vector<log_record> from(lsn start) const {
    std::vector<log_record> rest;
    for (auto& entry : all)
      if (entry.lsn >= start)
        rest.push_back(entry);
    return rest;
  }
  std::vector<log_record> queued() { return f.entries(f.queued()); }
  /// Takes back every block, and finds no memory left.
  void require_no_leak() {
    f.queued();
    stream->give_up();
    CHECK(f.budget.used_bytes() == 0);
    CHECK(f.budget.arena().slabs_in_use() == 0);
  }
};

} // namespace

TEST_CASE("stream recovery: an estimate of the catalog says where to hand over from") {
  intake_fixture f;
  auto stream = f.stream(1);
  stream->estimate(row(100, 150, 9));
  CHECK(stream->expected_lsn() == 150);
  CHECK(stream->committed() == stream_position{150, 9});
  CHECK(stream->support(nullptr).row == row(100, 150, 9));
  stream->estimate(row(100, 170, 12)); // it has started
  CHECK(stream->expected_lsn() == 150);
  auto dropped = f.stream(2);
  dropped->estimate(row(100, 150, 9, true));
  CHECK_FALSE(dropped->started());
}

TEST_CASE("stream recovery: a stream that the destination has never heard of keeps all it took") {
  held_stream h{records(8, 100, 10)};
  CHECK_FALSE(h.stream->reconcile(std::nullopt, false));
  CHECK(h.queued() == h.all);
  CHECK(h.stream->expected_lsn() == 180);
  CHECK(h.stream->committed().next_lsn == 100);
  h.require_no_leak();
}

TEST_CASE("stream recovery: what was taken is trimmed to what follows the committed position") {
  held_stream h{records(8, 100, 10)};
  lsn committed = 0;
  SECTION("between two blocks") {
    committed = 130;
  }
  SECTION("inside a block") {
    committed = 120;
  }
  SECTION("inside the second block") {
    committed = 150;
  }
  SECTION("inside what was open") {
    committed = 170;
  }
  SECTION("just at the start") {
    committed = 100;
  }
  auto last = committed == 100 ? 5 : h.all[(committed - 100) / 10 - 1].scn;
  CHECK_FALSE(h.stream->reconcile(row(40, committed, last), false));
  CHECK(h.queued() == h.from(committed));
  CHECK(h.stream->expected_lsn() == 180);
  CHECK(h.stream->committed() == stream_position{committed, last});
  CHECK(h.stream->support(nullptr).row.start_lsn == 40);
  hand_over(*h.stream, {180, 190, 17, "next"});
  h.require_no_leak();
}

TEST_CASE("stream recovery: what was taken of log that the round begins behind must not count as archived") {
  held_stream h{records(8, 100, 10)};
  CHECK(h.stream->reconcile(row(120, 130, 77), false) == lsn{180});
  CHECK(h.stream->support(nullptr).start_scn == 77); // of the entry at LSN 120 it is not known
  CHECK(h.queued() == h.from(130));
  hand_over(*h.stream, {180, 190, 17, "next"});
  h.require_no_leak();
}

TEST_CASE("stream recovery: a destination that is ahead of the host has it all: the host's log is repeats") {
  held_stream h{records(8, 100, 10)};
  CHECK_FALSE(h.stream->reconcile(row(100, 300, 40), false));
  CHECK(h.queued().empty());
  CHECK(h.stream->expected_lsn() == 300);
  CHECK(h.stream->committed() == stream_position{300, 40});
  CHECK(hand_over(*h.stream, {300, 310, 39, "x"}, append_outcome::error).failed.code == errc::scn_goes_back);
  hand_over(*h.stream, {300, 310, 40, "x"});
  h.require_no_leak();
}

TEST_CASE("stream recovery: a destination that is behind makes the host hand over again from there") {
  held_stream h{records(8, 100, 10)};
  auto from = h.stream->reconcile(row(20, 60, 3), false);
  REQUIRE(from);
  CHECK(*from == 60);
  CHECK(h.queued().empty());
  CHECK(h.stream->expected_lsn() == 60);
  hand_over(*h.stream, {60, 70, 4, "x"});
  h.require_no_leak();
}

TEST_CASE("stream recovery: an entry that straddles the committed position cannot be kept") {
  held_stream h{records(8, 100, 10)};
  auto from = h.stream->reconcile(row(100, 125, 11), false);
  REQUIRE(from);
  CHECK(*from == 125);
  CHECK(h.queued().empty());
  CHECK(h.stream->expected_lsn() == 125);
  h.require_no_leak();
}

TEST_CASE("stream recovery: a stream that waits for its first entry starts where its archived log ends") {
  intake_fixture f;
  auto stream = f.open(1);
  CHECK_FALSE(stream->reconcile(row(100, 150, 9), false));
  CHECK(stream->started());
  CHECK(stream->expected_lsn() == 150);
  CHECK(stream->committed() == stream_position{150, 9});
  CHECK(stream->support(nullptr).start_scn == 9); // of its first entry it is not known
  CHECK(hand_over(*stream, {140, 150, 8, "x"}, append_outcome::full).expected_lsn == 150); // is compared
  hand_over(*stream, {150, 160, 9, "x"});
}

TEST_CASE("stream recovery: where a round's checkpoint speaks for a stream without log, it begins where that "
          "ended") {
  for (bool speaks : {false, true})
    for (bool dropped : {false, true}) {
      CAPTURE(speaks, dropped);
      intake_fixture f;
      auto stream = f.open(1);
      hand_over(*stream, {200, 210, 20, "x"}); // it had 150 to 200, and lost it
      auto from = stream->reconcile(row(150, 150, 9, dropped), false, speaks);
      if (speaks && !dropped)
        CHECK(from == lsn{150});
      else
        CHECK_FALSE(from);
      CHECK(stream->expected_lsn() == (speaks && !dropped ? 150 : 210));
    }
}

TEST_CASE("stream recovery: blocks cut before the grid was known are cut anew along its borders") {
  held_stream h{records(20, 100, 1'000, 30)}; // up to 1570
  h.f.intake->grid().restart(0, 100);
  CHECK_FALSE(h.stream->reconcile(std::nullopt, true));
  auto blocks = h.f.queued();
  CHECK(h.f.entries(blocks) == h.all);
  for (auto& block : blocks) {
    CHECK(block->end_scn == h.f.intake->grid().end_of_cell(block->header.first_scn));
    CHECK(block->header.last_scn < block->end_scn);
    CHECK(block->header.tenant == tenant);
    CHECK(block->header.stream == stream_id{1});
  }
  CHECK(h.stream->expected_lsn() == 300);
  // The blocks are known to be under way: repeats are compared with them, commits take them away.
  hand_over(*h.stream, h.all[7], append_outcome::repeated);
  CHECK(h.f.intake->repeats_uncompared.load() == 0);
  h.stream->on_committed(position_after(h.all[19]));
  CHECK_FALSE(h.stream->support(nullptr).pending);
  blocks.clear();
  h.require_no_leak();
}

TEST_CASE("stream recovery: what has no room when it is cut anew must be handed over again") {
  intake_fixture f({.budget_bytes = 512 << 10, .reserve_bytes = 128 << 10});
  auto stream = f.open(1);
  auto all = records(200, 100, 1'000, 30);
  for (auto& entry : all)
    hand_over(*stream, entry);
  f.intake->grid().restart(0, 10); // each entry is in a piece of its own
  auto from = stream->reconcile(std::nullopt, true);
  CHECK(f.budget.used_bytes() <= 384 << 10);
  REQUIRE(from);
  auto blocks = f.queued();
  auto kept = f.entries(blocks);
  REQUIRE(kept.size() > 20);
  CHECK(std::equal(kept.begin(), kept.end(), all.begin()));
  CHECK(*from == kept.back().next_lsn);
  CHECK(stream->expected_lsn() == *from);
  blocks.clear();
  stream->give_up();
  CHECK(f.budget.used_bytes() == 0);
}

TEST_CASE("stream recovery: where nothing has room it comes again from its first entry") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(3, 100, 1'000, 30);
  for (auto& entry : all)
    hand_over(*stream, entry);
  f.intake->grid().restart(0, 10); // each entry is in a piece of its own
  constexpr std::uint64_t taken = 64 << 20;
  f.budget.take_reserve(f.intake->account(), taken); // by others
  CHECK(stream->reconcile(std::nullopt, true) == lsn{100});
  f.budget.give_back(f.intake->account(), taken);
  f.queued();
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->cut();
  auto blocks = f.queued();
  CHECK(f.entries(blocks) == all);
}

TEST_CASE("stream recovery: borders of pieces that are there are kept when blocks are cut anew") {
  held_stream h{records(9, 100, 1'000, 30)}; // up to 1240
  h.f.intake->grid().restart(1'100, 1'000, {1'050, 1'100});
  CHECK_FALSE(h.stream->reconcile(row(50, 110, 1'000), false));
  auto blocks = h.f.queued();
  CHECK(h.f.entries(blocks) == h.from(110));
  std::vector<scn> ends;
  for (auto& block : blocks)
    if (ends.empty() || ends.back() != block->end_scn)
      ends.push_back(block->end_scn);
  CHECK(ends == std::vector<scn>{1'050, 1'100, 2'100});
  blocks.clear();
  h.require_no_leak();
}

TEST_CASE("stream recovery: in a new round the stream goes on at or after its archived log") {
  held_stream h{records(8, 100, 10)};
  SECTION("after it") {
    CHECK_FALSE(h.stream->reconcile(row(20, 60, 3), true));
    CHECK(h.queued() == h.all);
    CHECK(h.stream->support(nullptr).row.start_lsn == 100);
    CHECK(h.stream->support(nullptr).start_scn == 10);
  }
  SECTION("it was archived in part") {
    // In part: nobody knows whether rounds before have all of it.
    CHECK(h.stream->reconcile(row(20, 120, 11), true) == lsn{180});
    CHECK(h.queued() == h.from(120));
    CHECK(h.stream->support(nullptr).row.start_lsn == 120);
    CHECK(h.stream->support(nullptr).start_scn == 12); // of the first entry of this round
    CHECK(h.stream->committed() == stream_position{120, 11});
  }
  SECTION("it was archived as a whole") {
    CHECK(h.stream->reconcile(row(20, 500, 90), true) == lsn{500});
    CHECK(h.queued().empty());
    CHECK(h.stream->expected_lsn() == 500);
    CHECK(h.f.intake->left_out() == 0);
    CHECK(h.stream->support(nullptr).start_scn == 0); // its next entry will tell
    hand_over(*h.stream, {500, 510, 95, "x"});
    CHECK(h.stream->support(nullptr).start_scn == 95);
  }
  SECTION("the round before had only begun behind some of it, so nobody has that") {
    CHECK(h.stream->reconcile(row(130, 500, 90), true) == lsn{500});
    CHECK(h.f.intake->left_out() == 1);
  }
  SECTION("the round before had none of it, and may have begun behind it") {
    CHECK(h.stream->reconcile(row(500, 500, 90), true) == lsn{500});
    CHECK(h.f.intake->left_out() == 1);
  }
  h.require_no_leak();
}

TEST_CASE("stream recovery: support is just below what is pending, else what is durable or was advanced") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(4, 0, 10, 5); // SCN 10, 15, 20, 25
  hand_over(*stream, all[0]);
  hand_over(*stream, all[1]);
  CHECK(stream->support(nullptr).pending);
  CHECK(stream->support(nullptr).supports == 9);
  stream->cut();
  hand_over(*stream, all[2]);
  hand_over(*stream, all[3]);
  CHECK(stream->support(nullptr).supports == 9);
  auto durable = position_after(all[1]);
  CHECK(stream->support(&durable).supports == 19); // the open block is pending
  CHECK(stream->support(&durable).row.position == durable);
  stream->cut();
  CHECK(stream->support(&durable).supports == 19); // in flight
  durable = position_after(all[3]);
  auto s = stream->support(&durable);
  CHECK_FALSE(s.pending);
  CHECK(s.supports == 24); // another one with SCN 25 may follow
  stream->on_committed(durable);
  CHECK(stream->support(nullptr).supports == 24);
  CHECK(stream->advance(80).ok());
  CHECK(stream->support(nullptr).supports == 80);
  CHECK(f.intake->advance(90).ok());
  CHECK(stream->support(nullptr).supports == 90);
  stream->on_committed({5, 1}); // older than what is known
  CHECK(stream->committed() == durable);
}

TEST_CASE("stream recovery: an advance does not speak for log that its host has lost") {
  intake_fixture f;
  auto stream = f.open(1);
  hand_over(*stream, {0, 10, 5, "x"});
  stream->cut();
  f.queued();
  stream->on_committed({10, 5});
  stream->recycled(10);
  CHECK(stream->advance(80).ok());
  CHECK(stream->support(nullptr).supports == 80);
  stream->recycled(11);
  CHECK(stream->support(nullptr).supports == 4);
}

TEST_CASE(
    "stream recovery: a stream that waits for its start may be told where by an advance, of this round") {
  intake_fixture f;
  auto stream = f.open(1);
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(stream->advance(50).ok());
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
  f.intake->begin_round();
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(f.intake->advance(60).ok());
  CHECK_FALSE(stream->support(nullptr).waits_for_start);
}

TEST_CASE(
    "stream recovery: a stream that nobody holds any more is waited for in its round, not in the next") {
  intake_fixture f;
  auto stream = f.open(1);
  stream->detach();
  CHECK(stream->support(nullptr).quiet);
  CHECK(stream->support(nullptr).waits_for_start);
  CHECK(stream->advance(50).ok());
  CHECK(stream->support(nullptr).supports == 50);
  SECTION("till it is dropped") {
    stream->drop_at(0);
  }
  SECTION("till another round begins") {
    f.intake->begin_round();
  }
  CHECK_FALSE(stream->support(nullptr).quiet);
  REQUIRE(stream->attach({}));
  CHECK(stream->support(nullptr).quiet);
}

TEST_CASE(
    "stream recovery: a stream to be dropped counts in the next round while some of its log is missing") {
  intake_fixture f;
  auto stream = f.open(1);
  for (auto& entry : records(2, 0, 10))
    hand_over(*stream, entry);
  stream->drop_at(20);
  stream->cut();
  f.queued();
  auto archived = GENERATE(lsn{10}, lsn{20});
  stream->on_committed({archived, 10});
  stream->give_up(); // the round was stopped before the rest was durable
  f.intake->begin_round();
  CHECK(stream->support(nullptr).quiet == (archived < 20));
  CHECK(stream->support(nullptr).waits_for_start == (archived < 20));
}

TEST_CASE("stream recovery: a dropped stream leaves once all below its final LSN is durable") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(2, 0, 10);
  for (auto& entry : all)
    hand_over(*stream, entry);
  stream->drop_at(20);
  CHECK_FALSE(stream->support(nullptr).dropped);
  auto durable = position_after(all[1]);
  CHECK(stream->support(&durable).dropped);
  CHECK(stream->support(&durable).row.dropped);
  stream->drop_at(30);
  CHECK_FALSE(stream->support(&durable).dropped); // log is still to come
  stream->detach();
  REQUIRE(stream->attach({}));
  stream->drop_at(20);
  stream->detach();
  REQUIRE(stream->attach({})); // opened again: it takes part
  CHECK_FALSE(stream->support(&durable).dropped);
}

TEST_CASE("stream recovery: giving up goes back to what is committed, and frees all memory") {
  intake_fixture f;
  auto stream = f.open(1);
  auto all = records(9, 0, 10);
  for (std::size_t i = 0; i < 9; ++i) {
    hand_over(*stream, all[i]);
    if (i % 3 == 2 && i < 8)
      stream->cut();
  }
  stream->on_committed(position_after(all[2]));
  CHECK(stream->holds_beyond(30));
  CHECK_FALSE(stream->owes());
  f.queued();
  CHECK(stream->give_up() == 30);
  CHECK(stream->owes());
  CHECK_FALSE(stream->holds_beyond(30));
  CHECK(stream->expected_lsn() == 30);
  CHECK(f.budget.used_bytes() == 0);
  hand_over(*stream, all[3]); // SCN 13, above the committed 12
  CHECK(stream->support(nullptr).pending);
  CHECK(stream->owes());
  for (std::size_t i = 4; i < 9; ++i)
    hand_over(*stream, all[i]);
  CHECK_FALSE(stream->owes());
}

/// Method: entries of random sizes and SCNs are taken, cut anywhere, some of them committed; then the tenant
/// is taken over at a position that an entry starts at, on a grid with pieces already there or not.
TEST_CASE(
    "stream recovery: after any takeover what is queued is what follows the position, within the borders") {
  unsigned replaced = 0, kept = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    intake_fixture f{{.block_bytes = 2'000}};
    auto stream = f.open(1);
    std::vector<log_record> all;
    scn at = 1'000;
    for (auto count = 1 + random() % 60; all.size() < count;) {
      lsn from = all.empty() ? 100 : all.back().next_lsn;
      at += random() % 40;
      all.push_back({from, from + 1 + random() % 20, at, std::string(random() % 400, 'p')});
      hand_over(*stream, all.back());
      if (random() % 10 == 0)
        stream->cut();
    }
    bool new_round = random() % 3 == 0;
    switch (random() % 3) {
    case 0:
      f.intake->grid().restart(0, 50 + random() % 500);
      break;
    case 1:
      f.intake->grid().restart(1'200, 100, {1'100, 1'200});
      break;
    default:
      f.intake->grid().restart(0, 0);
    }
    auto which = random() % (all.size() + 1);
    auto position = which == all.size()
                        ? position_after(all.back())
                        : stream_position{all[which].lsn, which == 0 ? 999 : all[which - 1].scn};
    auto resend = stream->reconcile(row(100, position.next_lsn, position.last_scn), new_round);
    CHECK(resend.has_value() == (new_round && position.next_lsn > all.front().lsn));
    auto blocks = f.queued();
    auto expected = std::vector<log_record>(all.begin() + static_cast<std::ptrdiff_t>(which), all.end());
    REQUIRE(f.entries(blocks) == expected);
    for (auto& block : blocks) {
      CHECK(block->end_scn == f.intake->grid().end_of_cell(block->header.first_scn));
      CHECK(block->header.last_scn < block->end_scn);
    }
    if (!blocks.empty())
      ++(blocks.size() > 2 ? replaced : kept);
    CHECK(stream->expected_lsn() == all.back().next_lsn);
    for (auto& entry : expected)
      CHECK(stream->append(entry.view()).outcome == append_outcome::repeated);
    hand_over(*stream, {all.back().next_lsn, all.back().next_lsn + 1, at, "next"});
    stream->cut();
    CHECK(f.entries(f.queued()).size() == 1);
    blocks.clear();
    stream->give_up();
    CHECK(f.budget.used_bytes() == 0);
    CHECK(f.budget.arena().slabs_in_use() == 0);
  }
  CHECK(replaced > 50);
  CHECK(kept > 20);
}
