#include "actors/archive_runtime.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {
constexpr tenant_id other_tenant{1002};
}

TEST_CASE("archive runtime: from ARCHIVELOG to a commit that covers what was appended") {
  runtime_fixture f;
  f.add_tenant();
  auto stream = f.open(1);
  CHECK(stream->append({0, 10, 5, as_bytes("x")}).outcome == append_outcome::not_archiving);
  REQUIRE(f.archivelog().ok());
  CHECK(f.runtime->intake(tenant)->gate() == intake_gate::open);
  f.write(1, 10);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  auto state = f.committed();
  REQUIRE(state.streams.size() == 1);
  CHECK(state.streams[0].position.next_lsn == 100);
  CHECK(stream->committed().next_lsn == 100);
  CHECK(f.listener.heard.front() == "round 1");
  CHECK(f.listener.has("durable 1 to 100"));
  f.run_for(one_second);
  CHECK(f.row().round.status == round_status::doing);
  CHECK(f.row().counts.entries == 10);
  CHECK(f.errors.empty());
}

TEST_CASE("archive runtime: what no tenant or no round can do is answered at once") {
  runtime_fixture f;
  CHECK(f.archivelog().code() == errc::invalid_argument);
  f.add_tenant();
  CHECK(f.runtime->tenants() == std::vector<tenant_id>{tenant});
  CHECK_FALSE(f.runtime->intake(other_tenant));
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::not_archiving);
}

