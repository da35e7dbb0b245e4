#include "engine/engine_environment.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace varve::test {

TEST_CASE("the host's clock is the engine's, and without one the system's is") {
  archive_options options;
  CHECK(system_environment(options).now() > 1'700'000'000 * one_second);
  options.now = [] { return unix_ns{42}; };
  CHECK(system_environment(options).now() == 42);
}

TEST_CASE("no two random ids are the same") {
  auto environment = system_environment({});
  std::set<random_id> drawn;
  for (int i = 0; i < 1000; ++i)
    drawn.insert(environment.draw());
  CHECK(drawn.size() == 1000);
}

TEST_CASE("destinations are opened as their URI names them") {
  temp_dir dir{"environment"};
  auto environment = system_environment({});
  auto uri = parse_destination_uri("file://" + dir.path().string() + "/archive");
  REQUIRE(uri.ok());
  CHECK(environment.open(*uri, open_mode::read_only, "test").code() == errc::invalid_destination);
  CHECK(environment.open(*uri, open_mode::create_if_needed, "test").ok());
  CHECK(environment.open(*uri, open_mode::read_only, "test").ok());
}

TEST_CASE("the pace of a destination is kept by a clock that goes on while it sleeps") {
  auto pace = system_environment({}).pace;
  auto before = pace.now();
  pace.sleep(one_ms);
  CHECK(pace.now() - before >= one_ms);
}

} // namespace varve::test
