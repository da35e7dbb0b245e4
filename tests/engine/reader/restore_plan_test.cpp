#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"
#include "engine/reader/restore_plan.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

/// Round 1 of streams 1 and 2, LSN 0..1000 and 0..500, SCN 1000..1140, checkpoint 1090.
struct two_rounds : reader_fixture {
  two_rounds() : made(builder()) {
    made.begin_round(1000, 0);
    made.open_stream(s1, 0);
    made.open_stream(s2, 0);
    append_round_robin(made, {s1, s2}, 5, 1000);
    append_round_robin(made, {s1}, 5, 1100);
  }
  void second_round(lsn start_1, lsn start_2) {
    made.end_round(1140);
    made.begin_round(2000, 0);
    made.open_stream(s1, start_1);
    made.open_stream(s2, start_2);
    append_round_robin(made, {s1, s2}, 5, 2000);
    made.cut_all();
    made.commit(2080);
  }
  result<restore_preview> plan(restore_options options) {
    options.tenant = tenant;
    return preview_restore(*where, options);
  }
  error refusal(restore_options options) {
    auto planned = plan(options);
    REQUIRE_FALSE(planned.ok());
    return planned.error();
  }
  archive_builder made;
};

} // namespace

TEST_CASE("a preview tells range, checkpoint, where each stream ends and who holds the checkpoint back") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  auto preview = x.plan({});
  REQUIRE(preview.ok());
  CHECK(preview->commit == x.made.newest().seq);
  CHECK(preview->committed_at == x.made.newest().written_at);
  CHECK(preview->notes.empty());
  REQUIRE(preview->windows.size() == 1);
  auto& window = preview->window;
  CHECK(window.start_scn == 1000);
  CHECK(window.checkpoint_scn == 1089);
  CHECK(window.limiting_stream == s2);
  REQUIRE(window.streams.size() == 2);
  CHECK(window.streams[0].next_lsn == 1000);
  CHECK(window.streams[0].last_scn == 1140);
  CHECK(window.streams[1].next_lsn == 500);
  CHECK(window.streams[1].last_scn == 1090);
}

TEST_CASE(
    "UNTIL above the checkpoint is refused with the largest that works and the stream that holds it back") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  CHECK(x.plan({.until = 1089}).ok());
  auto refused = x.refusal({.until = 1090});
  CHECK(refused.code == errc::entry_not_exist);
  CHECK_THAT(refused.message,
             Catch::Contains("1090") && Catch::Contains("1089") && Catch::Contains("stream 2"));
  CHECK_THAT(refused.hint, Catch::Contains("--beyond-checkpoint"));
  CHECK(x.plan({.until = 1090, .beyond_checkpoint = true}).ok());
  CHECK(x.refusal({.stream = s1, .until = 1090}).code == errc::entry_not_exist);
}

TEST_CASE("a time before the archive is refused with its beginning") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  for (auto options : {restore_options{.until = 999}, restore_options{.from_scn = 999}}) {
    auto refused = x.refusal(options);
    CHECK(refused.code == errc::entry_not_exist);
    CHECK_THAT(refused.message, Catch::Contains("1000"));
  }
}

TEST_CASE("without a checkpoint no point in time works, and everything is still to be had") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(0);
  CHECK_THAT(x.refusal({.until = 1050}).message, Catch::Contains("no checkpoint yet"));
  CHECK(x.plan({}).ok());
}

TEST_CASE("LSN ranges need a stream and must lie in the archive") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  CHECK(x.refusal({.from_lsn = 0}).code == errc::invalid_argument);
  CHECK(x.refusal({.stream = s1, .from_lsn = 5, .to_lsn = 5}).code == errc::invalid_argument);
  CHECK(x.refusal({.from_scn = 1050, .until = 1049}).code == errc::invalid_argument);
  auto beyond = x.refusal({.stream = s1, .to_lsn = 1001});
  CHECK(beyond.code == errc::entry_not_exist);
  CHECK_THAT(beyond.message, Catch::Contains("[0, 1000)"));
  CHECK(x.refusal({.stream = s2, .from_lsn = 501}).code == errc::entry_not_exist);
  CHECK(x.plan({.stream = s2, .from_lsn = 500}).ok()); // nothing yet, but nothing is missing
  CHECK(x.refusal({.stream = s3, .from_lsn = 0}).code == errc::entry_not_exist);
  CHECK(x.refusal({.stream = s3}).code == errc::entry_not_exist);
}

