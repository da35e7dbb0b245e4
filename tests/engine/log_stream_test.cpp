#include "engine/log_stream.hpp"
#include "tests/harness/engine_host.hpp"

#include <algorithm>
#include <future>
#include <random>
#include <thread>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

/// No codec makes less of it.
std::string incompressible(std::size_t size) {
  std::string text(size, 'x');
  std::mt19937 random{1};
  std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
  return text;
}

/// What append_durable's callback was told, once.
struct told {
  std::promise<durable_answer> answer;
  std::function<void(const durable_answer&)> callback() {
    return [this](const durable_answer& got) { answer.set_value(got); };
  }
  /// Nothing yet: nullopt.
  std::optional<durable_answer> now() {
    if (future_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      return std::nullopt;
    return future_.get();
  }

private:
  std::future<durable_answer> future_ = answer.get_future();
};

} // namespace

TEST_CASE("log stream: append_durable asks for a commit of its own and is told when it covers the entry") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  auto [answer, durable] = s->append_durable({0, 5, 100, as_bytes("hello")});
  CHECK(answer.outcome == append_outcome::accepted);
  CHECK(answer.expected_lsn == 5);
  auto got = durable.get_for(std::chrono::seconds(60));
  REQUIRE(got);
  CHECK(got->outcome.ok());
  CHECK(got->position == stream_position{5, 100});
  CHECK(h.restored() == strings{"1/0:hello"});
}

TEST_CASE("log stream: append_durable that can never be durable says so before it returns") {
  engine_host h;
  h.options.entry_bytes_max = 10;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  told gap, large, stopped;
  s->append_durable({7, 8, 101, as_bytes("x")}, gap.callback());
  CHECK(gap.now()->outcome.code() == errc::lsn_gap);
  s->append_durable({5, 16, 101, as_bytes("eleven long")}, large.callback());
  CHECK(large.now()->outcome.code() == errc::entry_too_large);
  h.flush();
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(s->append_durable({5, 6, 101, as_bytes("x")}, stopped.callback()).outcome ==
        append_outcome::not_archiving);
  auto why = stopped.now();
  REQUIRE(why);
  CHECK(why->outcome.code() == errc::not_archiving);
  CHECK(why->outcome.error().message.find("tenant 1001 stream 1") != std::string::npos);
  CHECK(why->position == stream_position{5, 100});
}

TEST_CASE("log stream: what is durable already is told at once, also to a flush of nothing") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  auto nothing = s->flush().get_for(std::chrono::seconds(0));
  REQUIRE(nothing);
  CHECK(nothing->outcome.ok());
  put(*s, 0, 100, "hello");
  h.flush();
  auto again = s->flush().get_for(std::chrono::seconds(0));
  REQUIRE(again);
  CHECK(again->position == stream_position{5, 100});
  CHECK(s->archived_position() == stream_position{5, 100});
}

TEST_CASE("log stream: on a closed engine every call answers, and none does anything") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  REQUIRE(h.engine->close().ok());
  CHECK(put(*s, 5, 101, "x").failed.code == errc::closed);
  CHECK(s->append_wait({5, 6, 101, as_bytes("x")}).failed.code == errc::closed);
  told callback;
  s->append_durable({5, 6, 101, as_bytes("x")}, callback.callback());
  CHECK(callback.now()->outcome.code() == errc::closed);
  CHECK(s->append_durable({5, 6, 101, as_bytes("x")}).second.get().outcome.code() == errc::closed);
  CHECK(s->flush().get().outcome.code() == errc::closed);
  CHECK(s->advance(500).code() == errc::closed);
  CHECK(s->log_recycled(500).code() == errc::closed);
  CHECK(s->tenant() == engine_host::shop);
  CHECK(s->stream() == stream_id{1});
  CHECK(s->archived_position() == stream_position{5, 100});
}

