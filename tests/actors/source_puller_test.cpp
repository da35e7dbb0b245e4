#include "actors/source_puller.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/intake_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

/// A host's log that the engine reads: [oldest, end).
struct fake_source : log_source {
  std::vector<log_record> log;
  lsn oldest = 0, start = 0;
  scn quiet_until = 0;
  std::optional<error> fails, start_fails, oldest_fails;
  std::function<void()> when_read;
  unsigned calls = 0;

  result<lsn> start_lsn() override {
    if (start_fails)
      return *start_fails;
    return start;
  }
  result<lsn> oldest_lsn() override {
    if (oldest_fails)
      return *oldest_fails;
    return oldest;
  }
  result<batch> read(lsn from, std::size_t) override {
    ++calls;
    if (when_read)
      when_read();
    if (fails)
      return *fails;
    if (from < oldest)
      return fail(errc::entry_not_exist, "recycled");
    batch got;
    for (auto& entry : log)
      if (entry.lsn >= from && got.entries.size() < 5)
        got.entries.push_back(entry.view());
    if (got.entries.empty())
      got.nothing_before = quiet_until;
    return got;
  }
};

struct puller_fixture : actor_fixture {
  intake_fixture memory;
  fake_source source;
  std::vector<break_record> breaks;
  std::vector<error> errors;
  unsigned recoveries = 0;
  std::shared_ptr<stream_buffer> stream = memory.open(1);
  source_puller_actor puller;

  explicit puller_fixture(intake_fixture::options given = {}) : memory(given) {}
  ~puller_fixture() { process.kill(); }
  void pull() {
    source_puller_parts parts;
    parts.intake = std::shared_ptr<tenant_intake>(memory.intake.get(), [](tenant_intake*) {});
    parts.stream = stream;
    parts.source = &source;
    parts.on_break = [this](break_record why) { breaks.push_back(std::move(why)); };
    parts.on_error = [this](const error& why) { errors.push_back(why); };
    parts.on_well = [this] { ++recoveries; };
    puller = spawn_source_puller(system(), parts, threading::cooperative);
  }
};

} // namespace

/// That batch began the log of the new round, and what lies before it was in none.
TEST_CASE("source puller: what is read while one round ends and another begins does not begin the new one") {
  auto said = GENERATE(std::optional<lsn>{0}, std::optional<lsn>{});
  puller_fixture f;
  f.stream->detach();
  f.stream = f.memory.intake->open(stream_id{2}, said, true).value();
  f.source.log = records(40, 0, 10);
  bool done = false;
  f.source.when_read = [&] {
    auto& intake = *f.memory.intake;
    if (f.stream->expected_lsn() != 100 || std::exchange(done, true))
      return;
    f.stream->on_committed({40, 13}); // the destination is away, and NOARCHIVELOG has its time
    intake.set_gate(intake_gate::closed);
    intake.take_all();
    CHECK(f.stream->give_up() == 40);
    intake.begin_round();
    intake.set_gate(intake_gate::open);
  };
  f.pull();
  f.run(20 * one_second);
  REQUIRE(done);
  CHECK(f.stream->support(nullptr).row.start_lsn == 40);
  CHECK(f.stream->expected_lsn() == 400);
  CHECK(f.errors.empty());
}

TEST_CASE("source puller: it reads from the replay point to the end, and on when there is more") {
  puller_fixture f;
  f.source.log = records(12, 200, 10);
  f.source.start = 220;
  f.pull();
  f.run(10 * one_ms);
  CHECK(f.stream->expected_lsn() == 320);
  CHECK(f.stream->support(nullptr).row.start_lsn == 220);
  auto calls = f.source.calls;
  f.source.log.push_back({320, 330, 50, "more"});
  f.run(60 * one_ms);
  CHECK(f.stream->expected_lsn() == 330);
  CHECK(f.source.calls <= calls + 3); // it does not spin
}