TEST_CASE("a tenant that is not there and one without log are refused") {
  two_rounds x;
  CHECK(x.refusal({}).code == errc::entry_not_exist);
  auto absent = preview_restore(*x.where, {.tenant = tenant_id{4}});
  REQUIRE(absent.code() == errc::entry_not_exist);
  CHECK_THAT(absent.error().message, Catch::Contains("tenant 4"));
  CHECK(x.refusal({.round = round_id{8}}).code == errc::invalid_argument);
}

TEST_CASE("rounds join into one window where every stream goes on at the LSN where it ended") {
  two_rounds x;
  x.second_round(1000, 500);
  auto preview = x.plan({});
  REQUIRE(preview.ok());
  REQUIRE(preview->windows.size() == 1);
  CHECK(preview->window.first_round == round_id{1});
  CHECK(preview->window.last_round == round_id{2});
  CHECK(preview->window.start_scn == 1000);
  CHECK(preview->window.checkpoint_scn == 2080);
  CHECK(x.plan({.until = 1500}).ok());
}

TEST_CASE("a gap in one stream keeps rounds apart for the tenant, and not for the other stream") {
  two_rounds x;
  x.second_round(1000, 501);
  auto preview = x.plan({});
  REQUIRE(preview.ok());
  REQUIRE(preview->windows.size() == 2);
  CHECK(preview->window.first_round == round_id{2});
  CHECK(x.plan({.round = round_id{1}})->window.last_round == round_id{1});
  CHECK(x.plan({.until = 1100})->window.last_round == round_id{1});
  CHECK(x.plan({.stream = s1})->windows.size() == 1);
  CHECK(x.plan({.stream = s2})->windows.size() == 2);
  CHECK(x.plan({.stream = s2, .to_lsn = 300})->window.last_round == round_id{1});

  auto between = x.refusal({.until = 1500});
  CHECK_THAT(between.message, Catch::Contains("1140")); // the largest of the round before the gap
}

TEST_CASE("a stream that appears first in a later round keeps the rounds apart") {
  two_rounds x;
  x.made.end_round(1140);
  x.made.begin_round(2000, 0);
  x.made.open_stream(s1, 1000);
  x.made.open_stream(s2, 500);
  x.made.open_stream(s3, 40);
  append_round_robin(x.made, {s1, s2, s3}, 5, 2000);
  x.made.cut_all();
  x.made.commit(2100);
  CHECK(x.plan({})->windows.size() == 2);
  CHECK(x.plan({.stream = s1})->windows.size() == 1);
}

TEST_CASE("a stream that has no log in a later round keeps the rounds apart unless it was dropped before") {
  bool dropped_before = GENERATE(false, true);
  two_rounds x;
  if (dropped_before)
    x.made.drop_stream(s2);
  x.made.end_round(1140);
  x.made.begin_round(2000, 0);
  x.made.open_stream(s1, 1000);
  append_round_robin(x.made, {s1}, 5, 2000);
  x.made.cut_all();
  x.made.commit(2000);
  if (!dropped_before) {
    CHECK(x.plan({})->windows.size() == 2);
    CHECK(x.plan({.stream = s1})->windows.size() == 1);
    x.made.drop_stream(s2); // what it wrote between the rounds is nowhere
    x.made.commit(2010);
    CHECK(x.plan({})->windows.size() == 2);
    return;
  }
  auto preview = x.plan({});
  REQUIRE(preview->windows.size() == 1);
  CHECK(preview->window.streams.at(1).next_lsn == 500);
}

TEST_CASE("LSNs that no window has are refused with those that each window has") {
  two_rounds x;
  x.second_round(1000, 501);
  auto none = x.refusal({.stream = s2, .from_lsn = 2000});
  CHECK(none.code == errc::entry_not_exist);
  CHECK_THAT(none.message, Catch::Contains("[0, 500) in round 1, [501, 1001) in round 2"));
  CHECK_THAT(x.refusal({.stream = s3, .from_lsn = 0}).message, Catch::Contains("nothing of it"));
  CHECK(x.plan({.stream = s2, .from_lsn = 600})->window.last_round == round_id{2});
  CHECK(x.plan({.stream = s2, .from_lsn = 100})->window.last_round == round_id{1});
  x.made.end_round(2090);
  x.made.begin_round(3000, 0);
  x.made.open_stream(s2, 1001);
  append_round_robin(x.made, {s2}, 1, 3000);
  x.made.cut_all();
  x.made.commit(3000);
  CHECK_THAT(x.refusal({.stream = s2, .from_lsn = 2000}).message, Catch::Contains("in rounds 2 to 3"));
}

