// How long a destination that does not answer holds up the end of a round.
#include "engine/archive_engine_impl.hpp"
#include "tests/harness/engine_host.hpp"

using namespace varve;
using namespace varve::test;

namespace {

/// A host over a catalog in memory that says how its engine waits.
struct waiting_host : engine_host {
  using wait_function = decltype(engine_environment::wait);

  void begin(const std::function<wait_function(wait_function)>& waits) {
    auto environment = system_environment(options);
    environment.wait = waits(environment.wait);
    auto opened = archive_engine_impl::open(options, std::nullopt, make_memory_catalog(), environment);
    REQUIRE(opened.ok());
    engine = std::move(*opened);
    run("ALTER SYSTEM SET backup_dest = '" + uri + "'");
    REQUIRE(engine->register_tenant(shop, "shop").ok());
    run("ALTER SYSTEM ARCHIVELOG");
  }
};

} // namespace

TEST_CASE("stop_timeout is between nothing and a day, and open refuses any other by name") {
  engine_host h;
  constexpr auto never = std::chrono::nanoseconds::max();
  for (auto refused : {one_day + 1, static_cast<duration_ns>(never.count()), ~duration_ns{0}}) {
    h.options.stop_timeout = refused;
    auto opened = archive_engine::open(h.options);
    REQUIRE(opened.code() == errc::invalid_argument);
    CHECK(opened.error().message.find("stop_timeout is " + std::to_string(refused)) != std::string::npos);
  }
  for (auto taken : {duration_ns{0}, one_day}) {
    h.options.stop_timeout = taken;
    CHECK(archive_engine::open(h.options).ok());
  }
}

/// Claim: the statement waits as long as the option says, not only a minute. Method: while the destination
/// cannot commit, time passes for the one who waits as fast as he asks; after two minutes of it the
/// destination is back.
TEST_CASE("NOARCHIVELOG gives a destination as long as stop_timeout says, also longer than a minute") {
  bool hurries = false;
  duration_ns passed = 0;
  waiting_host h;
  h.options.stop_timeout = 5 * one_minute;
  h.begin([&](waiting_host::wait_function real) -> waiting_host::wait_function {
    return [&, real](auto& lock, auto& changed, duration_ns limit, auto& ready) {
      bool bounded = limit < one_hour;
      if (!hurries || !bounded || passed >= 2 * one_minute)
        return real(lock, changed, limit, ready);
      passed += limit;
      if (passed >= 2 * one_minute)
        h.bring_commits_back();
      return ready();
    };
  });
  auto s = h.stream(1);
  put(*s, 0, 100, "hello");
  h.flush();
  put(*s, 5, 101, "world");
  h.take_commits_away();
  hurries = true;
  h.run("ALTER SYSTEM NOARCHIVELOG");
  CHECK(passed >= 2 * one_minute);
  CHECK(h.restored() == std::vector<std::string>{"1/0:hello", "1/5:world"}); // nothing was given up
}
