#include "tests/actors/segment_writer_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;
using call = fault_medium::call;
using moment = fault_medium::moment;

TEST_CASE("segment writer: pieces are made of whole cells, absorb the empty ones, and take late blocks") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.put(1, 510); // cells 200 to 500 are empty
  f.put(2, 120); // late
  f.put(2, 330); // of a cell that was absorbed
  f.put(1, 680);
  f.settle();
  REQUIRE(f.said.made.size() == 3);
  auto piece = f.said.made.begin();
  CHECK(piece->second.bounds == piece_bounds{110, 200});
  CHECK((++piece)->second.bounds == piece_bounds{200, 600});
  CHECK((++piece)->second.bounds == piece_bounds{600, 700});
  CHECK(f.writer->take_report().next_piece == piece_id{4});
  f.require_readable();
  // An entry below the round's first piece belongs to it.
  f.put(3, 7);
  f.settle();
  CHECK(f.said.made.size() == 3);
  CHECK(f.said.open.at(first_piece).ranges.back().first_scn == 7);
  f.require_readable();
}

TEST_CASE("segment writer: a round without split has the one piece 0") {
  writer_fixture f{{.no_split = true}};
  f.put(1, 110);
  f.put(1, 1'000'000);
  f.settle();
  piece_key only{round_id{1}, piece_id{0}};
  REQUIRE(f.said.made.size() == 1);
  CHECK(f.said.made.at(only).bounds == piece_bounds{110, scn_max});
  CHECK(f.writer->take_report().next_piece == piece_id{1});
  f.writer->finish(scn_max);
  CHECK_FALSE(f.writer->finished());
  f.run();
  CHECK(f.writer->finished());
  f.report();
  CHECK(f.said.ended[only].back().segment.has_footer);
  CHECK(f.said.finished == std::vector{only});
  f.require_readable();
}

TEST_CASE("segment writer: finish ends the pieces up to an SCN and leaves the others") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.put(1, 210);
  f.put(1, 310);
  f.settle();
  f.writer->finish(198);
  CHECK(f.writer->finished()); // no piece ends by then
  f.writer->finish(299);
  CHECK_FALSE(f.writer->finished());
  f.run();
  CHECK(f.writer->finished());
  f.report();
  CHECK(f.said.finished == std::vector<piece_key>{first_piece, {round_id{1}, piece_id{2}}});
  CHECK(f.said.ended[first_piece].back().segment.has_footer);
  CHECK(f.said.open.size() == 1);
  f.put(1, 320);
  f.settle();
  f.report();
  CHECK(f.said.finished.size() == 2);
  f.require_readable();
}

TEST_CASE("segment writer: finish waits for what is queued for a piece, and survives failures") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.settle();
  f.put(1, 120);
  f.writer->finish(199);
  f.medium->plan({.only = call::append, .when = moment::after});
  f.medium->plan({.only = call::sync});
  f.run();
  CHECK(f.failures == 2);
  CHECK(f.writer->finished());
  f.report();
  CHECK(f.said.finished == std::vector{first_piece});
  f.require_readable();
  CHECK(f.said.positions.at(stream_id{1}).last_scn == 122);
}

TEST_CASE(
    "segment writer: after a takeover open pieces go on in segments of the new epoch, or end without one") {
  writer_fixture f{{.interval = 100}};
  f.put(1, 110);
  f.put(1, 210);
  f.settle();
  f.put(1, 220); // given up
  f.run();
  f.take_over();
  f.put(1, 230);
  f.put(1, 310);
  f.settle();
  piece_key second{round_id{1}, piece_id{2}};
  CHECK(f.said.made.size() == 3);
  CHECK(f.said.open.at(second).segment.epoch == epoch{2});
  CHECK(f.said.open.at(second).segment.number == 1);
  f.writer->finish(199);
  f.run();
  f.report();
  CHECK(f.said.finished == std::vector{first_piece});
  CHECK(f.said.ended[first_piece].size() == 1);
  f.require_readable();
}

TEST_CASE("segment writer: a block that belongs to no piece is refused for good, with its place") {
  writer_fixture f{{.interval = 100}};
  SECTION("it crosses the end of its cell") {
    f.put(1, 198, 5);
  }
  SECTION("it crosses the end of an open piece") {
    f.put(1, 110);
    f.settle();
    f.put(1, 198, 5);
  }
  SECTION("its piece was finished") {
    f.put(1, 110);
    f.settle();
    f.writer->finish(199);
    f.run();
    f.put(2, 120);
  }
  f.run();
  REQUIRE(f.writer->broken());
  CHECK(f.writer->broken()->code == errc::invalid_status);
  CHECK(f.writer->broken()->message.find("stream ") != std::string::npos);
  CHECK(f.writer->next(1).none());
}

TEST_CASE("segment writer: at rest open segments get their footers, and what comes then begins new ones") {
  writer_fixture f;
  f.put(1, 110);
  f.settle();
  REQUIRE(f.said.open.size() == 1);
  f.writer->rest();
  f.run();
  auto report = f.writer->take_report();
  REQUIRE(report.ended.size() == 1);
  CHECK(report.ended[0].segment.segment.has_footer);
  CHECK(report.open.empty());
  CHECK(report.finished.empty()); // the piece is not over
  f.said.absorb(report);
  f.put(1, 120);
  f.settle();
  REQUIRE(f.said.open.size() == 1);
  CHECK(f.said.open.at(first_piece).segment.number == 2);
  f.require_readable();
}

TEST_CASE("segment writer: a footer at rest that fails costs nothing that was durable") {
  writer_fixture f;
  f.put(1, 110);
  f.settle();
  f.writer->rest();
  f.medium->plan({.only = call::append, .when = moment::before});
  f.run();
  CHECK(f.failures == 1);
  CHECK(f.writer->quiet());
  CHECK_FALSE(f.writer->broken());
  auto report = f.writer->take_report();
  REQUIRE(report.ended.size() == 1);
  CHECK_FALSE(report.ended[0].segment.segment.has_footer);
  f.said.absorb(report);
  f.require_readable();
}