TEST_CASE("source puller: a source with nothing new may say that nothing older will come") {
  puller_fixture f;
  f.source.log = records(1, 0, 10);
  f.source.quiet_until = 90;
  f.pull();
  f.run(60 * one_ms);
  CHECK(f.stream->support(nullptr).row.start_lsn == 0);
  CHECK(hand_over(*f.stream, {10, 20, 90, "x"}, append_outcome::error).failed.code == errc::scn_goes_back);
}

TEST_CASE("source puller: a source that says no entry at all will come is wrong, and is told so") {
  puller_fixture f;
  f.source.log = records(1, 0, 10);
  f.source.quiet_until = scn_max;
  f.pull();
  f.run(60 * one_ms);
  REQUIRE(f.errors.size() == 1);
  CHECK(f.errors[0].code == errc::invalid_argument);
  CHECK(f.recoveries == 0);
  f.source.quiet_until = 0;
  f.source.log.push_back({10, 20, 90, "more"});
  f.run(one_second);
  CHECK(f.stream->expected_lsn() == 20);
  CHECK(f.recoveries == 1);
}

TEST_CASE("source puller: without memory it tries the same entry again") {
  puller_fixture f{{.budget_bytes = 5 * slab_arena::slab_bytes, .reserve_bytes = slab_arena::slab_bytes}};
  f.source.log = records(10, 0, 10, 1, 7'000);
  f.pull();
  f.run(20 * one_ms);
  auto stands = f.stream->expected_lsn();
  CHECK(stands < 100);
  CHECK(stands > 0);
  for (auto& block : f.memory.queued())
    block->release();
  f.run(60 * one_ms);
  CHECK(f.stream->expected_lsn() > stands);
  CHECK(f.errors.empty());
}

TEST_CASE("source puller: log that is gone is a break, with what is missing and what is left") {
  puller_fixture f;
  f.source.log = records(10, 0, 10);
  f.source.oldest = 50;
  f.source.start = 20;
  f.pull();
  f.run(one_ms);
  REQUIRE(f.breaks.size() == 1);
  CHECK(f.breaks[0].stream == stream_id{1});
  CHECK(f.breaks[0].first_missing == 20);
  CHECK(f.breaks[0].oldest_left == 50);
  CHECK(f.breaks[0].reason.find("recycled") != std::string::npos);
}

TEST_CASE("source puller: a source that fails is reported and read again later") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.source.fails = fail(errc::io_error, "cannot read");
  f.pull();
  f.run(100 * one_ms);
  CHECK(f.errors.size() == 1);
  f.source.fails.reset();
  f.run(one_second);
  CHECK(f.stream->expected_lsn() == 30);
}

TEST_CASE("source puller: a source that throws has failed, and is asked again") {
  puller_fixture f;
  struct throwing : fake_source {
    bool throws = true;
    void may_throw() const {
      if (throws)
        throw std::runtime_error("out of handles");
    }
    result<lsn> start_lsn() override {
      may_throw();
      return fake_source::start_lsn();
    }
    result<lsn> oldest_lsn() override {
      may_throw();
      return fake_source::oldest_lsn();
    }
    result<batch> read(lsn from, std::size_t size) override {
      if (from > 0)
        may_throw();
      return fake_source::read(from, size);
    }
  } source;
  source.log = records(12, 0, 10);
  source_puller_parts parts;
  parts.intake = std::shared_ptr<tenant_intake>(f.memory.intake.get(), [](tenant_intake*) {});
  parts.stream = f.stream;
  parts.source = &source;
  parts.on_error = [&](const error& why) { f.errors.push_back(why); };
  parts.on_well = [&] { ++f.recoveries; };
  f.puller = spawn_source_puller(f.system(), parts, threading::cooperative);
  f.run(100 * one_ms);
  REQUIRE(f.errors.size() == 1); // of start_lsn()
  CHECK(f.errors[0].code == errc::io_error);
  CHECK(f.errors[0].message.find("out of handles") != std::string::npos);
  source.throws = false;
  f.run(one_second);
  source.throws = true;
  source.log = records(20, 0, 10);
  f.run(one_second);
  CHECK(f.errors.size() > 1); // of read()
  f.run(30 * one_second);     // and of oldest_lsn(), which is only a look
  source.throws = false;
  f.run(one_second);
  CHECK(f.stream->expected_lsn() == 200);
  CHECK(f.recoveries == 2);
}

