#include "engine/actor_answers.hpp"

#include <catch2/catch.hpp>

#include <thread>

namespace varve {
namespace {

/// Time passes only here: a wait that is not ready uses up its whole limit, after `meanwhile` had its turn.
struct played_time {
  duration_ns passed = 0;
  std::function<void()> meanwhile = [] {};

  engine_environment environment() {
    engine_environment made;
    made.wait = [this](std::unique_lock<std::mutex>& lock, std::condition_variable&, duration_ns limit,
                       const std::function<bool()>& ready) {
      if (!ready()) {
        passed += limit;
        lock.unlock();
        meanwhile();
        lock.lock();
      }
      return ready();
    };
    return made;
  }
};

bool never() {
  return false;
}

} // namespace

TEST_CASE("a call waits until all answers are there, and its outcome is the first failure") {
  actor_answers answers{3};
  played_time time;
  answers.add({});
  answers.add(fail(errc::fenced, "tenant 7 is fenced"));
  time.meanwhile = [&] { answers.add(fail(errc::closed, "tenant 8 is closed")); };
  auto outcome = answers.wait(time.environment(), one_minute, never);
  CHECK(outcome.code() == errc::fenced);
  CHECK(time.passed == 100 * one_ms);
}

TEST_CASE("answers that do not come in time are try_again after exactly the limit") {
  actor_answers answers{1};
  played_time time;
  auto outcome = answers.wait(time.environment(), 250 * one_ms, never);
  CHECK(outcome.code() == errc::try_again);
  CHECK(outcome.error().message.find("250ms") != std::string::npos);
  CHECK(time.passed == 250 * one_ms);
  answers.add({}); // too late, and harmless
}

TEST_CASE("a close that comes while answers are missing is noticed within a tenth of a second") {
  actor_answers answers{1};
  played_time time;
  bool closing = false;
  time.meanwhile = [&] { closing = time.passed >= one_second; };
  auto outcome = answers.wait(time.environment(), one_minute, [&] { return closing; });
  CHECK(outcome.code() == errc::closed);
  CHECK(time.passed == one_second);
}

TEST_CASE("a wait without a limit ends with its answer, or when the actors' world has ended") {
  actor_answers ended{1}, answered{1};
  played_time time;
  CHECK(ended.wait(time.environment()).code() == errc::closed);
  std::thread elsewhere{[&] { answered.add(fail(errc::catalog_error, "full")); }};
  auto outcome = answered.wait(system_environment({}));
  elsewhere.join();
  CHECK(outcome.code() == errc::catalog_error);
}

} // namespace varve
