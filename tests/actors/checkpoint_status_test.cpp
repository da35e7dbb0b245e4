#include "catalog/views/query.hpp"
#include "engine/reader/restore_plan.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// "1-2 from 100 to 200; " … as the catalog says it.
std::string told_windows(runtime_fixture& f) {
  auto table = run_select("SELECT FIRST_ROUND, LAST_ROUND, FROM_SCN, UNTIL_SCN FROM VARVE_RESTORABLE_WINDOWS",
                          {f.catalog->snapshot(), f.now()});
  REQUIRE(table.ok());
  std::string all;
  for (auto& row : table->rows)
    all += *row[0] + "-" + *row[1] + " from " + *row[2] + " to " + *row[3] + "; ";
  return all;
}

/// The same as a restore finds it at the destination.
std::string true_windows(runtime_fixture& f) {
  fault_destination reader{f.media.at("d"), "reader"};
  auto found = read_piece_catalogue(reader, tenant, {});
  REQUIRE(found.ok());
  REQUIRE(*found);
  std::string all;
  for (auto& x : restore_windows(**found, {})) {
    bool has_log = std::ranges::any_of(x.streams, [](auto& each) { return each.first_lsn < each.next_lsn; });
    if (has_log && x.start_scn != 0 && x.checkpoint_scn >= x.start_scn)
      all += to_string(x.first_round) + "-" + to_string(x.last_round) + " from " +
             std::to_string(x.start_scn) + " to " + std::to_string(x.checkpoint_scn) + "; ";
  }
  return all;
}

std::string windows(runtime_fixture& f) {
  f.run_for(one_second);
  auto told = told_windows(f);
  CHECK(told == true_windows(f));
  return told;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

void next_round(runtime_fixture& f) {
  REQUIRE(f.noarchivelog().ok());
  windows(f);
  REQUIRE(f.archivelog().ok());
  windows(f);
}

} // namespace

TEST_CASE(
    "checkpoint status: why it does not move is in COMMENT with its age, and goes when it moves again") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_quota(0);
  auto since = f.now();
  f.write(1);
  f.run_for(3 * one_minute);
  auto row = f.row();
  CHECK(row.round.status == round_status::doing); // trouble with storage is no interruption
  CHECK(row.comment.find("VARVE_NO_SPACE") != std::string::npos);
  CHECK(row.comment_since >= since);
  CHECK(row.comment_since < since + 2 * one_minute);
  f.medium().set_quota(std::nullopt);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  f.run_for(one_second);
  CHECK(f.row().comment.empty());
  CHECK(f.row().comment_since == 0);
}

TEST_CASE(
    "checkpoint status: the catalog shows of a commit what it made true: streams, pieces, counts, lag") {
  runtime_fixture::options given;
  given.option.piece_switch_interval = 10 * one_minute;
  runtime_fixture f{given};
  f.add_tenant();
  f.open(1);
  f.open(2);
  REQUIRE(f.archivelog().ok());
  f.write(1, 4);
  f.write(2, 2);
  REQUIRE(f.flush());
  f.run_for(11 * one_minute);
  f.write(1, 3);
  REQUIRE(f.flush());
  f.run_for(one_second);
  auto from = f.catalog->snapshot();
  auto streams = from->streams(tenant).value();
  REQUIRE(streams.size() == 2);
  CHECK(streams[0].position.next_lsn == 70);
  CHECK(streams[1].position.next_lsn == 20);
  auto pieces = from->pieces().value();
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].status == piece_status::freezing); // it waits for the second stream
  CHECK(pieces[0].counts.entries == 6);
  CHECK(pieces[1].status == piece_status::active);
  CHECK(pieces[1].counts.entries == 3);
  CHECK(f.row().counts.entries == 9);
  CHECK(f.row().seq == f.committed().commit.record.seq);
  f.write(2, 1);
  f.run_for(5 * one_minute);
  pieces = f.catalog->snapshot()->pieces().value();
  CHECK(pieces[0].status == piece_status::frozen);
  CHECK(pieces[0].bounds.end_scn <= f.row().round.checkpoint_scn + 1);
  auto lags = f.catalog->snapshot()->lag_samples(tenant).value();
  REQUIRE(lags.size() >= 2);
  CHECK(lags.back().checkpoint_scn == f.row().round.checkpoint_scn);
  for (std::size_t i = 1; i < lags.size(); ++i)
    CHECK(lags[i].checkpoint_scn > lags[i - 1].checkpoint_scn);
}

