#include "tests/actors/round_stories.hpp"

using namespace varve;
using namespace varve::test;
using call = fault_medium::call;

// What the destination answers that no later attempt will make better, or that says nothing of the archive.

namespace {

/// The life after a kill of an engine that has archived something, with log to archive.
std::unique_ptr<runtime_fixture> before_takeover(runtime_fixture::options given) {
  auto f = std::make_unique<runtime_fixture>(std::move(given));
  f->add_tenant();
  f->open(1, std::nullopt);
  return f;
}

std::unique_ptr<runtime_fixture> before_takeover() {
  auto first = doing_round();
  return before_takeover(after_a_kill(first));
}

void check_stopped(runtime_fixture& f, errc why) {
  auto intake = f.runtime->intake(tenant);
  CHECK(intake->gate() == intake_gate::stopped);
  CHECK(intake->stopped_by().code == why);
  auto refused = intake->find(s1)->append({900, 910, f.now() + 1, as_bytes("x")});
  CHECK(refused.outcome == append_outcome::error);
  CHECK(refused.failed.code == why);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == why);
  f.run_for(one_second);
  CHECK_FALSE(f.row().comment.empty());
}

/// The life after a kill, whose mount goes away at the call after `calls`, and cannot be opened from then on.
std::unique_ptr<runtime_fixture> loses_mount(int calls, error why) {
  auto f = before_takeover();
  f->medium().plan({.let_through = static_cast<std::uint64_t>(calls), .code = errc::invalid_destination});
  auto before = f->medium().calls();
  f->write(1);
  REQUIRE(f->run_until([&] { return f->medium().calls() > before; })); // it is open
  f->cannot_open = std::move(why);
  return f;
}

constexpr int calls_max = 20; // of a takeover and its first commit

} // namespace

TEST_CASE(
    "checkpoint trouble: where another archive's disk is mounted instead the tenant stops, and says so") {
  auto code = GENERATE(errc::foreign_destination, errc::unknown_version);
  for (int calls = 0; calls < calls_max; ++calls) {
    CAPTURE(calls);
    auto f = loses_mount(calls, fail(code, "another disk"));
    auto stopped = [&] { return f->runtime->intake(tenant)->gate() == intake_gate::stopped; };
    bool ends = f->run_until(stopped) || f->medium().faults() == 0;
    INFO(f->row().comment);
    REQUIRE(ends);
    if (f->medium().faults() > 0)
      check_stopped(*f, code);
    // Its own is back, and the DBA says so.
    f->medium().clear_faults();
    f->cannot_open.reset();
    REQUIRE(f->archivelog().ok());
    f->flush_as_told();
    f->write(1); // what was given up comes again
    auto answer = f->flush_as_told();
    REQUIRE(answer);
    INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
    CHECK(answer->outcome.ok());
  }
}

TEST_CASE("checkpoint trouble: a mount that is away for a while tells nothing of what lies in it") {
  auto code = GENERATE(errc::file_not_exist, errc::already_exists, errc::checksum_error, errc::io_error,
                       errc::invalid_destination);
  for (int calls = 0; calls < calls_max; ++calls) {
    CAPTURE(calls);
    auto f = loses_mount(calls, fail(code, "not there"));
    f->run_for(one_minute);
    auto intake = f->runtime->intake(tenant);
    CHECK(intake->gate() == intake_gate::open);
    f->cannot_open.reset();
    f->medium().clear_faults();
    f->write(1, 1);
    auto answer = f->flush();
    REQUIRE(answer);
    INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
    CHECK(answer->outcome.ok());
    CHECK(f->committed().streams.at(0).position.next_lsn == intake->find(s1)->expected_lsn());
    CHECK(f->row().round.id == round_id{1});
  }
}

