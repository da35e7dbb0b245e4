#include "engine/archive_engine_impl.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace varve;
using state = durable_future::shared_state;

TEST_CASE("durable future: nothing is known before it is fulfilled, and then it stays") {
  auto promised = std::make_shared<state>();
  durable_future future{promised}, copy = future;
  CHECK_FALSE(future.get_for(std::chrono::nanoseconds(0)));
  promised->fulfil({{}, {50, 7}});
  CHECK(future.get().position == stream_position{50, 7});
  CHECK(copy.get_for(std::chrono::nanoseconds(0))->position == stream_position{50, 7});
  CHECK(future.get().outcome.ok());
}

TEST_CASE("durable future: the first answer counts") {
  auto promised = std::make_shared<state>();
  durable_future future{promised};
  promised->fulfil({fail(errc::fenced, "taken over"), {50, 7}});
  promised->fulfil({{}, {90, 9}});
  CHECK(future.get().outcome.code() == errc::fenced);
  CHECK(future.get().position == stream_position{50, 7});
}

TEST_CASE("durable future: all who wait are told") {
  auto promised = std::make_shared<state>();
  durable_future future{promised};
  std::vector<std::future<lsn>> waiting;
  std::promise<void> ready[3];
  for (unsigned i = 0; i < 3; ++i)
    waiting.push_back(std::async(std::launch::async, [&, i] {
      ready[i].set_value();
      if (i == 0)
        return future.get().position.next_lsn;
      auto got = future.get_for(std::chrono::hours(i));
      return got ? got->position.next_lsn : 0;
    }));
  for (auto& each : ready)
    each.get_future().wait();
  promised->fulfil({{}, {50, 7}});
  for (auto& each : waiting)
    CHECK(each.get() == 50);
}

TEST_CASE("durable future: the longest limit there is has not passed yet") {
  auto promised = std::make_shared<state>();
  durable_future future{promised};
  auto fulfils = std::async(std::launch::async, [&] {
    std::this_thread::yield();
    promised->fulfil({{}, {50, 7}});
  });
  CHECK(future.get_for(std::chrono::nanoseconds::max()));
}

TEST_CASE("open futures: however many are waited for, each costs no more than a few looks") {
  constexpr std::size_t many = 20'000;
  std::vector<std::shared_ptr<state>> waited_for;
  open_futures futures;
  for (std::size_t i = 0; i < many; ++i)
    futures.add(waited_for.emplace_back(std::make_shared<state>()));
  CHECK(futures.held() == many);
  CHECK(futures.looks() <= 2 * many);
  CHECK(futures.take().size() == many);
  CHECK(futures.held() == 0);
}

TEST_CASE("open futures: those that are fulfilled or given up are let go, and the others are not") {
  std::vector<std::shared_ptr<state>> kept;
  open_futures futures;
  for (std::size_t i = 0; i < 50'000; ++i) {
    auto future = std::make_shared<state>();
    futures.add(future);
    if (i % 3 == 0)
      future->fulfil({});
    if (i % 3 == 0 || i % 1000 == 1)
      kept.push_back(future);
    REQUIRE(futures.held() <= 2'048);
  }
  std::size_t open = 0;
  for (auto& weak : futures.take())
    if (auto future = weak.lock())
      open += future->answer ? 0U : 1U;
  auto expected = std::count_if(kept.begin(), kept.end(), [](auto& each) { return !each->answer; });
  CHECK(expected > 0);
  CHECK(open == static_cast<std::size_t>(expected));
}