TEST_CASE("source puller: it is told once that a source works again") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.source.start_fails = fail(errc::io_error, "cannot tell where to begin");
  f.pull();
  f.run(100 * one_ms);
  REQUIRE(f.errors.size() == 1);
  CHECK(f.errors[0].message == "cannot tell where to begin");
  CHECK(f.source.calls == 0); // it does not guess
  CHECK(f.recoveries == 0);
  f.source.start_fails.reset();
  f.run(10 * one_second);
  CHECK(f.stream->expected_lsn() == 30);
  CHECK(f.recoveries == 1);
}

TEST_CASE("source puller: log that is gone is a break, also where the source cannot tell what is left") {
  puller_fixture f;
  f.source.log = records(10, 0, 10);
  f.source.oldest = 50;
  f.source.start = 20;
  f.source.oldest_fails = fail(errc::io_error, "cannot tell");
  f.pull();
  f.run(one_ms);
  REQUIRE(f.breaks.size() == 1);
  CHECK(f.breaks[0].first_missing == 20);
  CHECK(f.breaks[0].oldest_left == 0);
}

TEST_CASE("source puller: an entry that cannot be taken is an error that is told, and offered again later") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.source.log[1].scn = 0; // no entry has it
  f.pull();
  f.run(100 * one_ms);
  REQUIRE(f.errors.size() == 1);
  CHECK(f.stream->expected_lsn() == 10);
  f.source.log[1].scn = f.source.log[0].scn;
  f.run(one_second);
  CHECK(f.stream->expected_lsn() == 30);
  CHECK(f.recoveries == 1);
}

TEST_CASE("source puller: a source that gives entries again is read on from behind them") {
  puller_fixture f;
  struct overlapping : fake_source {
    result<batch> read(lsn from, std::size_t size) override {
      return fake_source::read(from > 10 && from < 70 ? from - 10 : from, size);
    }
  } source;
  source.log = records(7, 0, 10);
  source_puller_parts parts;
  parts.intake = std::shared_ptr<tenant_intake>(f.memory.intake.get(), [](tenant_intake*) {});
  parts.stream = f.stream;
  parts.source = &source;
  parts.on_break = [&](break_record why) { f.breaks.push_back(std::move(why)); };
  f.puller = spawn_source_puller(f.system(), parts, threading::cooperative);
  f.run(100 * one_ms);
  CHECK(f.stream->expected_lsn() == 70);
  CHECK(f.breaks.empty());
}

TEST_CASE("source puller: while the tenant takes no log the source is left alone") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.memory.intake->set_gate(intake_gate::closed);
  f.pull();
  f.run(one_second);
  CHECK(f.source.calls == 0);
  f.memory.intake->set_gate(intake_gate::open);
  f.run(100 * one_ms);
  CHECK(f.stream->expected_lsn() == 30);
}

TEST_CASE("source puller: what it read while the tenant stopped is no error, and is read again later") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.source.when_read = [&] { f.memory.intake->set_gate(intake_gate::closed); };
  f.pull();
  f.run(one_second);
  CHECK(f.source.calls == 1);
  CHECK(f.stream->expected_lsn() == 0);
  CHECK(f.errors.empty());
  f.source.when_read = nullptr;
  f.memory.intake->set_gate(intake_gate::open);
  f.run(100 * one_ms);
  CHECK(f.stream->expected_lsn() == 30);
}

TEST_CASE("source puller: once it was stopped the source is not called any more") {
  puller_fixture f;
  f.source.log = records(3, 0, 10);
  f.pull();
  f.run(100 * one_ms);
  auto stopped = f.ask(f.puller, stop_atom::value);
  f.run();
  REQUIRE(stopped->has_value());
  auto calls = f.source.calls;
  f.source.log.push_back({30, 40, 50, "more"});
  f.run(10 * one_second);
  CHECK(f.source.calls == calls);
}