/// A life whose archive has lost the table of the streams, which only an object has by now.
std::unique_ptr<runtime_fixture> without_stream_table() {
  runtime_fixture::options given;
  given.option.piece_switch_interval = one_minute;
  auto first = std::make_unique<runtime_fixture>(given);
  first->add_tenant();
  first->open(1, std::nullopt);
  REQUIRE(first->archivelog().ok());
  first->write(1, 1);
  REQUIRE(first->flush());
  auto has_table = [&] { return first->committed().commit.record.stream_table.has_value(); };
  for (int minute = 0; minute < 10 && !has_table(); ++minute) {
    first->write(1, 1);
    REQUIRE(first->flush());
    first->run_for(one_minute);
  }
  REQUIRE(has_table());
  auto next = after_a_kill(first);
  next.option = given.option;
  auto f = before_takeover(next);
  bool gone = false;
  auto table = f->committed().commit.record.stream_table;
  std::string name = table->kind == object_kind::seal ? "/seal-" : "/index-";
  for (auto& path : f->paths(name))
    gone |= f->medium().erase(path);
  REQUIRE(gone);
  return f;
}

TEST_CASE("checkpoint trouble: without what a commit names the tenant stops, until the DBA gives it up") {
  auto f = without_stream_table();
  auto begins = f->runtime->intake(tenant)->find(s1)->expected_lsn();
  f->write(1, 1);
  REQUIRE(f->run_until([&] { return f->runtime->intake(tenant)->gate() == intake_gate::stopped; }));
  check_stopped(*f, errc::bytes_missing);
  REQUIRE(f->archivelog().ok()); // alone that changes nothing
  REQUIRE(f->run_until([&] { return f->runtime->intake(tenant)->gate() == intake_gate::stopped; }));
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->row().round.status == round_status::stop);
  REQUIRE(f->archivelog().ok());
  f->flush_as_told();
  f->write(1, 1);
  auto answer = f->flush_as_told();
  REQUIRE(answer);
  INFO((answer->outcome.ok() ? std::string() : answer->outcome.error().to_string()));
  CHECK(answer->outcome.ok());
  CHECK(f->committed().commit.record.round.id == round_id{2});
  CHECK(f->committed().streams.at(0).start_lsn == begins);
}

TEST_CASE("checkpoint trouble: whoever closes or ends the round of a tenant that stops is answered") {
  auto what = GENERATE(tenant_order::kind::close, tenant_order::kind::noarchivelog);
  auto f = doing_round();
  f->write(1);
  f->medium().plan({.code = errc::invalid_destination});
  f->cannot_open = fail(errc::foreign_destination, "another disk");
  tenant_order order;
  order.what = what;
  REQUIRE(f->give_order(tenant, order).ok());
  if (what == tenant_order::kind::noarchivelog)
    CHECK(f->row().round.status == round_status::stop);
  else
    check_stopped(*f, errc::foreign_destination);
}

TEST_CASE("checkpoint trouble: a piece whose start object is lost goes on, made when its log began") {
  auto f = before_takeover();
  for (auto& path : f->paths("/start-"))
    f->medium().erase(path);
  f->write(1);
  auto answer = f->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  f->run_for(one_second);
  auto pieces = f->catalog->snapshot()->pieces().value();
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].created_at == pieces[0].bounds.start_scn);
}

/// Log of the next round was written into that piece, and no restore found it.
TEST_CASE("checkpoint trouble: a commit of a round that is over, but for a piece, stops the tenant") {
  auto first = doing_round();
  auto next = after_a_kill(first);
  fault_destination reader{next.medium, "reader"};
  auto record = read_committed_state(reader, tenant, &archive).value()->commit.record;
  REQUIRE(record.open_pieces.size() == 1);
  record.predecessor = digest_of(*next.medium->peek(to_path(commit_name{tenant, record.seq})));
  record.seq = commit_seq{record.seq.value + 1};
  record.round.status = round_status::stop;
  next.medium->put(to_path(commit_name{tenant, record.seq}), encode(archive, record));
  auto f = before_takeover(next);
  f->write(1);
  REQUIRE(f->run_until([&] { return f->runtime->intake(tenant)->gate() == intake_gate::stopped; }));
  CHECK(f->runtime->intake(tenant)->stopped_by().message.find("has an open piece of round 1") !=
        std::string::npos);
}