TEST_CASE("checkpoint status: a commit within which the clock was set back took no time, not for ever") {
  runtime_fixture f;
  f.add_tenant();
  auto stream = f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().on_call([&](const fault_medium::call_info& what) {
    if (what.kind == fault_medium::call::sync)
      f.set_back = one_hour;
  });
  f.write(1);
  CHECK(stream->advance(f.now()).ok());
  REQUIRE(f.flush());
  f.run_for(one_second);
  REQUIRE(f.set_back == one_hour);
  auto lags = f.catalog->snapshot()->lag_samples(tenant).value();
  REQUIRE_FALSE(lags.empty());
  CHECK(lags.back().commit_took == 0);
}

TEST_CASE("checkpoint status: the restorable windows in the catalog are those that a restore finds") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  windows(f);
  f.write(1);
  REQUIRE(f.flush());
  CHECK(windows(f).starts_with("1-1 from"));
  next_round(f);
  f.write(1); // goes on
  REQUIRE(f.flush());
  CHECK(windows(f).starts_with("1-2 from"));
  auto second = f.open(2, std::nullopt); // its log may have begun before
  f.write(2);
  REQUIRE(f.flush());
  CHECK(count(windows(f), "; ") == 2);
  next_round(f); // nobody has new log, and who knows what was skipped
  CHECK(windows(f).find("2-3 from") == std::string::npos);
  f.write(1);
  CHECK(f.runtime->intake(tenant)->advance(f.now()).ok());
  REQUIRE(f.flush()); // of the other stream nobody knows what it skipped
  CHECK(windows(f).find("2-3 from") == std::string::npos);
  f.run_for(one_second);
  f.write(2);
  REQUIRE(f.flush());
  CHECK(windows(f).find("2-3 from") != std::string::npos);
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  REQUIRE(second->append({100, 110, f.now(), as_bytes("after a gap")}).outcome == append_outcome::accepted);
  f.write(1);
  CHECK(f.runtime->intake(tenant)->advance(f.now() + 10).ok());
  REQUIRE(f.flush());
  auto all = windows(f);
  CHECK(count(all, "; ") == 3);
  CHECK(all.find("4-4 from") != std::string::npos);
}

TEST_CASE("checkpoint status: windows are right again after the catalog has lost its last writes") {
  for (bool joined : {true, false}) {
    CAPTURE(joined);
    runtime_fixture f;
    f.add_tenant();
    f.open(1, std::nullopt);
    REQUIRE(f.archivelog().ok());
    f.write(1);
    REQUIRE(f.flush());
    f.run_for(one_second);
    auto old = f.catalog->copy(); // of round 1
    next_round(f);
    f.write(1);
    REQUIRE(f.flush());
    next_round(f);
    auto stream = f.runtime->intake(tenant)->find(stream_id{1});
    lsn from = joined ? stream->expected_lsn() : 100;
    REQUIRE(stream->append({from, from + 10, f.now(), as_bytes("x")}).outcome == append_outcome::accepted);
    CHECK(f.runtime->intake(tenant)->advance(f.now() + 10).ok());
    REQUIRE(f.flush());
    auto before = windows(f);
    CHECK(count(before, "; ") == (joined ? 1 : 2));
    for (auto& catalog : {f.catalog->synced(), f.catalog->copy(), old}) {
      runtime_fixture::options given;
      given.catalog = catalog;
      given.medium = f.media.at("d");
      given.began_at = f.now();
      runtime_fixture again{given};
      again.add_tenant();
      again.open(1);
      again.write(1);
      auto answer = again.flush_as_told();
      REQUIRE(answer);
      CHECK(answer->outcome.ok());
      CHECK(count(windows(again), "; ") == (joined ? 1 : 2));
    }
  }
}

