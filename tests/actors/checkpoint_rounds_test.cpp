#include "engine/reader/round_join.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

struct in_round : runtime_fixture {
  in_round() {
    add_tenant();
    stream = open(1, std::nullopt);
    REQUIRE(archivelog().ok());
  }
  std::shared_ptr<stream_buffer> stream;
};

} // namespace

TEST_CASE("checkpoint rounds: a round begins when every open stream has a start, at the latest of them") {
  in_round f;
  f.run_for(5 * one_minute);
  CHECK(f.row().round.status == round_status::beginning);
  CHECK(f.row().comment.find("start position of stream 1") != std::string::npos);
  f.write(1);
  auto began = f.now();
  auto second = f.open(2, std::nullopt);
  REQUIRE(f.flush());
  f.run_for(one_second);
  CHECK(f.row().round.status == round_status::beginning);
  CHECK(f.row().comment.find("stream 2") != std::string::npos);
  f.run_for(one_minute);
  f.write(2);
  auto later = f.now();
  REQUIRE(f.flush());
  f.run_for(one_second);
  CHECK(f.row().round.status == round_status::doing);
  CHECK(f.row().comment.empty());
  CHECK(f.row().round.start_scn == later);
  CHECK(later > began);
}

TEST_CASE("checkpoint rounds: a round begins at the latest start, whichever stream it is") {
  in_round f;
  f.open(2, std::nullopt);
  f.write(2);
  f.run_for(one_minute);
  f.write(1);
  auto later = f.now();
  REQUIRE(f.flush());
  CHECK(f.committed().commit.record.round.start_scn == later);
}

TEST_CASE("checkpoint rounds: a round does not begin before what earlier ones have of its streams") {
  in_round f;
  auto second = f.open(2, std::nullopt);
  f.write(1);
  auto early = f.now();
  f.run_for(one_minute);
  f.write(2);
  REQUIRE(f.flush());
  auto late = second->committed().last_scn;
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  // Said of the slowest stream: the log of the other one up to `late` is not in the round.
  CHECK(f.runtime->intake(tenant)->advance(early).ok());
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return f.row().round.status == round_status::doing; }));
  CHECK(f.row().round.start_scn == late);
}

TEST_CASE("checkpoint rounds: nor before what they have of a stream that nobody has open") {
  in_round f;
  auto second = f.open(2, std::nullopt);
  f.write(1);
  f.run_for(one_minute);
  f.write(2);
  REQUIRE(f.flush());
  auto late = second->committed().last_scn;
  second->detach();
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  auto next = f.stream->expected_lsn();
  auto scn = f.stream->committed().last_scn + 1;
  REQUIRE(scn < late);
  REQUIRE(f.stream->append({next, next + 9, scn, as_bytes("x")}).outcome == append_outcome::accepted);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return f.row().round.status == round_status::doing; }));
  CHECK(f.row().round.start_scn == late);
}

TEST_CASE("checkpoint rounds: a stream that was open when the round was ordered is waited for, though it is "
          "closed") {
  in_round f;
  auto second = f.open(2, std::nullopt);
  f.write(1);
  f.write(2);
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  second->detach(); // before the takeover
  f.write(1);
  REQUIRE(f.flush());
  f.run_for(one_second);
  CHECK(f.row().round.status == round_status::beginning);
  CHECK(f.row().comment.find("start position of stream 2") != std::string::npos);
  f.open(2, std::nullopt);
  f.write(2);
  REQUIRE(f.flush());
  CHECK(f.run_until([&] { return f.row().round.status == round_status::doing; }));
}

TEST_CASE("checkpoint rounds: a quiet stream for which a round speaks goes on where its log ended") {
  in_round f;
  auto second = f.open(2, std::nullopt);
  f.write(1);
  f.write(2);
  REQUIRE(f.flush());
  auto next = second->expected_lsn();
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  f.run_for(one_minute);
  CHECK(f.runtime->intake(tenant)->advance(f.now()).ok());
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return f.row().round.status == round_status::doing; }));
  auto rows = f.committed().streams;
  auto row = find_row(rows, stream_id{2});
  REQUIRE(row);
  CHECK_FALSE(row->dropped);
  f.run_for(one_second);
  auto behind_gap = second->append({next + 5, next + 9, f.now(), as_bytes("x")});
  CHECK(behind_gap.failed.code == errc::lsn_gap);
  CHECK(second->append({next, next + 9, f.now(), as_bytes("x")}).outcome == append_outcome::accepted);
}

