#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// An engine that has archived something.
std::unique_ptr<runtime_fixture> engine(runtime_fixture::options given = {}) {
  auto f = std::make_unique<runtime_fixture>(std::move(given));
  f->add_tenant();
  f->open(1);
  return f;
}

std::unique_ptr<runtime_fixture> first_engine() {
  auto f = engine();
  REQUIRE(f->archivelog().ok());
  f->write(1, 5);
  REQUIRE(f->flush());
  f->run_for(one_second);
  return f;
}

} // namespace

TEST_CASE("checkpoint takeover: an engine that only looks takes nobody over") {
  auto first = first_engine();
  auto objects = first->paths("").size();
  auto second = engine(first->on_the_same());
  second->run_for(10 * one_minute);
  CHECK(second->paths("").size() <= objects);
  first->write(1, 5);
  auto answer = first->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
}

TEST_CASE(
    "checkpoint takeover: the first write of another engine fences this one, which acknowledges no more") {
  auto first = first_engine();
  auto second = engine(first->on_the_same());
  second->write(1, 1);
  auto taken = second->flush();
  REQUIRE(taken);
  REQUIRE(taken->outcome.ok());

  first->write(1, 3);
  auto answer = first->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::fenced);
  auto stream = first->runtime->intake(tenant)->find(stream_id{1});
  CHECK(stream->append({50, 60, first->now() + 1, as_bytes("x")}).outcome == append_outcome::fenced);
  CHECK(stream->committed().next_lsn == 50);
  CHECK(first->listener.has("fenced"));
  CHECK(first->listener.has("resend 1 from 50"));
  auto before = first->paths("");
  first->run_for(10 * one_minute);
  CHECK(first->paths("") == before); // and writes nothing more

  // Until somebody says ARCHIVELOG for it: then the other is fenced, and what it archived is here, too.
  REQUIRE(first->archivelog().ok());
  REQUIRE(first->run_until([&] { return stream->committed().next_lsn == 60; }));
  CHECK(stream->expected_lsn() == 60);
  first->write(1, 1);
  answer = first->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::canceled); // it had accepted log up to 80, which must come again
  CHECK(stream->committed().next_lsn == 70);
  first->write(1, 1);
  answer = first->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  second->write(1, 1);
  answer = second->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::fenced);
}

