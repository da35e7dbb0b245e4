#include "engine/policy/break_watch.hpp"

#include <catch2/catch.hpp>

using namespace varve;

namespace {

constexpr stream_id s1{1}, s2{2};
constexpr duration_ns patience = 100;

} // namespace

TEST_CASE("break watch: log that waits for long and outgrows what the host keeps is a danger") {
  break_watch watch;
  auto look = [&](unix_ns now, lsn archived, lsn accepted, lsn oldest) {
    watch.look(s1, {archived, accepted, oldest, false}, now, patience);
    return watch.danger(now);
  };
  CHECK_FALSE(look(1000, 100, 200, 90)); // it has only begun to wait
  CHECK_FALSE(look(1099, 100, 200, 90));
  auto danger = look(1100, 100, 200, 90);
  REQUIRE(danger);
  CHECK(danger->stream == s1);
  CHECK(danger->streams == 1);
  CHECK(danger->since == 1100);
  CHECK(danger->supply.archived == 100);
  CHECK(look(1200, 100, 300, 95)->since == 1100);
  CHECK_FALSE(look(1300, 300, 400, 295)); // what waited is archived: it gets on
  CHECK_FALSE(look(1350, 350, 450, 349)); // slowly, and what was there at 1300 has come
  CHECK_FALSE(look(1399, 399, 450, 399));
  CHECK(look(1400, 399, 450, 399)->since == 1400);
}

TEST_CASE("break watch: a host that keeps more than what waits is in no danger") {
  break_watch watch;
  for (unix_ns now = 1000; now < 2000; now += 10) {
    watch.look(s1, {100, 200, 0, false}, now, patience);
    CHECK_FALSE(watch.danger(now));
  }
  watch.look(s1, {100, 201, 0, false}, 2000, patience);
  CHECK(watch.danger(2000));
}

TEST_CASE(
    "break watch: a stream that neither waits nor was refused is in no danger, and a refusal before that "
    "is forgotten") {
  break_watch watch;
  auto look = [&](unix_ns now, bool refused) {
    watch.look(s1, {200, 200, 200, refused}, now, patience);
    return watch.danger(now);
  };
  CHECK_FALSE(look(1000, true));
  CHECK_FALSE(look(1050, false)); // there was room again
  CHECK_FALSE(look(1100, true));  // counted from here on
  CHECK_FALSE(look(1199, true));
  CHECK(look(1200, true));
}

TEST_CASE("break watch: a host that recycles just what is archived is in none while the archive gets on") {
  break_watch watch;
  for (lsn at = 1; at < 100; ++at) {
    watch.look(s1, {at, at + 1, at, true}, 1000 + 50 * at, patience);
    watch.look(s2, {at, at + 1, at, false}, 1000 + 50 * at, patience);
    auto danger = watch.danger(1000 + 50 * at);
    // The first is refused at every look: the archive takes less than its host has.
    CHECK(danger.has_value() == (at >= 3));
    if (danger)
      CHECK(danger->stream == s1);
  }
}

TEST_CASE("break watch: a stream that is only refused is in danger once its host has recycled all it took") {
  break_watch watch;
  for (unix_ns now : {1000u, 1200u}) {
    watch.look(s1, {100, 100, 99, true}, now, patience);
    CHECK_FALSE(watch.danger(now));
  }
  watch.look(s1, {100, 100, 100, true}, 1300, patience);
  CHECK(watch.danger(1300));
}

TEST_CASE("break watch: who does not say what it recycles is not watched") {
  break_watch watch;
  watch.look(s1, {0, 100, std::nullopt, true}, 1000, patience);
  watch.look(s1, {0, 100, std::nullopt, true}, 5000, patience);
  CHECK_FALSE(watch.danger(5000));
}

TEST_CASE(
    "break watch: of several streams it tells the one with the least log left, and how many there are") {
  break_watch watch;
  for (unix_ns now : {1000u, 1200u}) {
    watch.look(s1, {100, 200, 40, false}, now, patience);
    watch.look(s2, {100, 200, 90, false}, now, patience);
    watch.look(stream_id{3}, {100, 200, 50, false}, now, patience);
    watch.look(stream_id{4}, {100, 200, 0, false}, now, patience);
    auto danger = watch.danger(now);
    REQUIRE(danger.has_value() == (now == 1200));
    if (danger) {
      CHECK(danger->stream == s2);
      CHECK(danger->streams == 3);
    }
  }
}

TEST_CASE("break watch: a clock that goes back makes it measure anew, not for ever") {
  break_watch watch;
  bool refused = GENERATE(false, true);
  CAPTURE(refused);
  auto look = [&](unix_ns now) {
    watch.look(s1, {100, refused ? 100u : 200u, 100, refused}, now, patience);
    return watch.danger(now);
  };
  CHECK_FALSE(look(100'000));
  CHECK_FALSE(look(1000));
  CHECK_FALSE(look(1099));
  CHECK(look(1100));
}

TEST_CASE("break watch: a stream that was away begins anew, and a reset forgets all") {
  break_watch watch;
  auto look = [&](unix_ns now) {
    watch.look(s1, {100, 200, 100, false}, now, patience);
    return watch.danger(now).has_value();
  };
  CHECK_FALSE(look(1000));
  CHECK_FALSE(watch.danger(1050)); // dropped, for example
  CHECK_FALSE(look(1100));
  CHECK(look(1200));
  watch.reset();
  CHECK_FALSE(look(1300));
}

TEST_CASE("break watch: the distance to a break is never below nothing") {
  CHECK(distance_to_break(100, 40) == 60);
  CHECK(distance_to_break(100, 100) == 0);
  CHECK(distance_to_break(100, 400) == 0);
}
