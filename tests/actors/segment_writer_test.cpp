#include "engine/reader/segment_reader.hpp"
#include "tests/actors/segment_writer_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace varve;
using namespace varve::test;
using call = fault_medium::call;
using moment = fault_medium::moment;

namespace {

using words = std::vector<std::string>;

std::uint64_t count_of(const writer_fixture& f, std::string_view what) {
  return static_cast<std::uint64_t>(std::count(f.operations.begin(), f.operations.end(), what));
}

} // namespace

TEST_CASE("segment writer: the first block makes piece and segment, and counts once it is synced") {
  writer_fixture f{{.interval = 100}};
  auto block = f.put(1, 250);
  CHECK_FALSE(f.writer->is_durable(1));
  f.run();
  CHECK(f.operations == words{"create", "open", "append"});
  CHECK_FALSE(f.writer->is_durable(1));
  CHECK(f.writer->unsynced_bytes() == block->charged_bytes());
  f.report();
  CHECK(f.said.made.count(first_piece) == 1);
  CHECK(f.said.open.empty()); // nothing in it is durable
  CHECK(f.said.positions.empty());
  f.writer->want_durable(1);
  f.run();
  CHECK(f.operations.back() == "sync");
  CHECK(f.writer->is_durable(1));
  CHECK(f.writer->unsynced_bytes() == 0);
  CHECK(f.budget.used_bytes() == 0); // credit comes with the sync
  f.report();
  CHECK(f.said.made.at(first_piece).bounds == piece_bounds{250, 300});
  CHECK(f.said.positions.at(stream_id{1}) == stream_position{1'021, 252});
  CHECK(f.medium->is_durable(to_path(piece_start_name{tenant, first_piece, epoch{1}})));
  auto start = decode_piece_start(*f.medium->peek(to_path(piece_start_name{tenant, first_piece, epoch{1}})),
                                  &archive, "start");
  REQUIRE(start.ok());
  CHECK(start->bounds == piece_bounds{250, 300});
  CHECK(start->created_at == 42);
  f.require_readable();
}

TEST_CASE("segment writer: blocks that come out of order are written in the order of their numbers") {
  writer_fixture f;
  std::vector<cut_block_ptr> blocks;
  for (scn at = 100; at < 200; at += 10)
    blocks.push_back(f.block(1, at));
  auto other = f.block(2, 500);
  f.add(other); // another stream does not wait for it
  for (auto i : {3U, 1U, 2U})
    f.add(blocks[i]);
  f.run();
  CHECK(count_of(f, "append") == 1);
  f.writer->want_memory();
  f.run();
  f.report();
  CHECK(f.said.positions.size() == 1);
  CHECK_FALSE(f.writer->is_durable(1)); // ticket 1 has not come
  f.add(blocks[0]);
  for (auto i : {9U, 4U, 5U, 8U, 7U, 6U})
    f.add(blocks[i]);
  f.settle();
  f.require_readable();
  CHECK(f.said.positions.at(stream_id{1}).last_scn == 192);
}

TEST_CASE("segment writer: it syncs when somebody wants it, and not for what has not come yet") {
  writer_fixture f;
  auto late = f.block(1, 100);
  f.put(2, 100); // ticket 2
  f.writer->want_durable(2);
  f.run();
  CHECK(count_of(f, "sync") == 0); // ticket 1 is still at a compressor
  f.add(late);
  f.run();
  CHECK(count_of(f, "sync") == 1);
  CHECK(f.writer->is_durable(2));
  f.put(1, 200);
  f.run();
  f.writer->want_durable(2); // said before: nothing to do
  f.run();
  CHECK(count_of(f, "sync") == 1);
  CHECK_FALSE(f.writer->is_durable(3));
  CHECK(f.writer->syncs() == 1);
}

TEST_CASE(
    "segment writer: it syncs by itself at sync_bytes, and once what came is written if memory is short") {
  writer_fixture f{{.sync_bytes = 40 << 10}};
  for (int i = 0; i < 4; ++i) {
    f.put(1, 100 + 10 * static_cast<scn>(i), 1, 7'000); // a slab each
    f.run();
  }
  CHECK(count_of(f, "sync") == 0);
  f.put(1, 200, 1, 7'000);
  f.run();
  CHECK(count_of(f, "sync") == 1);
  CHECK(f.budget.used_bytes() == 0);
  f.put(1, 300);
  f.writer->want_memory();
  f.run();
  CHECK(count_of(f, "sync") == 2);
  f.put(1, 400);
  f.run();
  CHECK(count_of(f, "sync") == 2); // memory was short once
}

TEST_CASE("segment writer: a sync pass counts only when every dirty segment has answered") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.put(1, 210);
  f.run();
  REQUIRE(f.paths("seg-").size() == 2);
  f.writer->want_durable(2);
  REQUIRE(f.step());
  CHECK(f.operations.back() == "sync");
  CHECK_FALSE(f.writer->is_durable(1));
  auto half = f.writer->take_report();
  CHECK(half.open.empty());
  CHECK(half.moved.empty());
  f.said.absorb(half);
  SECTION("the second one answers") {
    REQUIRE(f.step());
    CHECK(f.writer->is_durable(2));
  }
  SECTION("the second one fails: both are written again") {
    f.medium->plan({.only = call::sync});
    REQUIRE(f.step());
    CHECK_FALSE(f.writer->is_durable(1));
    f.report();
    CHECK(f.said.ended.empty());
    CHECK(f.said.open.empty());
    f.run();
    CHECK(count_of(f, "append") == 4);
    CHECK(f.paths("seg-").size() == 2); // nothing counts of the first two
  }
  f.settle();
  f.require_readable();
}

TEST_CASE("segment writer: after a failure what was not durable is written again, and nothing else") {
  auto [only, when] = GENERATE(table<call, moment>({{call::append, moment::before},
                                                    {call::append, moment::after},
                                                    {call::sync, moment::before},
                                                    {call::sync, moment::after}}));
  writer_fixture f;
  f.put(1, 100);
  f.put(2, 100);
  f.settle();
  f.put(1, 200);
  f.put(2, 200);
  f.put(1, 300);
  f.medium->plan({.only = only, .when = when});
  f.settle();
  CHECK(f.failures == 1);
  // The first segment stands at its durable length, without a footer, for ever.
  REQUIRE(f.said.ended[first_piece].size() == 1);
  auto& left = f.said.ended[first_piece].front();
  CHECK(left.segment.number == 1);
  CHECK_FALSE(left.segment.has_footer);
  CHECK(left.counts.entries == 6);
  REQUIRE(f.said.open.count(first_piece) == 1);
  CHECK(f.said.open.at(first_piece).segment.number == 2);
  CHECK(f.said.open.at(first_piece).counts.entries == 9);
  CHECK(f.budget.used_bytes() == 0);
  f.require_readable();
}

TEST_CASE("segment writer: a segment that failed before anything in it was durable does not exist") {
  writer_fixture f;
  f.put(1, 100);
  f.medium->plan({.only = call::append, .when = moment::after});
  f.settle();
  CHECK(f.failures == 1);
  CHECK(f.said.ended.empty());
  CHECK(f.said.open.at(first_piece).segment.number == 2);
  CHECK(f.paths("seg-").size() == 1); // it was removed
  f.require_readable();
}

TEST_CASE("segment writer: a segment that cannot be removed stays, and does no harm") {
  writer_fixture f;
  f.put(1, 100);
  f.medium->plan({.only = call::append, .when = moment::after});
  f.medium->plan({.only = call::remove});
  f.settle();
  CHECK(f.failures == 2);
  CHECK(count_of(f, "remove!") == 1); // once
  CHECK(f.paths("seg-").size() == 2);
  f.require_readable();
}

TEST_CASE("segment writer: an open that failed uses up its number") {
  auto when = GENERATE(moment::before, moment::after);
  writer_fixture f;
  f.put(1, 100);
  f.medium->plan({.only = call::open_segment, .when = when});
  f.settle();
  CHECK(count_of(f, "open!") == 1);
  CHECK(f.said.open.at(first_piece).segment.number == 2);
  f.require_readable();
}

TEST_CASE(
    "segment writer: a start object whose answer was lost is made once, one of other bytes is the end") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  auto path = to_path(piece_start_name{tenant, first_piece, epoch{1}});
  SECTION("the answer was lost") {
    f.medium->plan({.only = call::create, .when = moment::after});
    f.settle();
    CHECK(f.failures == 1);
    f.require_readable();
  }
  SECTION("there is another object of that name") {
    f.medium->put(path, as_bytes("not ours"));
    f.run();
    REQUIRE(f.writer->broken());
    CHECK(f.writer->broken()->code == errc::checksum_error);
    CHECK(f.writer->next(1).none());
  }
}

TEST_CASE("segment writer: segments end with a footer before they would exceed segment_bytes") {
  writer_fixture f{{.segment_bytes = 20'000}};
  for (scn at = 0; at < 30; ++at)
    f.put(1, 100 + at, 1, 3'000); // six to a segment
  f.settle();
  auto& ended = f.said.ended[first_piece];
  CHECK(ended.size() == 4);
  for (auto& each : ended) {
    CHECK(each.segment.has_footer);
    CHECK(each.counts.entries == 6);
    auto path = to_path(segment_name{tenant, first_piece, epoch{1}, each.segment.number});
    CHECK(f.medium->peek(path)->size() == each.segment.valid_bytes);
    CHECK(f.medium->is_durable(path));
  }
  CHECK(f.said.open.at(first_piece).counts.entries == 6);
  f.require_readable();
}

// The footer was not counted: a segment of 1 GiB - 1 came to be longer than the format allows, and the commit
// that named it could not be read by anybody.
TEST_CASE("segment writer: an ended segment is within segment_bytes with the longest footer it can have") {
  writer_fixture f{{.segment_bytes = 20'000}};
  for (scn at = 0; at < 400; ++at)
    f.put(1, 100 + at, 1, 1); // a quarter of what each needs is its row in the footer
  f.settle();
  auto& ended = f.said.ended[first_piece];
  CHECK(ended.size() >= 3);
  for (auto& each : ended) {
    CHECK(each.segment.has_footer);
    CHECK(each.segment.valid_bytes <= 20'000);
  }
  f.require_readable();
}

TEST_CASE(
    "segment writer: an ended segment counts with its footer; if that fails, without, and nothing is lost") {
  auto [only, let_through] = GENERATE(table<call, std::uint64_t>({{call::append, 1}, {call::sync, 0}}));
  writer_fixture f{{.segment_bytes = 7'000}};
  f.put(1, 100, 1, 3'000);
  f.settle();
  f.put(1, 101, 1, 3'000);
  f.put(1, 102, 1, 3'000);
  f.medium->plan({.only = only, .let_through = let_through, .when = moment::after});
  f.settle();
  CHECK(f.failures == 1);
  auto& left = f.said.ended[first_piece].front();
  CHECK_FALSE(left.segment.has_footer);
  CHECK(left.counts.entries == 1);
  f.require_readable();
}

TEST_CASE("segment writer: an entry larger than a segment gets one of its own") {
  writer_fixture f{{.segment_bytes = 50'000}};
  f.put(1, 100);
  f.put(1, 110, 1, 3 << 20);
  f.put(1, 120);
  f.settle();
  REQUIRE(f.said.ended[first_piece].size() == 2);
  CHECK(f.said.ended[first_piece][1].counts.entries == 1);
  CHECK(f.said.ended[first_piece][1].counts.input_bytes == 3 << 20);
  f.require_readable();
  CHECK(f.budget.used_bytes() == 0);
}

TEST_CASE("segment writer: a large queue goes out in several appends, in order") {
  writer_fixture f{{.segment_bytes = 64 << 20}};
  for (scn at = 0; at < 12; ++at)
    f.put(1 + at % 2, 100 + at, 1, 1 << 20);
  f.settle();
  CHECK(count_of(f, "append") >= 3);
  f.require_readable();
}

TEST_CASE("segment writer: tickets are durable only up to the first that is missing") {
  writer_fixture f;
  auto a = f.block(1, 100), b = f.block(2, 100), c = f.block(3, 100), d = f.block(4, 100);
  f.add(d);
  f.add(b);
  f.writer->want_memory();
  f.run();
  CHECK_FALSE(f.writer->is_durable(2));
  f.add(a);
  f.writer->want_memory();
  f.run();
  CHECK(f.writer->is_durable(2));
  CHECK_FALSE(f.writer->is_durable(3));
  f.add(c);
  CHECK_FALSE(f.writer->is_durable(3));
  f.settle();
  CHECK(f.writer->is_durable(4));
  CHECK_FALSE(f.writer->is_durable(5));
  f.require_readable();
}

TEST_CASE("segment writer: a report tells news once, and open segments each time") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.settle();
  auto again = f.writer->take_report();
  CHECK(again.made.empty());
  CHECK(again.moved.empty());
  CHECK(again.ended.empty());
  REQUIRE(again.open.size() == 1);
  CHECK(again.open[0].segment == f.said.open.at(first_piece));
  f.put(1, 120);
  f.run(); // written, not durable
  CHECK(f.writer->take_report().open[0].segment == f.said.open.at(first_piece));
}

/// Method: streams with clocks of their own, blocks delivered out of order within a window, failures of any
/// call, syncs and reports at any moment, takeovers, and in the end a power failure at any call; then what
/// reports named must read back as exactly the entries up to the positions they told, once and in order.
TEST_CASE(
    "segment writer: whatever fails and whenever the power goes, what was reported reads back in order") {
  unsigned crashed = 0, failures = 0, footers = 0, pieces = 0, left = 0, entries = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    INFO("seed " << seed);
    writer_fixture f{{.seed = seed,
                      .segment_bytes = 5'000 + seed % 5 * 3'000,
                      .sync_bytes = 30'000 + seed % 3 * 40'000,
                      .interval = seed % 4 == 0 ? 100'000U : 300U}};
    auto below = [&](std::uint64_t n) { return f.random() % n; };
    if (seed % 3 != 0)
      f.medium->set_rates({.before_permille = 25, .after_permille = 25});
    bool power = true;
    auto off_at = 20 + below(200);
    f.medium->on_call([&](const fault_medium::call_info& call) {
      if (power && call.number == off_at) {
        power = false;
        f.medium->crash();
      }
    });
    std::map<std::uint64_t, scn> clocks;
    std::vector<cut_block_ptr> under_way;
    for (int i = 0; i < 400 && power; ++i) {
      switch (below(10)) {
      case 0:
      case 1:
      case 2: {
        auto stream = 1 + below(4);
        auto& clock = clocks[stream];
        clock = std::max<scn>(clock, 1) + below(60);
        auto count = 1 + below(4);
        if (clock % f.given.interval + count > f.given.interval)
          clock += f.given.interval - clock % f.given.interval;
        under_way.push_back(f.block(stream, clock, count, below(900)));
        clock += count;
        break;
      }
      case 3:
      case 4:
        if (!under_way.empty()) {
          auto at = under_way.begin() + static_cast<std::ptrdiff_t>(below(under_way.size()));
          f.add(*at);
          under_way.erase(at);
        }
        break;
      case 5:
        f.writer->want_durable(below(f.tickets + 1));
        break;
      case 6:
        if (below(4) == 0)
          f.writer->want_memory();
        break;
      case 7:
        f.report();
        break;
      case 8: {
        auto ticket = below(f.tickets + 1);
        if (!f.writer->is_durable(ticket))
          break;
        f.report();
        break;
      }
      default:
        if (below(40) == 0) {
          under_way.clear();
          f.take_over();
          for (auto& [stream, clock] : clocks)
            clock = std::max(clock, f.said.positions[stream_id{stream}].last_scn);
        }
      }
      for (auto steps = below(4); steps > 0 && power; --steps)
        f.step();
      if (f.writer->broken())
        FAIL(f.writer->broken()->to_string());
    }
    std::erase_if(f.said.positions, [](auto& x) { return x.second.next_lsn == 0; });
    f.medium->on_call({});
    if (power && below(2) == 0) {
      // Faults end: everything that came gets out.
      f.medium->clear_faults();
      for (auto& each : std::exchange(under_way, {}))
        f.add(each);
      f.writer->finish(scn_max);
      f.settle();
      CHECK(f.writer->finished());
      CHECK(f.budget.used_bytes() == 0);
      for (auto& [stream, position] : f.said.positions)
        CHECK(f.written(stream, lsn_max).size() == f.written(stream, position.next_lsn).size());
    } else if (power) {
      f.medium->crash();
    }
    f.require_readable();
    crashed += f.medium->crashes() > 0;
    failures += f.failures;
    pieces += static_cast<unsigned>(f.said.made.size());
    for (auto& [key, segments] : f.said.ended)
      for (auto& each : segments)
        ++(each.segment.has_footer ? footers : left);
    for (auto& [stream, position] : f.said.positions)
      entries += static_cast<unsigned>(f.written(stream, position.next_lsn).size());
  }
  CHECK(crashed > 60);
  CHECK(failures > 200);
  CHECK(footers > 500);
  CHECK(left > 200);
  CHECK(pieces > 200);
  CHECK(entries > 5'000);
}