TEST_CASE(
    "checkpoint takeover: entries accepted before it go on from the committed position, within the pieces") {
  runtime_fixture::options given;
  given.option.piece_switch_interval = one_minute;
  auto first = std::make_unique<runtime_fixture>(given);
  first->add_tenant();
  first->open(1);
  REQUIRE(first->archivelog().ok());
  first->write(1, 5);
  REQUIRE(first->flush());
  first->run_for(one_second);
  auto next = first->on_the_same();
  next.option = given.option;
  auto held = std::make_unique<runtime_fixture>(next);
  held->add_tenant();
  auto stream = held->open(1);
  CHECK(stream->expected_lsn() == 50);
  // Log of many pieces at once, faster than the tenant can be taken over.
  scn at = held->now();
  for (lsn from = 50; from < 1'050; from += 10, at += 13 * one_second)
    REQUIRE(stream->append({from, from + 10, at, as_bytes("entry")}).outcome == append_outcome::accepted);
  auto answer = held->flush();
  REQUIRE(answer);
  REQUIRE(answer->outcome.ok());
  held->run_for(5 * one_minute);
  auto state = held->committed();
  CHECK(state.streams[0].position.next_lsn == 1'050);
  auto pieces = state.commit.record.frozen_pieces.size() + state.open_pieces.size();
  CHECK(pieces >= 20);
  CHECK(held->row().comment.empty());
  CHECK(held->errors.empty());
}

TEST_CASE(
    "checkpoint takeover: a destination older than the catalog stops the tenant before anything is written") {
  auto first = first_engine();
  auto given = first->on_the_same();
  auto newest = to_path(commit_name{tenant, first->committed().commit.record.seq});
  REQUIRE(given.medium->erase(newest));
  auto second = engine(given);
  auto before = second->media.at("d")->paths();
  second->write(1, 1);
  auto answer = second->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::destination_behind);
  CHECK(second->media.at("d")->paths() == before);
  second->run_for(one_second);
  CHECK(second->row().comment.find("older copy") != std::string::npos);
  auto stream = second->runtime->intake(tenant)->find(stream_id{1});
  auto refused = stream->append({60, 70, second->now() + 1, as_bytes("x")});
  CHECK(refused.outcome == append_outcome::error);
  CHECK(refused.failed.code == errc::destination_behind);
}

TEST_CASE(
    "checkpoint takeover: a round ordered at another destination begins there after the engine was killed") {
  auto first = first_engine();
  REQUIRE(first->noarchivelog().ok());
  REQUIRE(first->run_until([&] { return first->row().round.status == round_status::stop; }));
  auto elsewhere = std::make_shared<fault_medium>(first->world.random(), "e");
  elsewhere->set_dead(true);
  first->media["e"] = elsewhere;
  REQUIRE(first->archivelog(tenant, "memory://e").ok());
  CHECK(elsewhere->paths().empty());
  auto second = engine(first->on_the_same());
  second->write(1, 1);
  auto answer = second->flush();
  REQUIRE(answer);
  INFO((answer->outcome.ok() ? "" : answer->outcome.error().to_string()));
  CHECK(answer->outcome.ok());
  CHECK(second->committed(tenant, "e").commit.record.round.id.value == 2);
}

TEST_CASE("checkpoint takeover: repeats are taken as repeats at every step of it") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  auto stream = first->open(1);
  auto entry = [from = first->now()](lsn at) {
    return log_entry{at, at + 10, from + at, as_bytes("the same bytes")};
  };
  REQUIRE(stream->append(entry(0)).outcome == append_outcome::accepted);
  REQUIRE(first->flush());
  first->run_for(one_second);
  auto behind = first->catalog->copy();
  for (lsn at : {lsn{10}, lsn{20}})
    REQUIRE(stream->append(entry(at)).outcome == append_outcome::accepted);
  CHECK(first->runtime->intake(tenant)->advance(entry(20).scn).ok());
  REQUIRE(first->flush());
  REQUIRE(first->committed().commit.record.round.checkpoint_scn == entry(20).scn);
  for (int steps = 0; steps < 80; ++steps) {
    CAPTURE(steps);
    runtime_fixture::options given;
    given.catalog = behind->copy();
    given.medium = first->medium().copy(first->world.random());
    auto second = engine(given);
    auto again = second->runtime->intake(tenant)->find(stream_id{1});
    auto repeat = again->append(entry(10));
    INFO(repeat.failed.message);
    REQUIRE(repeat.outcome == append_outcome::accepted);
    auto wait = std::make_shared<durable_wait>();
    wait->whole_tenant = true;
    auto durable = second->ask(std::move(wait));
    for (int i = 0; i < steps; ++i)
      second->world.step();
    auto answer = again->append(entry(20));
    INFO(answer.failed.message);
    REQUIRE(answer.outcome != append_outcome::error);
    REQUIRE(second->run_until([&] { return durable->has_value(); }));
  }
}