TEST_CASE("archive runtime: a dead destination holds back its own tenants and nobody else's") {
  runtime_fixture f;
  f.add_tenant();
  f.add_tenant(other_tenant);
  f.open(1);
  f.open(1, lsn{0}, other_tenant);
  REQUIRE(f.archivelog(tenant, "memory://dead").ok());
  REQUIRE(f.archivelog(other_tenant, "memory://alive").ok());
  f.write(1);
  f.write(1, 3, other_tenant);
  REQUIRE(f.flush(tenant));
  f.medium("dead").set_dead(true);
  // All that the tenant of the dead one may have.
  auto stream = f.runtime->intake(tenant)->find(stream_id{1});
  lsn at = stream->expected_lsn();
  std::string payload(20'000, 'x');
  while (stream->append({at, at + 10, f.now() + at, as_bytes(payload)}).outcome == append_outcome::accepted)
    at += 10;
  CHECK(f.runtime->budget().used_bytes() > 2 << 20);
  for (int i = 0; i < 20; ++i) {
    f.write(1, 20, other_tenant, 5'000);
    auto answer = f.flush(other_tenant);
    REQUIRE(answer);
    REQUIRE(answer->outcome.ok());
  }
  f.medium("dead").set_dead(false);
  auto answer = f.flush(tenant);
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(f.committed(tenant, "dead").streams[0].position.next_lsn == at);
  CHECK(f.listener.has("room 1"));
}

TEST_CASE("archive runtime: stopped, it answers who waits and gives all memory back") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_dead(true);
  f.write(1);
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = f.ask(std::move(what));
  f.run_for(one_minute);
  CHECK_FALSE(answer->has_value());
  f.runtime->stop();
  REQUIRE(f.run_until([&] { return answer->has_value(); }));
  CHECK((*answer)->outcome.code() == errc::closed);
  f.runtime->stop(); // twice does no harm
}

TEST_CASE("archive runtime: a tenant that was removed takes no share of the memory any more") {
  runtime_fixture f;
  f.add_tenant();
  f.add_tenant(other_tenant);
  f.open(1);
  f.open(1, lsn{0}, other_tenant);
  REQUIRE(f.archivelog().ok());
  REQUIRE(f.archivelog(other_tenant).ok());
  f.write(1);
  REQUIRE(f.flush());
  REQUIRE(f.noarchivelog().ok());
  std::weak_ptr<tenant_intake> left = f.runtime->intake(tenant);
  f.runtime->remove_tenant(tenant);
  f.run_for(one_second);
  CHECK(left.expired());
  f.write(1, 3, other_tenant); // it goes on
  auto answer = f.flush(other_tenant);
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
}

TEST_CASE("archive runtime: the share of a tenant that is removed is room for one that waits") {
  runtime_fixture f;
  f.add_tenant();
  f.add_tenant(other_tenant); // never archived: nobody else holds what it has
  auto stream = f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_dead(true);
  lsn at = stream->expected_lsn();
  std::string payload(20'000, 'x');
  do {
    while (stream->append({at, at + 10, f.now() + at, as_bytes(payload)}).outcome == append_outcome::accepted)
      at += 10;
    f.listener.heard.clear();
    f.run_for(one_second);
  } while (f.listener.has("room 1"));
  f.runtime->remove_tenant(other_tenant);
  f.run_for(one_second);
  CHECK(f.listener.has("room 1"));
}

TEST_CASE("archive runtime: a tenant that is removed while a stream waits is told of room no more") {
  runtime_fixture f;
  f.add_tenant();
  f.add_tenant(other_tenant); // never archived
  auto held = f.runtime->intake(tenant);
  auto stream = f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().set_dead(true);
  std::string payload(20'000, 'x');
  auto put = [&, at = stream->expected_lsn()]() mutable {
    auto outcome = stream->append({at, at + 10, f.now() + at, as_bytes(payload)}).outcome;
    at += outcome == append_outcome::accepted ? 10 : 0;
    return outcome;
  };
  do {
    while (put() == append_outcome::accepted) {
    }
    f.listener.heard.clear();
    f.run_for(one_second);
  } while (f.listener.has("room 1"));
  f.runtime->remove_tenant(tenant);
  CHECK(put() == append_outcome::full);
  f.runtime->remove_tenant(other_tenant);
  f.run_for(one_second);
  CHECK(f.listener.heard.empty());
  CHECK(put() == append_outcome::accepted); // there is room all the same
}

TEST_CASE("archive runtime: a tenant that is added again keeps the actors it has") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.run_for(one_second);
  auto& actors = f.process->system().registry();
  auto running = actors.running();
  auto intake = f.runtime->intake(tenant);
  f.add_tenant();
  f.run_for(one_second);
  CHECK(f.runtime->intake(tenant) == intake);
  CHECK(actors.running() == running);
  f.write(1);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
}

TEST_CASE("archive runtime: a tenant whose catalog names no destination has no actors") {
  runtime_fixture f;
  archive_runtime::tenant_facts facts;
  facts.tenant = tenant;
  facts.status.round.status = round_status::doing;
  f.runtime->add_tenant(facts);
  auto answer = f.flush();
  REQUIRE(answer);
  CHECK(answer->outcome.code() == errc::not_archiving);
}

TEST_CASE("archive runtime: what is said of a tenant or a stream that nobody knows is done at once") {
  runtime_fixture f;
  unsigned done = 0;
  auto count = [&](const status& how) { done += how.ok() ? 1U : 0U; };
  f.runtime->remove_tenant(tenant);
  f.runtime->set_option(tenant, {});
  f.runtime->stop_pulling(tenant, stream_id{1}, count);
  CHECK(done == 1);
  f.add_tenant();
  f.open(1); // nobody pulls it
  f.runtime->stop_pulling(tenant, stream_id{1}, count);
  CHECK(done == 2);
}

TEST_CASE("archive runtime: stopped, it writes nothing to the catalog and calls nobody") {
  runtime_fixture f;
  std::vector<errc> answers;
  auto note = [&](const status& how) { answers.push_back(how.code()); };
  f.runtime->stop();
  f.runtime->write_catalog(note);
  f.runtime->apply({}, note);
  CHECK(answers == std::vector{errc::closed, errc::closed});
  f.runtime->notify(std::make_shared<std::function<void(archive_listener&)>>(
      [&](archive_listener&) { answers.push_back(errc::ok); }));
  f.run_for(one_second);
  CHECK(answers.size() == 2);
}

TEST_CASE("archive runtime: stopped, it still says when a source is not called any more") {
  struct endless_source : log_source {
    unsigned calls = 0;
    result<lsn> start_lsn() override { return 0; }
    result<lsn> oldest_lsn() override { return 0; }
    result<batch> read(lsn, std::size_t) override {
      ++calls;
      return batch{};
    }
  } source;
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto stream = f.runtime->intake(tenant)->open(stream_id{1}, {}, true).value();
  f.runtime->pull(tenant, stream, &source);
  f.run_for(one_second);
  REQUIRE(source.calls > 0);
  f.runtime->stop();
  bool stopped = false;
  f.runtime->stop_pulling(tenant, stream_id{1}, [&](const status&) { stopped = true; });
  CHECK_FALSE(stopped); // its actor has not run since
  REQUIRE(f.run_until([&] { return stopped; }));
  auto calls = source.calls;
  f.run_for(one_minute);
  CHECK(source.calls == calls);
}

TEST_CASE("archive runtime: an engine that opens what another left goes on in its round") {
  auto first = std::make_unique<runtime_fixture>();
  first->add_tenant();
  first->open(1);
  REQUIRE(first->archivelog().ok());
  first->write(1, 5);
  REQUIRE(first->flush());
  first->run_for(one_second);
  auto next = first->on_the_same();
  first.reset();
  runtime_fixture second{next};
  second.add_tenant();
  auto stream = second.open(1);
  CHECK(stream->expected_lsn() == 50);
  second.write(1, 5);
  auto answer = second.flush();
  REQUIRE(answer);
  REQUIRE(answer->outcome.ok());
  auto state = second.committed();
  CHECK(state.commit.record.round.id == round_id{1});
  CHECK(state.streams[0].position.next_lsn == 100);
  CHECK(state.streams[0].start_lsn == 0);
}

TEST_CASE("archive runtime: after an outage streams with a little log each get room by what they cut") {
  runtime_fixture::options given;
  given.budget_bytes = std::uint64_t{16} << 20;
  given.block_bytes = 256 << 10;
  given.sync_bytes = std::uint64_t{32} << 20;
  given.segment_bytes = std::uint64_t{64} << 20;
  given.option.checkpoint_interval = 60 * one_minute;
  runtime_fixture f{given};
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  constexpr std::size_t streams = 400;
  std::vector<std::shared_ptr<stream_buffer>> all;
  for (std::size_t i = 0; i < streams; ++i)
    all.push_back(f.open(i + 1));
  REQUIRE(f.flush());
  auto when = f.now() + one_second;
  auto put = [&](stream_buffer& to, std::size_t payload_bytes) {
    auto at = to.expected_lsn();
    std::string payload(payload_bytes, 'x');
    return to.append({at, at + 10, ++when, as_bytes(payload)}).outcome == append_outcome::accepted;
  };
  f.medium().set_dead(true);
  for (bool any = true; any;) {
    any = false;
    for (auto& each : all)
      any |= put(*each, 7'000);
  }
  f.medium().set_dead(false);
  std::set<std::size_t> waiting;
  for (std::size_t i = 0; i < streams; ++i)
    waiting.insert(i);
  // Far below the interval, at which everything is cut.
  CHECK(f.run_until(
      [&] {
        std::erase_if(waiting, [&](std::size_t i) { return put(*all[i], 6'000); });
        return waiting.empty();
      },
      20 * one_minute));
}

TEST_CASE(
    "archive runtime: who asks to be told in turn is told behind the listener, and of every answer once") {
  runtime_fixture f;
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  auto& heard = f.listener.heard;
  auto ask = [&](lsn upto) {
    auto what = std::make_shared<durable_wait>();
    what->stream = stream_id{1};
    what->upto = upto;
    what->done = f.runtime->in_turn(tenant, [&](const durable_answer& answer) {
      heard.push_back(answer.outcome.ok() ? "called at " + std::to_string(answer.position.next_lsn)
                                          : "called: " + std::string(name_of(answer.outcome.code())));
      throw std::runtime_error("from the callback");
    });
    f.runtime->wait(tenant, std::move(what));
  };
  ask(30);
  REQUIRE(f.flush());
  CHECK(std::vector<std::string>(heard.end() - 2, heard.end()) ==
        std::vector<std::string>{"durable 1 to 30", "called at 30"});
  REQUIRE(f.errors.size() == 1);
  CHECK(f.errors[0].message.find("from the callback") != std::string::npos);
  f.write(1);
  f.medium().set_dead(true);
  ask(60);
  f.run_for(one_second);
  f.runtime->remove_tenant(tenant);
  f.run_for(one_second);
  CHECK(heard.back() == "called: VARVE_CLOSED");
  CHECK(std::ranges::count(heard, heard.back()) == 1);
  heard.clear();
  ask(60); // of a tenant that is not there any more
  f.run_for(one_second);
  CHECK(heard == std::vector<std::string>{"called: OB_LOG_ARCHIVE_NOT_RUNNING"});
  heard.clear();
  f.runtime->stop();
  ask(60);
  f.run_for(one_second);
  CHECK(heard.size() == 1);
}

namespace {

/// A host's log of one stream that the engine reads; it fails, and loses log, as told.
struct told_source : log_source {
  std::optional<error> fails;
  lsn oldest = 0, end = 0;
  scn scn_of_first = 0;

  result<lsn> start_lsn() override { return lsn{0}; }
  result<lsn> oldest_lsn() override { return oldest; }
  result<batch> read(lsn from, std::size_t) override {
    if (fails)
      return *fails;
    if (from < oldest)
      return fail(errc::entry_not_exist, "recycled");
    batch got;
    if (from < end)
      got.entries.push_back({from, from + 10, scn_of_first + from, as_bytes("read by the engine")});
    return got;
  }
};

} // namespace

TEST_CASE("archive runtime: the trouble of a source is in the view while it lasts, and log it has lost is a "
          "break") {
  runtime_fixture f;
  f.add_tenant();
  REQUIRE(f.archivelog().ok());
  auto opened = f.runtime->intake(tenant)->open(stream_id{1}, std::nullopt, true);
  REQUIRE(opened.ok());
  told_source source;
  source.scn_of_first = f.now();
  source.end = 100;
  f.runtime->pull(tenant, *opened, &source);
  REQUIRE(f.run_until([&] { return (*opened)->committed().next_lsn == 100; }));
  source.fails = fail(errc::io_error, "the host's disk");
  auto comment_has = [&](std::string_view what) { return f.row().comment.find(what) != std::string::npos; };
  CHECK(f.run_until([&] { return comment_has("the source of stream 1") && comment_has("the host's disk"); }));
  source.fails.reset();
  CHECK(f.run_until([&] { return f.row().comment.empty(); }));
  source.oldest = 500;
  source.end = 600;
  CHECK(f.run_until([&] { return f.row().round.status == round_status::interrupted; }));
  CHECK(comment_has("stream 1: log from LSN 100 to 500 is gone"));
  f.process->kill(); // nobody reads it any more
}
