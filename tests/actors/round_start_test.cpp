#include "actors/round_start.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("round start: log begins where it is said, but not in what is archived, nor where it is gone") {
  round_start start;
  CHECK(start.begins(0) == 0);
  CHECK(start.begins(40) == 40);
  start.archive(100);
  CHECK(start.begins(40) == 100);
  start.archive(50); // says nothing new
  CHECK(start.archived() == 100);
  CHECK(start.let_go(300));
  CHECK_FALSE(start.let_go(200));
  CHECK(start.begins(40) == 300);
  CHECK(start.begins(500) == 500);
  CHECK(start.is_gone(299));
  CHECK_FALSE(start.is_gone(300));
  CHECK(start.wanted() == 100); // had nothing been let go
}

TEST_CASE(
    "round start: a log leaves nothing out that begins where the archive ends, or where its host said") {
  round_start start;
  CHECK(start.leaves_out(10));
  start.ask(10, false);
  CHECK_FALSE(start.leaves_out(10));
  CHECK(start.leaves_out(11));
  start.archive(50);
  CHECK_FALSE(start.leaves_out(50));
  CHECK(start.leaves_out(51));
}

TEST_CASE("round start: what the host asks for once its log has begun counts if it had not, after all") {
  round_start start;
  start.ask(10, false);
  start.ask(70, true);
  CHECK(start.asked() == 10);
  start.ask_anew();
  CHECK(start.asked() == 70);
  start.ask(20, false);
  start.ask_anew(); // it was not asked anew since
  CHECK(start.asked() == 20);
}

TEST_CASE(
    "round start: a source has spoken until its log is given up and it can be asked again, or a round ends") {
  round_start start;
  CHECK_FALSE(start.source_spoke(true));
  start.source_says(30);
  CHECK(start.source_spoke(true));
  start.give_up();
  CHECK_FALSE(start.source_spoke(true));
  CHECK(start.source_spoke(false)); // nobody is there to ask: what it said stays
  start.source_says(30);
  CHECK(start.source_spoke(true));
  start.next_round();
  CHECK_FALSE(start.source_spoke(false));
}

TEST_CASE("round start: an advance counts when it is said again, but not when the gate was closed since") {
  round_start start;
  CHECK(start.advance_in_round(0, {}) == 0);
  CHECK(start.say(50));
  CHECK_FALSE(start.say(40));
  CHECK(start.advance_in_round(0, {}) == 50);
  start.outdate();
  CHECK(start.advance() == 50);
  CHECK(start.advance_in_round(0, {}) == 0);
  CHECK(start.advance_in_round(0, {.times = 1, .in_round = 45}) == 45);
  CHECK(start.say(50));
  CHECK(start.advance_in_round(0, {.times = 1, .in_round = 45}) == 50);
}

TEST_CASE("round start: behind log that is skipped no advance counts that came before it was") {
  round_start start;
  start.archive(100);
  start.say(50);
  start.skip(100, 100, 3); // nothing lies between
  CHECK(start.advance_in_round(100, {.times = 3, .in_round = 60}) == 60);
  start.skip(100, 200, 3);
  CHECK(start.advance_in_round(100, {.times = 3, .in_round = 60}) == 60); // it does not begin behind it
  CHECK(start.advance_in_round(200, {.times = 3, .in_round = 60}) == 0);
  CHECK(start.advance_in_round(200, {.times = 4, .in_round = 70}) == 70);
  start.say(80);
  CHECK(start.advance_in_round(200, {.times = 3, .in_round = 60}) == 80);
  start.let_go(200); // so does a log that has not begun, where that is all its host has
  start.skip(100, 200, 3);
  CHECK(start.advance_in_round(0, {.times = 3, .in_round = 60}) == 0);
}