// Commits named it no more, for an object had the table of all streams: a row in the catalog that stays
// behind the checkpoint there makes the next engine refuse as too old what the archive has long had.
TEST_CASE("checkpoint takeover: a catalog that is behind learns where streams stand that are quiet by now") {
  runtime_fixture::options given;
  given.option.piece_switch_interval = one_minute;
  auto first = engine(given);
  REQUIRE(first->archivelog().ok());
  first->open(2);
  first->write(2);
  REQUIRE(first->flush());
  first->run_for(one_second);
  auto behind = first->catalog->copy();
  first->write(2);
  REQUIRE(first->flush());
  first->run_for(2 * one_minute);
  first->write(1);
  CHECK(first->runtime->intake(tenant)->advance(first->now()).ok());
  REQUIRE(first->flush());
  REQUIRE(first->run_until([&] { return first->committed().commit.record.stream_table.has_value(); }));
  auto next = first->on_the_same();
  next.catalog = behind;
  auto second = engine(next);
  second->write(1);
  REQUIRE(second->flush());
  second->run_for(one_second);
  lsn known = 0;
  for (auto& row : second->catalog->snapshot()->streams(tenant).value())
    if (row.stream == stream_id{2})
      known = row.position.next_lsn;
  CHECK(known == 60);
}

TEST_CASE("checkpoint takeover: a destination that does not answer is asked again until it does") {
  auto first = first_engine();
  auto given = first->on_the_same();
  auto second = engine(given);
  given.medium->set_dead(true);
  second->write(1, 1);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = second->ask(std::move(what));
  second->run_for(5 * one_minute);
  CHECK_FALSE(answer->has_value());
  CHECK_FALSE(second->row().comment.empty());
  given.medium->set_dead(false);
  REQUIRE(second->run_until([&] { return answer->has_value(); }, one_minute));
  CHECK((*answer)->outcome.ok());
}

TEST_CASE("checkpoint takeover: a repeat of the last committed block is compared with the archive after a "
          "restart") {
  auto first = first_engine();
  auto second = engine(first->on_the_same());
  auto stream = second->runtime->intake(tenant)->find(stream_id{1});
  second->write(1, 1);
  REQUIRE(second->flush());
  std::string other = "another history";
  auto ask = [&] { return stream->append({50, 60, second->now(), as_bytes(other)}); };
  CHECK(ask().outcome == append_outcome::full); // it is being read
  REQUIRE(second->run_until([&] { return second->listener.has("room 1"); }, one_minute));
  auto refused = ask();
  CHECK(refused.outcome == append_outcome::error);
  CHECK(refused.failed.code == errc::lsn_conflict);
}

TEST_CASE("checkpoint takeover: log that it gives up is owed: flush says so, and no advance keeps it out") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  first->run_for(one_second);
  runtime_fixture::options next;
  next.catalog = first->catalog->copy(); // it knows nothing of the stream
  first->open(1, std::nullopt);
  first->write(1, 5);
  REQUIRE(first->flush());
  next.medium = first->media.at("d");
  next.began_at = first->now();
  first.reset();
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  auto at = second.now() + one_second;
  REQUIRE(stream->append({55, 65, at, as_bytes("does not join")}).outcome == append_outcome::accepted);
  CHECK(second.runtime->intake(tenant)->advance(at + 1'000).ok());
  auto answer = second.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::canceled);
  CHECK(second.listener.has("resend 1 from 50"));
  second.run_for(5 * one_minute);
  CHECK(second.committed().commit.record.round.checkpoint_scn < at);
  CHECK(stream->append({50, 65, at, as_bytes("again")}).outcome == append_outcome::accepted);
  answer = second.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(stream->committed().next_lsn == 65);
}

TEST_CASE("checkpoint takeover: who waits for log that came again after the cut waits for the next commit") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  REQUIRE(first->archivelog().ok());
  first->run_for(one_second);
  auto given = first->on_the_same();
  given.catalog = first->catalog->copy(); // it knows nothing of the stream
  first->open(1, std::nullopt);
  first->write(1, 5);
  REQUIRE(first->flush());
  given.began_at = first->now();
  runtime_fixture second{given};
  second.add_tenant();
  auto stream = second.open(1, std::nullopt);
  second.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  auto at = second.now() + one_second;
  REQUIRE(stream->append({55, 65, at, as_bytes("does not join")}).outcome == append_outcome::accepted);
  auto what = std::make_shared<durable_wait>();
  what->stream = stream_id{1};
  what->upto = 65;
  auto answer = second.ask(what);
  REQUIRE(second.run_until([&] { return second.listener.has("resend 1 from 50"); }));
  second.run_for(one_second / 2);
  REQUIRE_FALSE(answer->has_value());
  REQUIRE(stream->append({50, 65, at, as_bytes("again")}).outcome == append_outcome::accepted);
  REQUIRE(second.run_until([&] { return answer->has_value(); }));
  CHECK((*answer)->outcome.ok());
  CHECK(second.committed().streams[0].position.next_lsn == 65);
}