TEST_CASE("log stream: log that was handed over may go; log that was not is a break") {
  engine_host h;
  listening host;
  h.begin();
  h.engine->set_listener(&host);
  auto s = h.stream(1);
  REQUIRE(s->log_recycled(1'000).ok()); // nobody knows yet where its log begins
  put(*s, 0, 100, "hello");
  REQUIRE(s->log_recycled(5).ok());
  CHECK(put(*s, 5, 101, "world").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
  REQUIRE(s->log_recycled(11).ok());
  CHECK(host.heard("interrupted"));
  CHECK(put(*s, 11, 102, "x").outcome == append_outcome::interrupted);
  CHECK(h.says("STATUS", "INTERRUPTED"));
  CHECK(h.column("COMMENT").find("stream 1: log from LSN 10 to 11") != std::string::npos);
  CHECK(h.restored() == strings{"1/0:hello", "1/5:world"});
}

TEST_CASE(
    "log stream: only the mandatory mode keeps log from being recycled, and only what is not archived") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  CHECK(s->recyclable_lsn() == lsn_max);
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
  CHECK(s->recyclable_lsn() == 5);
  h.take_commits_away();
  put(*s, 5, 101, "waits");
  CHECK(s->recyclable_lsn() == 5);
  h.bring_commits_back();
  h.flush();
  CHECK(s->recyclable_lsn() == 10);
  REQUIRE(s->log_recycled(50).ok());
  CHECK(s->recyclable_lsn() == lsn_max); // interrupted
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(s->recyclable_lsn() == lsn_max);
}

TEST_CASE("log stream: an advance refuses what it excludes, never goes back, and leaves SCNs to come") {
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  REQUIRE(s->advance(500).ok());
  REQUIRE(s->advance(300).ok());
  CHECK(put(*s, 5, 500, "x").failed.code == errc::scn_goes_back);
  CHECK(s->advance(scn_max).code() == errc::invalid_argument);
  CHECK(put(*s, 5, 501, "x").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("MAX_NEXT_TIME") == "1970-01-01 00:00:00.000000");
}

TEST_CASE("log stream: append_wait waits for room in mandatory mode, and not in optional") {
  engine_host h;
  h.options.budget_bytes = 16 << 20;
  h.options.entry_bytes_max = 1 << 20;
  h.begin();
  auto s = h.stream(1);
  put(*s, 0, 1, "x");
  h.flush();
  h.take_commits_away(); // segments are written, but no memory comes back before their commit
  auto text = incompressible(1 << 20);
  lsn next = 1;
  // What is packed meanwhile may make room once more.
  auto fill = [&] {
    for (;; ++next) {
      auto outcome = s->append_wait({next, next + 1, 100 + next, as_bytes(text)}).outcome;
      if (outcome != append_outcome::accepted)
        return outcome;
    }
  };
  std::filesystem::rename(h.archive / "t1001", h.archive / "away"); // nor is anything durable
  std::ofstream(h.archive / "t1001") << "in the way";
  CHECK(fill() == append_outcome::full);
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
  auto waits = std::async(std::launch::async, [&] {
    auto outcome = append_outcome::accepted;
    for (auto upto = next + 32; next < upto && outcome == append_outcome::accepted;
         ++next) // twice the budget
      outcome = s->append_wait({next, next + 1, 100 + next, as_bytes(text)}).outcome;
    return outcome;
  });
  std::filesystem::remove(h.archive / "t1001");
  std::filesystem::rename(h.archive / "away", h.archive / "t1001");
  h.bring_commits_back();
  CHECK(waits.get() == append_outcome::accepted);
  h.flush();
  CHECK(h.restored().size() == next);
}

TEST_CASE("log stream: a change of mode or the end of the round wakes who waits for room") {
  engine_host h;
  h.options.budget_bytes = 16 << 20;
  h.options.entry_bytes_max = 1 << 20;
  h.options.stop_timeout = 200 * one_ms;
  h.begin();
  h.run("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
  auto s = h.stream(1);
  std::filesystem::rename(h.archive, h.archive.string() + ".away");
  auto text = incompressible(1 << 20);
  lsn next = 0;
  while (s->append({next, next + 1, 100 + next, as_bytes(text)}).outcome == append_outcome::accepted)
    ++next;
  // What is packed meanwhile may make room once more.
  auto waits = std::async(std::launch::async, [&] {
    for (;; ++next) {
      auto answer = s->append_wait({next, next + 1, 100 + next, as_bytes(text)});
      if (answer.outcome != append_outcome::accepted)
        return answer;
    }
  });
  bool stops = GENERATE(false, true);
  h.run(stops ? "ALTER SYSTEM NOARCHIVELOG" : "ALTER SYSTEM SET backup_log_archive_option = 'optional'");
  CHECK(waits.get().outcome == (stops ? append_outcome::not_archiving : append_outcome::full));
}

// Each pass that deletes them was ended by the next commit that was waited for, and none ever got on.
TEST_CASE("old commits are deleted although the next one is always waited for") {
  engine_host h;
  std::atomic<unix_ns> time{1'700'000'000 * one_second};
  h.options.now = [&] { return time.load(); };
  h.begin("log_archive_checkpoint_interval=5s");
  std::vector<std::thread> writers;
  std::atomic<std::uint64_t> failed{0};
  for (std::uint64_t id : {1U, 2U, 3U})
    writers.emplace_back([&, s = std::shared_ptr<log_stream>(h.stream(id))] {
      for (lsn at = 0; at < 200; ++at) {
        time += 100 * one_ms;
        failed += put(*s, at, 1000 + at, "x").outcome == append_outcome::accepted ? 0U : 1U;
        failed += s->flush().get().outcome.ok() ? 0U : 1U;
      }
    });
  for (auto& each : writers)
    each.join();
  CHECK(failed == 0);
  auto commits = std::distance(std::filesystem::directory_iterator(h.commits()), {});
  auto made = std::stoul(h.column("COMMIT_SEQ"));
  INFO(commits << " of " << made << " commits are there");
  CHECK(made > 150);
  CHECK(commits < 100);
  h.verify();
}
