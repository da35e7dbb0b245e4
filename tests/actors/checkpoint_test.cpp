#include "actors/checkpoint.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

struct archiving : runtime_fixture {
  explicit archiving(options given = {}) : runtime_fixture(given) {
    add_tenant();
    stream = open(1);
    REQUIRE(archivelog().ok());
    write(1);
    REQUIRE(flush());
    run_for(one_second);
  }
  std::shared_ptr<stream_buffer> stream;
  std::uint64_t commits() const { return runtime->commits.load(); }
};

constexpr duration_ns interval = 120 * one_second;

} // namespace

TEST_CASE("checkpoint: what was appended is committed within the interval, though nobody asks") {
  archiving f;
  for (int i = 0; i < 5; ++i) {
    f.write(1);
    auto upto = f.stream->expected_lsn();
    REQUIRE(f.run_until([&] { return f.stream->committed().next_lsn == upto; }, interval));
    f.run_for(7 * one_second);
  }
}

TEST_CASE("checkpoint: a clock that is set back holds no checkpoint back") {
  archiving f;
  for (int i = 0; i < 5; ++i) {
    f.set_back += one_hour;
    f.write(1);
    auto upto = f.stream->expected_lsn();
    REQUIRE(f.run_until([&] { return f.stream->committed().next_lsn == upto; }, interval));
  }
}

TEST_CASE("checkpoint: its age stays below the interval while the host says what it knows") {
  archiving f;
  duration_ns oldest = 0;
  for (int i = 0; i < 600; ++i) {
    if (i % 10 == 0)
      f.write(1, 1);
    CHECK(f.stream->advance(f.now()).ok());
    f.run_for(one_second);
    if (i > 130)
      oldest = std::max(oldest, f.now() - f.row().round.checkpoint_scn);
  }
  CHECK(oldest <= interval);
  CHECK(oldest > interval / 4); // and it does not commit all the time
}

TEST_CASE("checkpoint: tenants that were taken over at one moment do not commit all at once from then on") {
  runtime_fixture f;
  auto ids = {tenant_id{1001}, tenant_id{1002}, tenant_id{1003}, tenant_id{1004}, tenant_id{1005}};
  for (auto id : ids) {
    f.add_tenant(id);
    f.open(1, lsn{0}, id);
    REQUIRE(f.archivelog(id).ok());
    f.write(1, 1, id);
  }
  f.run_for(one_second);
  int moments = 0;
  auto made = f.runtime->commits.load();
  REQUIRE(made == ids.size());
  for (duration_ns passed = 0; passed < interval / 2 + interval / 8; passed += one_second) {
    for (auto id : ids)
      f.write(1, 1, id);
    f.run_for(one_second);
    moments += f.runtime->commits.load() != made;
    made = f.runtime->commits.load();
  }
  CHECK(made >= 2 * ids.size());
  CHECK(moments >= 3);
}

TEST_CASE("checkpoint: a shorter interval holds at once, and looks come no more often than it says") {
  runtime_fixture::options given;
  given.option.checkpoint_interval = one_hour;
  archiving f(given);
  auto set_interval = [&](duration_ns length) {
    tenant_order what;
    what.option.checkpoint_interval = length;
    bool set = false;
    f.runtime->order(tenant, what, [&set](const status&) { set = true; });
    REQUIRE(f.run_until([&set] { return set; }));
  };
  f.write(1);
  auto upto = f.stream->expected_lsn();
  set_interval(5 * one_second);
  CHECK(f.run_until([&] { return f.stream->committed().next_lsn == upto; }, 10 * one_second));

  auto steps_of_an_hour = [&] {
    set_interval(one_hour);
    f.run_for(one_minute);
    auto before = f.world.steps();
    f.run_for(one_hour);
    return f.world.steps() - before;
  };
  auto once = steps_of_an_hour();
  for (int i = 0; i < 10; ++i) {
    set_interval(5 * one_second);
    set_interval(one_hour);
  }
  CHECK(steps_of_an_hour() < once + 16); // eight looks an hour, and as many for each interval that was left
}

TEST_CASE("checkpoint: without news there is no commit") {
  archiving f;
  f.run_for(2 * interval); // an SCN may be confirmed by nothing but an advance
  auto before = f.commits();
  auto objects = f.paths("").size();
  f.run_for(20 * interval);
  CHECK(f.commits() == before);
  CHECK(f.paths("").size() <= objects);
  auto advanced = f.now();
  CHECK(f.stream->advance(advanced).ok());
  f.run_for(interval);
  CHECK(f.commits() > before);
  CHECK(f.row().round.checkpoint_scn == advanced);
}

TEST_CASE("checkpoint: whoever waits for what is committed already is answered without a commit") {
  archiving f;
  f.write(1);
  REQUIRE(f.flush());
  auto before = f.commits();
  auto of_tenant = f.flush();
  auto what = std::make_shared<durable_wait>();
  what->stream = stream_id{1};
  what->upto = f.stream->expected_lsn();
  auto of_stream = f.ask(std::move(what));
  f.run_for(one_second);
  REQUIRE(of_tenant);
  CHECK(of_tenant->outcome.ok());
  REQUIRE(of_stream->has_value());
  CHECK((*of_stream)->outcome.ok());
  CHECK((*of_stream)->position == f.stream->committed());
  CHECK(f.commits() == before);
  // What the host says beside log is news, too.
  auto advanced = f.now();
  CHECK(f.stream->advance(advanced).ok());
  REQUIRE(f.flush());
  CHECK(f.commits() == before + 1);
  CHECK(f.committed().commit.record.round.checkpoint_scn == advanced);
}