TEST_CASE("checkpoint status: a break is told of before it comes, and no more when the archive gets on") {
  runtime_fixture f;
  f.add_tenant();
  auto stream = f.open(1);
  auto quiet = f.open(2);
  REQUIRE(f.archivelog().ok());
  f.write(1, 10);
  REQUIRE(f.flush());
  auto alarms = [&] { return f.catalog->snapshot()->alarms().value(); };
  stream->recycled(70);
  quiet->recycled(0);
  f.medium().set_quota(0);
  auto since = f.now();
  f.write(1, 4);
  f.run_for(2 * one_minute);
  CHECK(alarms().empty()); // a destination may be away for a while
  f.run_for(5 * one_minute);
  REQUIRE(alarms().size() == 1);
  auto alarm = alarms()[0];
  CHECK(alarm.stream == stream_id{1});
  CHECK(alarm.archived_lsn == 100);
  CHECK(alarm.accepted_lsn == 140);
  CHECK(alarm.oldest_left == 70);
  CHECK(alarm.streams == 1);
  CHECK(alarm.since >= since + 4 * one_minute);
  CHECK(alarm.updated_at > alarm.since);
  CHECK(f.listener.has("alarm 1 30"));
  CHECK(f.row().comment.find("VARVE_NO_SPACE") != std::string::npos);
  CHECK(f.row().comment.find("close to a break: stream 1 has log from LSN 100 on") != std::string::npos);
  stream->recycled(90);
  f.run_for(one_minute);
  CHECK(alarms().at(0).oldest_left == 90);
  CHECK(std::ranges::count(f.listener.heard, "alarm 1 30") == 1);

  SECTION("it can write again") {
    f.medium().set_quota(std::nullopt);
    REQUIRE(f.flush());
    f.run_for(one_minute);
  }
  SECTION("the host keeps its log back") {
    archive_option mandatory;
    mandatory.mode = archive_mode::mandatory;
    f.runtime->intake(tenant)->set_option(mandatory);
    f.run_for(one_minute);
  }
  SECTION("the round is stopped") {
    REQUIRE(f.noarchivelog().ok());
    f.run_for(one_second);
  }
  CHECK(alarms().empty());
  CHECK(f.row().comment.find("close to a break") == std::string::npos);
}

TEST_CASE(
    "checkpoint status: a round that is interrupted says why, also while the destination is in trouble") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_dead(true);
  tenant_order broken;
  broken.what = tenant_order::kind::interrupt;
  broken.broken.stream = stream_id{1};
  broken.broken.oldest_left = 500;
  broken.broken.reason = "recycled";
  REQUIRE(f.give_order(tenant, broken).ok());
  auto says_both = [&] {
    auto comment = f.row().comment;
    return comment.starts_with("stream 1: log from LSN 30 to 500 is gone") &&
           comment.find("; " + std::to_string(static_cast<int>(errc::io_error))) != std::string::npos;
  };
  CHECK(f.run_until(says_both));
  f.medium().set_dead(false);
  CHECK(f.run_until([&] { return f.row().comment.ends_with("recycled"); }));
}

TEST_CASE("checkpoint status: why an earlier life's round broke is said while the destination is away") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  first->open(1);
  REQUIRE(first->archivelog().ok());
  first->write(1);
  REQUIRE(first->flush());
  first->medium().set_dead(true);
  REQUIRE(first->give_order(tenant, log_recycled(500)).ok());
  REQUIRE(first->run_until([&] { return first->listener.has("interrupted"); }));
  auto next = first->on_the_same();
  first.reset();
  runtime_fixture f{next};
  f.add_tenant();
  auto wait = std::make_shared<durable_wait>();
  wait->whole_tenant = true;
  auto answer = f.ask(std::move(wait)); // somebody asks: it is taken over
  auto says = [&](std::string_view what) { return f.row().comment.find(what) != std::string::npos; };
  CHECK(f.run_until([&] { return says("recycled") && says("the simulated medium failed"); }));
  f.medium().set_dead(false);
  CHECK(f.run_until([&] { return f.committed().commit.record.interruption.has_value(); }));
}

TEST_CASE("checkpoint status: a round that is only recorded yet shows the number its first piece will have") {
  runtime_fixture::options given;
  given.option.piece_switch_interval = 10 * one_minute;
  runtime_fixture f{given};
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  f.medium().set_dead(true);
  REQUIRE(f.archivelog().ok());
  CHECK(f.row().round.status == round_status::beginning);
  CHECK(f.row().round.id == round_id{2});
  CHECK(f.row().round.start_piece == piece_id{2});
  f.medium().set_dead(false);
  f.write(1);
  REQUIRE(f.flush());
  f.run_for(one_second);
  CHECK(f.row().round.start_piece == piece_id{2});
  CHECK(f.row().current_piece == piece_id{2});
}