/// The position of that round is beyond the log, and was taken for the answer.
TEST_CASE("checkpoint takeover: who waits for log that another engine's round goes on behind is told") {
  auto first = first_engine();
  auto given = first->on_the_same();
  // Another engine goes on with the tenant, in a round that does not want what the second is handed.
  REQUIRE(first->noarchivelog().ok());
  first->runtime->intake(tenant)->find(stream_id{1})->recycled(100);
  REQUIRE(first->archivelog().ok());
  first->write(1, 5);
  REQUIRE(first->flush());
  REQUIRE(first->committed().streams[0].start_lsn == 100);
  auto second = engine(given);
  second->write(1, 1);
  auto one = std::make_shared<durable_wait>(), all = std::make_shared<durable_wait>();
  one->stream = stream_id{1};
  one->upto = 60;
  all->whole_tenant = true;
  for (auto& answer : {second->ask(one), second->ask(all)}) {
    REQUIRE(second->run_until([&] { return answer->has_value(); }));
    CHECK((*answer)->outcome.code() == errc::canceled);
  }
  CHECK(second->listener.has("resend 1 from 150"));
  second->run_for(one_second);
  second->write(1, 1);
  auto later = second->flush();
  REQUIRE(later);
  CHECK(later->outcome.ok());
}

/// The commit that ended the round before let go of blocks that still waited for their numbers; those were
/// not compared with the archive any more, and log of an older round was archived again.
TEST_CASE("checkpoint takeover: log handed over before it is not archived twice, though the round before had "
          "none") {
  auto begun_at = runtime_fixture::options{}.began_at;
  auto hand_over = [&](runtime_fixture& f, lsn from, lsn to) {
    auto stream = f.runtime->intake(tenant)->find(stream_id{1});
    const std::string payload(1'000, 'x');
    for (; from < to; from += 10) {
      auto answer = stream->append({from, from + 10, begun_at + from, as_bytes(payload)});
      REQUIRE(answer.outcome == append_outcome::accepted);
    }
  };
  auto first = engine();
  REQUIRE(first->archivelog().ok());
  hand_over(*first, 0, 200);
  REQUIRE(first->flush());

  // Twice the catalog is lost, so that each engine begins a round of its own.
  auto with_no_catalog = [](runtime_fixture& f) {
    auto given = f.on_the_same();
    given.catalog = nullptr;
    return engine(given);
  };
  auto second = with_no_catalog(*first);
  REQUIRE(second->archivelog().ok());
  REQUIRE(second->run_until([&] { return second->committed().commit.record.round.id == round_id{2}; }));
  auto third = with_no_catalog(*second);
  REQUIRE(third->archivelog().ok());
  hand_over(*third, 0, 230);
  auto answer = third->flush_as_told();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  auto record = third->committed().commit.record;
  CHECK(record.round.id == round_id{3});
  CHECK(record.round_counts.entries == 3);
}

/// NOARCHIVELOG had ended the round there, and a power failure took the row of the catalog that says so.
TEST_CASE(
    "checkpoint takeover: a round that has ended at the destination takes no log that nobody archives") {
  auto first = first_engine();
  auto known = first->catalog->copy();
  archive_runtime::tenant_facts facts;
  facts.tenant = tenant;
  facts.status = first->row();
  facts.destination = facts.status.destination;
  facts.streams = known->snapshot()->streams(tenant).value();
  first->write(1, 1);
  REQUIRE(first->noarchivelog().ok());
  auto given = first->on_the_same();
  given.catalog = known;
  runtime_fixture second{given};
  second.runtime->add_tenant(facts);
  auto stream = second.open(1, std::nullopt);
  second.write(1, 1);
  REQUIRE(second.run_until([&] { return second.row().round.status == round_status::stop; }));
  CHECK(second.runtime->intake(tenant)->gate() == intake_gate::closed);
  CHECK(second.row().round == second.committed().commit.record.round);
  CHECK(stream->append({60, 70, second.now() + 1, as_bytes("x")}).outcome == append_outcome::not_archiving);
  REQUIRE(second.archivelog().ok());
  second.write(1, 1);
  auto answer = second.flush_as_told();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(second.committed().commit.record.round.id.value == 2);
}

/// It had been taken over when it believed that, and its process ended before it heard of it.
TEST_CASE(
    "checkpoint takeover: a break that an engine only believed in is void where the archive has the log") {
  auto first = first_engine();
  auto mistaken = first->catalog->copy();
  auto row = first->row();
  row.round.status = round_status::interrupted;
  outbox_record left;
  left.tenant = tenant;
  left.number = 1;
  left.round = row.round.id;
  left.status = round_status::interrupted;
  left.destination = row.destination;
  left.break_stream = stream_id{1};
  left.first_missing = 50;
  left.oldest_left = 80;
  change_set believed;
  believed.put(row);
  believed.put(left);
  REQUIRE(mistaken->apply(believed, durability::synced).ok());
  first->write(1, 5);
  REQUIRE(first->flush());
  auto given = first->on_the_same();
  given.catalog = mistaken;
  auto second = engine(given);
  auto intake = second->runtime->intake(tenant);
  REQUIRE(second->run_until([&] { return intake->gate() == intake_gate::open; }));
  second->write(1, 1);
  REQUIRE(second->flush());
  CHECK_FALSE(second->committed().commit.record.interruption);
  CHECK(second->run_until([&] { return second->row().round.status == round_status::doing; }));
  CHECK(second->catalog->snapshot()->outbox(tenant).value().empty());
}

/// It was written down for the round that the catalog knew: the next engine took it for told.
TEST_CASE("checkpoint takeover: a break that it finds is of the round that it finds") {
  auto first = first_engine();
  auto given = first->on_the_same();
  REQUIRE(first->noarchivelog().ok());
  REQUIRE(first->archivelog().ok());
  first->write(1, 5);
  REQUIRE(first->flush());
  auto second = engine(given);
  REQUIRE(second->give_order(tenant, log_recycled(500)).ok());
  REQUIRE(second->run_until([&] { return second->listener.has("interrupted"); }));
  auto breaks = second->catalog->synced()->snapshot()->breaks().value();
  REQUIRE(breaks.size() == 1);
  CHECK(breaks[0].round.value == 2);
  CHECK(breaks[0].first_missing == 100);
}

TEST_CASE("checkpoint takeover: what an engine knew before its round was stopped breaks no later round") {
  auto first = first_engine();
  REQUIRE(first->noarchivelog().ok());
  auto second = engine(first->on_the_same());
  REQUIRE(second->archivelog().ok());
  second->write(1, 5);
  REQUIRE(second->flush());
  // The host lets go what the second has archived, and the first takes the tenant back.
  REQUIRE(first->archivelog().ok());
  REQUIRE(first->give_order(tenant, log_recycled(100)).ok());
  REQUIRE(first->run_until([&] { return first->row().round.id.value == 3; }));
  first->run_for(one_minute);
  CHECK(first->row().round.status != round_status::interrupted);
  CHECK(first->runtime->intake(tenant)->gate() == intake_gate::open);
  first->write(1, 1);
  REQUIRE(first->flush());
  CHECK_FALSE(first->committed().commit.record.interruption);
}