TEST_CASE("checkpoint trouble: bytes of somebody else under a name of ours stop the tenant") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1, std::nullopt);
  REQUIRE(f.archivelog().ok());
  f.media["d"] = std::make_shared<fault_medium>(f.world.random(), "d");
  auto start = to_path(piece_start_name{tenant, {round_id{1}, piece_id{0}}, epoch{1}});
  f.medium().put(start, as_bytes("somebody else's"));
  f.write(1);
  REQUIRE(f.run_until([&] { return f.runtime->intake(tenant)->gate() == intake_gate::stopped; }));
  check_stopped(f, errc::checksum_error);
  CHECK(f.row().comment.find(start) != std::string::npos);
}

TEST_CASE("checkpoint trouble: what its writer cannot mend stops the tenant") {
  auto code = GENERATE(errc::checksum_error, errc::invalid_status);
  auto kind = GENERATE(call::open_segment, call::append, call::sync);
  CAPTURE(fault_medium::name_of(kind));
  auto f = before_takeover();
  f->medium().plan({.only = kind, .for_good = true, .code = code});
  f->write(1);
  auto answer = f->flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == code);
  check_stopped(*f, code);
}

TEST_CASE("checkpoint trouble: where no object of the takeover is left it is none") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1, std::nullopt);
  REQUIRE(f.archivelog().ok());
  f.media["d"] = std::make_shared<fault_medium>(f.world.random(), "d");
  f.write(1, 1);
  auto first = to_path(commit_name{tenant, commit_seq{1}});
  int reads = 0; // of the commit by its number: the third is of who has taken over
  f.medium().on_call([&](const fault_medium::call_info& what) {
    if (what.kind == call::list_folder && f.medium().peek(first) && ++reads == 2)
      f.medium().erase(first);
  });
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::bytes_missing);
  check_stopped(f, errc::bytes_missing);
}

TEST_CASE(
    "checkpoint trouble: who waits for a stop is answered when a destination that is away has its time") {
  auto f = doing_round();
  f->medium().set_dead(true);
  f->write(1);
  tenant_order close;
  close.what = tenant_order::kind::close;
  auto closed = std::make_shared<std::optional<status>>();
  f->runtime->order(tenant, close, [closed](const status& done) { *closed = done; });
  REQUIRE(f->noarchivelog().ok());
  REQUIRE(f->run_until([&] { return closed->has_value(); }, one_second));
}

TEST_CASE(
    "checkpoint trouble: the end of a round that the destination has, though its answer was lost, is not "
    "told again") {
  auto f = doing_round();
  lose_answer_of_commit(*f);
  REQUIRE(f->noarchivelog().ok());
  CHECK(f->catalog->snapshot()->outbox(tenant).value().size() == 1);
  f->medium().clear_faults();
  auto ended = f->committed();
  REQUIRE(ended.commit.record.round.status == round_status::stop);
  REQUIRE(f->run_until([&] { return f->catalog->snapshot()->outbox(tenant).value().empty(); }));
  f->run_for(one_minute);
  CHECK(f->committed().commit.record.round == ended.commit.record.round);
  CHECK(f->paths("/rounds/").size() == 1);
}

TEST_CASE("checkpoint trouble: log that is gone breaks no round where none is in force") {
  auto f = doing_round();
  SECTION("it was stopped") {
    REQUIRE(f->noarchivelog().ok());
  }
  SECTION("it is about to be") {
    f->medium().set_dead(true);
    tenant_order stop;
    stop.what = tenant_order::kind::noarchivelog;
    f->runtime->order(tenant, stop, [](const status&) {});
    f->run_for(one_second);
  }
  SECTION("another engine has the tenant") {
    taken_by_another(*f);
  }
  SECTION("of a stream that nobody knows") {
    auto gone = log_recycled(500);
    gone.broken.stream = stream_id{9};
    REQUIRE(f->give_order(tenant, gone).ok());
    f->run_for(one_minute);
    CHECK_FALSE(f->listener.has("interrupted"));
    return;
  }
  REQUIRE(f->give_order(tenant, log_recycled(500)).ok());
  f->run_for(one_minute);
  CHECK_FALSE(f->listener.has("interrupted"));
  CHECK(f->catalog->snapshot()->breaks().value().empty());
}