TEST_CASE("checkpoint rounds: NOARCHIVELOG archives what was accepted, seals all and records how it ended") {
  in_round f;
  f.write(1, 4);
  REQUIRE(f.flush());
  f.write(1, 3);
  REQUIRE(f.noarchivelog().ok());
  CHECK(f.stream->append({70, 80, f.now() + 1, as_bytes("x")}).outcome == append_outcome::not_archiving);
  auto record = f.committed().commit.record;
  CHECK(record.round.status == round_status::stop);
  CHECK(record.open_pieces.empty());
  REQUIRE(record.frozen_pieces.size() == 1);
  CHECK(record.round_counts.entries == 7);
  CHECK(record.last_round == round_id{1});
  f.run_for(one_second);
  CHECK(f.row().round.status == round_status::stop);
  auto history = f.catalog->snapshot()->round_history().value();
  REQUIRE(history.size() == 1);
  CHECK(history[0].counts.entries == 7);
  // The next round has its own numbers, and goes on where the archive ends.
  REQUIRE(f.archivelog().ok());
  f.write(1, 2);
  REQUIRE(f.flush());
  auto next = f.committed();
  CHECK(next.commit.record.round.id == round_id{2});
  CHECK(next.streams[0].start_lsn == 70);
  CHECK(next.streams[0].position.next_lsn == 90);
  CHECK(f.listener.has("round 2"));
}

TEST_CASE("checkpoint rounds: NOARCHIVELOG waits for a dead destination no longer than its time") {
  in_round f;
  f.write(1);
  REQUIRE(f.flush());
  f.write(1);
  f.medium().set_dead(true);
  auto asked_at = f.now();
  CHECK(f.noarchivelog().ok());
  CHECK(f.now() - asked_at <= 31 * one_second);
  CHECK(f.now() - asked_at >= 29 * one_second);
  CHECK(f.row().round.status == round_status::stop);
  CHECK(f.catalog->snapshot()->outbox(tenant).value().size() == 1);
  auto comment = [&] { return f.catalog->snapshot()->round_history().value().at(0).comment; };
  auto why = comment();
  CHECK(why.starts_with("stopped before the destination answered; stream 1 is archived up to LSN 30"));
  CHECK(f.run_until([&] { return f.listener.has("resend 1 from 30"); }));
  f.medium().set_dead(false);
  REQUIRE(f.run_until([&] { return f.catalog->snapshot()->outbox(tenant).value().empty(); }));
  CHECK(comment() == why); // that the destination was told changes nothing about it
  CHECK(f.committed().commit.record.round.status == round_status::stop);
  CHECK(f.committed().streams[0].position.next_lsn == 30);
}

/// The statement before was killed when the catalog had it and the tenant's row did not say BEGINNING yet.
TEST_CASE("checkpoint rounds: ARCHIVELOG said again takes nothing back of the log that came meanwhile") {
  runtime_fixture f;
  archive_runtime::tenant_facts facts;
  facts.tenant = tenant;
  facts.destination = "memory://d";
  facts.archiving = true;
  f.runtime->add_tenant(facts);
  auto stream = f.open(1, std::nullopt);
  f.write(1, 5);
  auto end = stream->expected_lsn();
  REQUIRE(f.archivelog().ok());
  CHECK(stream->expected_lsn() == end);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  f.run_for(one_second);
  CHECK(stream->expected_lsn() == end);
  CHECK(f.committed().streams.at(0).position.next_lsn == end);
  CHECK(f.row().round.id == round_id{1});
}