TEST_CASE("what a round does not have is refused, though another round has it") {
  two_rounds x;
  x.second_round(1000, 501);
  CHECK(x.plan({.stream = s2, .from_lsn = 100, .round = round_id{1}}).ok());
  CHECK(x.plan({.stream = s2, .to_lsn = 600, .round = round_id{2}}).ok());
  auto lsns = x.refusal({.stream = s2, .from_lsn = 100, .round = round_id{2}});
  CHECK(lsns.code == errc::entry_not_exist);
  CHECK_THAT(lsns.message, Catch::Contains("[501, 1001) in round 2") && !Catch::Contains("round 1"));
  CHECK(x.refusal({.stream = s2, .to_lsn = 600, .round = round_id{1}}).code == errc::entry_not_exist);
  auto time = x.refusal({.until = 1999, .round = round_id{2}});
  CHECK(time.code == errc::entry_not_exist);
  CHECK_THAT(time.message, Catch::Contains("round 2 of tenant 1001 begins at SCN 2000"));
  for (std::uint64_t none : {0u, 3u})
    CHECK(x.refusal({.round = round_id{none}}).code == errc::invalid_argument);
}

TEST_CASE("a round that has log and has not begun has no point in time, and all of its log") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(0);
  x.say_in_commit(x.made, [](auto& record) { record.round.start_scn = 0; });
  CHECK_THAT(x.refusal({.until = 5000}).message, Catch::Contains("has not begun: no point in time works"));
  CHECK(x.plan({}).ok());
}

TEST_CASE("of an ended round the stream that stands lowest is named, and none where all were dropped") {
  two_rounds x;
  x.made.drop_stream(s2);
  x.made.end_round(1140);
  x.made.begin_round(9000, 0);
  x.made.open_stream(s1, 5000); // a gap: a window of its own
  append_round_robin(x.made, {s1}, 1, 9000);
  x.made.drop_stream(s1);
  x.made.commit(9000);
  x.say_in_commit(x.made, [](auto& record) { record.limiting_stream.reset(); });
  auto preview = x.plan({});
  REQUIRE(preview->windows.size() == 2);
  CHECK(preview->windows[0].limiting_stream == s1);
  CHECK_FALSE(preview->windows[1].limiting_stream);
  CHECK_THAT(x.refusal({.until = 9999}).message,
             Catch::Contains("the largest that works is 9000") && !Catch::Contains("held back"));
}

TEST_CASE("what holds the checkpoint back is named with its last entry, or that it has none") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1040);
  x.say_in_commit(x.made, [](auto& record) { record.limiting_stream = s2; });
  CHECK_THAT(x.refusal({.until = 1100}).message,
             Catch::Contains("held back by stream 2, whose last entry has SCN 1"));
  x.made.end_round(1140);
  x.made.begin_round(2000, 0);
  x.made.open_stream(s1, 1000);
  x.made.open_stream(s2, 700);
  append_round_robin(x.made, {s1}, 5, 2000);
  x.made.cut_all();
  x.made.commit(2000);
  x.say_in_commit(x.made, [](auto& record) { record.limiting_stream = s2; });
  CHECK_THAT(x.refusal({.until = 2010}).message,
             Catch::Contains("held back by stream 2, of which there is no log yet"));
}

TEST_CASE("an identity of a newer release is refused, a damaged one is noted") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  x.flip("format", 70);
  auto noted = x.plan({});
  REQUIRE(noted.ok());
  CHECK_THAT(noted->notes.at(0), Catch::Contains("identity cannot be read"));
  x.flip("format", 70);
  auto& head = x.content("format");
  store(head.data() + 10, std::uint16_t{2}); // its version, under a checksum that holds
  store(head.data() + 56, checksum64(bytes_view(head).first(56)));
  CHECK(x.refusal({}).code == errc::unknown_version);
}

TEST_CASE("an identity that cannot be read is noted, a newest commit that cannot is refused unless allowed") {
  two_rounds x;
  x.made.cut_all();
  x.made.commit(1089);
  x.made.commit(1089);
  x.drop("format");
  auto noted = x.plan({});
  REQUIRE(noted.ok());
  REQUIRE(noted->notes.size() == 1);
  CHECK_THAT(noted->notes[0], Catch::Contains("identity"));
  x.flip(x.paths("/commits/").back(), 90);
  CHECK(x.refusal({}).code == errc::bytes_missing);
  auto fallen_back = x.plan({.allow_previous_commit = true});
  REQUIRE(fallen_back.ok());
  CHECK(fallen_back->notes.size() == 2);
}

} // namespace varve::test