TEST_CASE("checkpoint: a commit comes early when many blocks wait for it") {
  runtime_fixture::options given;
  given.commit_blocks = 20;
  archiving f(given);
  auto before = f.commits();
  for (int i = 0; i < 18; ++i)
    f.write(1, 1, tenant, 4'000); // a block each, but the last
  f.run_for(one_second);
  CHECK(f.commits() == before);
  for (int i = 0; i < 5; ++i)
    f.write(1, 1, tenant, 4'000);
  f.run_for(one_second);
  CHECK(f.commits() == before + 1);
}

TEST_CASE("checkpoint: many who wait for a commit share one") {
  archiving f;
  auto before = f.commits();
  std::vector<std::shared_ptr<std::optional<durable_answer>>> answers;
  for (int i = 0; i < 50; ++i) {
    f.write(1, 1);
    auto what = std::make_shared<durable_wait>();
    what->stream = stream_id{1};
    what->upto = f.stream->expected_lsn();
    answers.push_back(f.ask(std::move(what)));
  }
  REQUIRE(f.run_until([&] { return answers.back()->has_value(); }, one_second));
  for (auto& answer : answers) {
    REQUIRE(answer->has_value());
    CHECK((*answer)->outcome.ok());
    CHECK((*answer)->position.next_lsn == f.stream->expected_lsn());
  }
  CHECK(f.commits() - before <= 3);
}

TEST_CASE("checkpoint: of the commits the newest few are kept, and the one before the newest always") {
  archiving f;
  for (int i = 0; i < 40; ++i) {
    f.write(1);
    f.run_for(interval);
  }
  f.run_for(5 * interval);
  auto commits = f.paths("/commits/");
  CHECK(commits.size() <= 6);
  CHECK(commits.size() >= 2);
  CHECK(f.committed().commit.fallback.empty());
  CHECK(f.committed().commit.record.seq.value > 40);
}

TEST_CASE("checkpoint: a medium that refuses to delete holds no commit back, and the view says so") {
  runtime_fixture::options given;
  given.option.checkpoint_interval = 5 * one_second;
  runtime_fixture f{given};
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  f.medium().plan(
      {.only = fault_medium::call::remove, .when = fault_medium::moment::before, .for_good = true});
  for (int i = 0; i < 10; ++i) {
    f.write(1);
    auto answer = f.flush();
    REQUIRE(answer);
    CHECK(answer->outcome.ok());
    f.run_for(3 * one_second);
  }
  CHECK(f.paths("commits/").size() > 8);
  CHECK(f.row().comment.find("cannot be deleted") != std::string::npos);
  f.medium().clear_faults();
  for (int i = 0; i < 5; ++i) {
    f.write(1);
    REQUIRE(f.flush());
    f.run_for(10 * one_second);
  }
  CHECK(f.paths("commits/").size() <= 6);
  CHECK(f.row().comment.empty());
}

TEST_CASE("checkpoint: a tenant without news for two intervals holds no file open") {
  runtime_fixture::options given;
  given.option.checkpoint_interval = 5 * one_second;
  runtime_fixture f{given};
  f.add_tenant();
  f.open(1);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  REQUIRE(f.flush());
  unsigned footers = 0;
  f.medium().on_call([&](const fault_medium::call_info& what) {
    footers += what.kind == fault_medium::call::append ? 1U : 0U;
  });
  f.run_for(5 * one_second);
  CHECK(footers == 0);
  f.run_for(one_minute);
  CHECK(footers == 1);
  f.write(1);
  REQUIRE(f.flush());
  CHECK(f.committed().streams[0].position.next_lsn == 60);
}

TEST_CASE("checkpoint: a stream that comes back while the checkpoint is decided is not passed by it") {
  runtime_fixture f;
  f.add_tenant();
  auto stays = f.open(1), comes_back = f.open(2);
  REQUIRE(f.archivelog().ok());
  f.write(1);
  f.write(2);
  REQUIRE(f.flush());
  // Dropped, noted by a commit, and open again with log that the next cut does not hold.
  comes_back->drop_at(30);
  comes_back->detach();
  comes_back.reset();
  f.write(1);
  REQUIRE(f.flush());
  REQUIRE(f.run_until([&] { return f.runtime->intake(tenant)->find(stream_id{2}) == nullptr; }));
  auto at = f.now() + one_second;
  bool came = false;
  f.medium().on_call([&](const fault_medium::call_info& what) {
    if (what.kind != fault_medium::call::sync || came)
      return;
    came = true; // after the cut, before the decision
    comes_back = f.runtime->intake(tenant)->open(stream_id{2}, std::nullopt).value();
    CHECK(comes_back->append({30, 40, at, as_bytes("late")}).outcome == append_outcome::accepted);
  });
  f.write(1);
  CHECK(f.runtime->intake(tenant)->find(stream_id{1})->advance(at + one_minute).ok());
  auto what = std::make_shared<durable_wait>();
  what->stream = stream_id{1};
  what->upto = stays->expected_lsn();
  auto answer = f.ask(what);
  REQUIRE(f.run_until([&] { return answer->has_value(); }));
  REQUIRE(came);
  for (auto& row : f.committed().streams)
    if (row.stream == stream_id{2})
      CHECK((row.position.next_lsn == 40 || f.committed().commit.record.round.checkpoint_scn < at));
}