TEST_CASE("checkpoint rounds: a break interrupts the tenant, archives what came before, and only a new round "
          "leads on") {
  in_round f;
  f.write(1, 3);
  REQUIRE(f.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(f.run_until([&] { return f.listener.has("interrupted"); }));
  CHECK(f.stream->append({30, 40, f.now() + 1, as_bytes("x")}).outcome == append_outcome::interrupted);
  REQUIRE(f.run_until([&] { return f.stream->committed().next_lsn == 30; }));
  f.run_for(one_second);
  auto record = f.committed().commit.record;
  CHECK(record.round.status == round_status::interrupted);
  REQUIRE(record.interruption);
  CHECK(record.interruption->first_missing == 30);
  CHECK(record.interruption->oldest_left == 500);
  CHECK(f.row().comment.find("recycled") != std::string::npos);
  REQUIRE(f.noarchivelog().ok());
  REQUIRE(f.archivelog().ok());
  REQUIRE(f.stream->append({500, 510, f.now() + 1, as_bytes("x")}).outcome == append_outcome::accepted);
  REQUIRE(f.flush());
  CHECK(f.committed().streams[0].start_lsn == 500);
}

TEST_CASE(
    "checkpoint rounds: a break that the host was told of reaches the destination, though the engine dies") {
  auto first = std::make_unique<in_round>();
  first->write(1, 3);
  REQUIRE(first->flush());
  first->medium().set_dead(true);
  REQUIRE(first->give_order(tenant, log_recycled(500)).ok());
  REQUIRE(first->run_until([&] { return first->listener.has("interrupted"); }));
  auto next = first->on_the_same();
  next.catalog = first->catalog->synced();
  first.reset();
  next.medium->set_dead(false);
  runtime_fixture second{next};
  second.add_tenant();
  second.open(1, std::nullopt);
  REQUIRE(second.run_until([&] { return second.committed().commit.record.interruption.has_value(); }));
  CHECK(second.committed().commit.record.interruption->first_missing == 30);
  CHECK(second.committed().commit.record.round.status == round_status::interrupted);
  CHECK(second.run_until([&] { return second.catalog->snapshot()->outbox(tenant).value().empty(); }));
}

TEST_CASE("checkpoint rounds: a break is in the outbox until a commit says it, not until any commit counts") {
  in_round f;
  f.write(1, 3);
  REQUIRE(f.flush());
  f.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  f.write(1, 3);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = f.ask(what);
  auto commits = f.paths("commits/").size();
  REQUIRE(f.run_until([&] { return f.paths("commits/").size() > commits; }));
  REQUIRE_FALSE(answer->has_value()); // what this commit says is said, and it does not count yet
  REQUIRE(f.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(f.run_until([&] { return f.listener.has("interrupted"); }));
  bool told = false;
  for (int i = 0; i < 600 && !told; ++i) {
    f.run_for(50 * one_ms);
    told = f.committed().commit.record.interruption.has_value();
    CHECK((told || !f.catalog->snapshot()->outbox(tenant).value().empty()));
  }
  CHECK(told);
}

TEST_CASE("checkpoint rounds: the outbox of a fenced engine is void") {
  in_round first;
  first.write(1, 3);
  REQUIRE(first.flush());
  first.run_for(one_second);
  runtime_fixture second{first.on_the_same()};
  second.add_tenant();
  second.open(1, std::nullopt);
  second.write(1, 1);
  REQUIRE(second.flush());

  REQUIRE(first.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(first.run_until([&] { return first.listener.has("fenced"); }));
  first.run_for(one_second);
  CHECK(first.catalog->snapshot()->outbox(tenant).value().empty());
  CHECK(first.catalog->snapshot()->breaks().value().empty()); // only the other one knows of any
  CHECK_FALSE(second.committed().commit.record.interruption);
}

TEST_CASE("checkpoint rounds: a break noticed while the tenant was being lost is judged once it is back") {
  in_round first;
  first.write(1, 3);
  REQUIRE(first.flush());
  runtime_fixture second{first.on_the_same()};
  second.add_tenant();
  second.open(1, std::nullopt);
  first.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  first.write(1, 1);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = first.ask(what);
  auto half_seconds = GENERATE(range(duration_ns{0}, duration_ns{12}));
  CAPTURE(half_seconds);
  first.run_for(half_seconds * 500 * one_ms); // after some of them its commit is on its way
  auto has_it = GENERATE(false, true);
  second.write(1, has_it ? 100 : 2);
  REQUIRE(second.flush());
  REQUIRE(first.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(first.run_until([&] { return first.listener.has("fenced"); }));
  REQUIRE(first.archivelog().ok());
  if (GENERATE(false, true))
    REQUIRE(first.give_order(tenant, log_recycled(500)).ok()); // said again
  REQUIRE(first.flush_as_told());
  first.run_for(one_minute);
  auto broken = first.committed().commit.record.interruption;
  CHECK(broken.has_value() == !has_it);
  if (broken)
    CHECK(broken->first_missing == second.committed().streams[0].position.next_lsn);
  CHECK(first.row().round.status == (has_it ? round_status::doing : round_status::interrupted));
}

TEST_CASE("checkpoint rounds: a restart in BEGINNING lets the round begin with any log, as without it") {
  auto first = std::make_unique<in_round>();
  first->write(1);
  REQUIRE(first->flush());
  REQUIRE(first->noarchivelog().ok());
  first->medium().set_dead(true);
  REQUIRE(first->archivelog().ok());
  REQUIRE(first->row().round.status == round_status::beginning);
  auto next = first->on_the_same();
  first.reset();
  next.medium->set_dead(false);
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  CHECK(stream->append({500, 510, second.now(), as_bytes("x")}).outcome == append_outcome::accepted);
  auto answer = second.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(second.committed().commit.record.round.id == round_id{2});
  CHECK(second.committed().streams[0].start_lsn == 500);
}

TEST_CASE("checkpoint rounds: what was let go before a round is no break of it, though it is resumed in "
          "BEGINNING") {
  auto first = std::make_unique<in_round>();
  first->write(1);
  REQUIRE(first->flush());
  REQUIRE(first->noarchivelog().ok());
  REQUIRE(first->archivelog().ok());
  REQUIRE(first->run_until([&] { return first->committed().commit.record.round.id == round_id{2}; }));
  REQUIRE(first->committed().commit.record.round.status == round_status::beginning);
  auto next = first->on_the_same();
  first.reset();
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  REQUIRE(second.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(stream->append({500, 510, second.now(), as_bytes("x")}).outcome == append_outcome::accepted);
  auto answer = second.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(second.row().round.status != round_status::interrupted);
  CHECK(second.committed().streams[0].start_lsn == 500);
  // What it has accepted in the round and not archived is another matter.
  REQUIRE(second.give_order(tenant, log_recycled(900)).ok());
  CHECK(second.run_until([&] { return second.row().round.status == round_status::interrupted; }));
}

TEST_CASE("checkpoint rounds: whoever was refused room is told when the answer changes, whatever it is now") {
  runtime_fixture f;
  f.add_tenant();
  auto stream = f.open(1);
  archive_option how;
  how.mode = archive_mode::mandatory;
  how.codec = codec::none;
  f.runtime->set_option(tenant, how);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_dead(true);
  auto at = stream->expected_lsn();
  auto when = f.now() + one_second;
  std::string payload(20'000, 'x');
  for (bool any = true; any;) { // what is packed may give a little back
    any = false;
    for (; stream->append({at, at + 10, ++when, as_bytes(payload)}).outcome == append_outcome::accepted;
         any = true)
      at += 10;
    f.run_for(10 * one_second);
  }
  f.listener.heard.clear();
  switch (GENERATE(0, 1, 2)) {
  case 0:
    how.mode = archive_mode::optional;
    f.runtime->set_option(tenant, how);
    break;
  case 1:
    REQUIRE(f.give_order(tenant, log_recycled(at + 1'000)).ok());
    break;
  default:
    REQUIRE(f.noarchivelog().ok());
  }
  CHECK(f.run_until([&] { return f.listener.has("room 1"); }, one_minute));
}

TEST_CASE("checkpoint rounds: a break of a round that never reached the destination is forgotten with it") {
  in_round f;
  f.write(1);
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  f.listener.heard.clear();
  REQUIRE(f.archivelog().ok());
  REQUIRE(f.stream->append({30, 40, f.now(), as_bytes("x")}).outcome == append_outcome::accepted);
  REQUIRE(f.run_until([&] { return f.listener.has("round 2"); }));
  f.medium().set_dead(true); // after the takeover, and before the first commit of the round
  f.run_for(one_second);
  REQUIRE(f.give_order(tenant, log_recycled(500)).ok());
  REQUIRE(f.run_until([&] { return f.listener.has("interrupted"); }));
  REQUIRE(f.noarchivelog().ok()); // within stop_timeout
  f.medium().set_dead(false);
  REQUIRE(f.committed().commit.record.round.id == round_id{1});
  f.run_for(10 * one_minute);
  CHECK(f.catalog->snapshot()->outbox(tenant).value().empty());
  auto commits = f.paths("commits/").size();
  f.run_for(10 * one_minute);
  CHECK(f.paths("commits/").size() == commits);
  REQUIRE(f.archivelog().ok());
  REQUIRE(f.stream->append({500, 510, f.now(), as_bytes("x")}).outcome == append_outcome::accepted);
  REQUIRE(f.flush());
  CHECK(f.run_until([&] { return f.row().round.status == round_status::doing; }));
}
