#include "actors/io_pool.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/block_samples.hpp"
#include "tests/harness/fault_destination.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

struct pool_fixture : actor_fixture {
  std::shared_ptr<fault_medium> medium = std::make_shared<fault_medium>(world.random());
  unsigned opened = 0;
  std::optional<error> cannot_open;
  std::vector<int> ran;

  ~pool_fixture() { process.kill(); }
  io_pool_actor pool(unsigned workers) {
    return spawn_io_pool(
        system(),
        [this]() -> result<std::shared_ptr<destination>> {
          ++opened;
          if (cannot_open)
            return *cannot_open;
          return std::shared_ptr<destination>(std::make_shared<fault_destination>(medium));
        },
        workers, threading::cooperative);
  }
  io_job_ptr job(std::function<void(const result<std::shared_ptr<destination>>&)> run) {
    auto made = std::make_shared<io_job>();
    made->label = "test";
    made->run = std::move(run);
    return made;
  }
  io_job_ptr numbered(int number) {
    return job([this, number](auto&) { ran.push_back(number); });
  }
};

/// An actor that runs work on the pool and keeps the result.
using kept = std::shared_ptr<std::optional<result<int>>>;
kept on_pool(pool_fixture& f, const io_pool_actor& pool, std::function<result<int>(destination&)> work) {
  auto keep = std::make_shared<std::optional<result<int>>>();
  f.system().spawn([keep, pool, work](caf::event_based_actor* self) {
    run_io<int>(self, pool, "work", work, [keep](result<int> got) { keep->emplace(std::move(got)); });
  });
  return keep;
}

} // namespace

TEST_CASE("io pool: one worker runs jobs in the order they came, several run each of them once") {
  pool_fixture f;
  auto one = f.pool(1);
  for (int i = 0; i < 20; ++i)
    caf::anon_send(one, job_atom::value, f.numbered(i));
  f.run();
  std::vector<int> order(20);
  for (int i = 0; i < 20; ++i)
    order[static_cast<std::size_t>(i)] = i;
  CHECK(f.ran == order);
  f.ran.clear();
  auto four = f.pool(4);
  f.world.set_latency([&](std::string_view actor) { return actor == "io_worker" ? f.world.draw(1'000) : 0; });
  for (int i = 0; i < 20; ++i)
    caf::anon_send(four, job_atom::value, f.numbered(i));
  f.run(one_second);
  CHECK(f.ran != order); // storage answers out of order
  std::sort(f.ran.begin(), f.ran.end());
  CHECK(f.ran == order);
}

TEST_CASE("io pool: a worker has one job at a time") {
  pool_fixture f;
  auto pool = f.pool(2);
  f.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  for (int i = 0; i < 5; ++i)
    caf::anon_send(pool, job_atom::value, f.numbered(i));
  f.run(one_second + one_ms);
  CHECK(f.ran.size() == 2);
  f.run(one_second);
  CHECK(f.ran.size() == 4);
  f.run(one_second);
  CHECK(f.ran.size() == 5);
}

TEST_CASE("io pool: the destination is opened by the first job, again after a failure, and then shared") {
  pool_fixture f;
  auto pool = f.pool(2);
  f.run();
  CHECK(f.opened == 0);
  f.cannot_open = fail(errc::io_error, "the cable is out");
  auto got = on_pool(f, pool, [](destination&) -> result<int> { return 1; });
  f.run();
  REQUIRE(got->has_value());
  CHECK((*got)->code() == errc::io_error);
  f.cannot_open.reset();
  for (int i = 0; i < 5; ++i)
    got = on_pool(f, pool, [](destination& where) -> result<int> { return where.traits().durable ? 7 : 8; });
  f.run();
  CHECK((*got)->value() == 7);
  CHECK(f.opened == 2);
}

TEST_CASE("io pool: a root that is not what was opened is opened anew by the next job") {
  pool_fixture f;
  auto pool = f.pool(1);
  auto got =
      on_pool(f, pool, [](destination&) -> result<int> { return fail(errc::invalid_destination, "gone"); });
  f.run();
  CHECK((*got)->code() == errc::invalid_destination);
  CHECK(f.opened == 1);
  got = on_pool(f, pool, [](destination&) -> result<int> { return fail(errc::io_error, "broken"); });
  f.run();
  CHECK(f.opened == 2);
  on_pool(f, pool, [](destination&) -> result<int> { return 1; });
  f.run();
  CHECK(f.opened == 2); // another error does not
}

TEST_CASE("io pool: whoever waits for a pool that ends is told so") {
  pool_fixture f;
  auto pool = f.pool(1);
  f.world.set_latency([](std::string_view actor) { return actor == "io_worker" ? one_second : 0; });
  auto running = on_pool(f, pool, [](destination&) -> result<int> { return 1; });
  auto waiting = on_pool(f, pool, [](destination&) -> result<int> { return 2; });
  f.run(one_ms);
  caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
  f.run(one_minute);
  REQUIRE(waiting->has_value());
  CHECK((*waiting)->code() == errc::closed);
  REQUIRE(running->has_value());
}

TEST_CASE("io pool: an object of ours that is there with the same bytes was made, with others it is damage") {
  pool_fixture f;
  fault_destination where{f.medium};
  using moment = fault_medium::moment;
  using call = fault_medium::call;
  CHECK(create_same(where, "a/b", as_bytes("content")).ok());
  CHECK(create_same(where, "a/b", as_bytes("content")).ok());
  auto other = create_same(where, "a/b", as_bytes("other"));
  CHECK(other.code() == errc::checksum_error);
  CHECK(other.error().message.find("a/b") != std::string::npos);
  CHECK_FALSE(other.error().hint.empty());
  f.medium->plan({.only = call::create, .when = moment::after});
  CHECK(create_same(where, "a/c", as_bytes("content")).code() == errc::io_error);
  CHECK(create_same(where, "a/c", as_bytes("content")).ok()); // the reply was lost
  f.medium->plan({.only = call::read_all});
  CHECK(create_same(where, "a/c", as_bytes("content")).code() == errc::io_error); // cannot tell yet
  f.medium->plan({.only = call::read_all, .code = errc::checksum_error}); // larger than any object can be
  CHECK(create_same(where, "a/c", as_bytes("content")).code() == errc::checksum_error);
}

namespace {

struct catalog_fixture : actor_fixture {
  std::unique_ptr<catalog> kept = make_memory_catalog();
  std::atomic<std::uint64_t> batches{0};
  std::vector<error> errors;

  ~catalog_fixture() { process.kill(); }
  catalog_writer_actor writer(catalog& where) {
    return spawn_catalog_writer(system(), where, one_second, threading::cooperative, batches,
                                [this](const error& why) { errors.push_back(why); });
  }
  static change_set_ptr setting(const std::string& name, const std::string& value) {
    auto changes = std::make_shared<change_set>();
    changes->put(setting_record{tenant, name, value});
    return changes;
  }
  std::optional<std::string> read(const std::string& name) {
    return kept->snapshot()->setting(tenant, name).value();
  }
};

struct refusing_catalog : catalog {
  std::unique_ptr<catalog> empty = make_memory_catalog();
  std::shared_ptr<const catalog_snapshot> snapshot() const override { return empty->snapshot(); }
  status apply(const change_set&, durability) override { return fail(errc::catalog_error, "disk full"); }
};

} // namespace

TEST_CASE("catalog writer: what may come later is written in one batch per beat") {
  catalog_fixture f;
  auto writer = f.writer(*f.kept);
  for (int i = 0; i < 10; ++i)
    caf::anon_send(writer, later_atom::value, f.setting("a", std::to_string(i)));
  f.run();
  CHECK_FALSE(f.read("a"));
  f.run(one_second + one_ms);
  CHECK(f.read("a") == "9");
  CHECK(f.batches.load() == 1);
  f.run(10 * one_second);
  CHECK(f.batches.load() == 1); // nothing came
}

TEST_CASE("catalog writer: what must be safe is written at once, after all that came before it") {
  catalog_fixture f;
  auto writer = f.writer(*f.kept);
  caf::anon_send(writer, later_atom::value, f.setting("a", "old"));
  f.run();
  auto done = f.ask(writer, apply_atom::value, f.setting("a", "new"));
  f.run();
  REQUIRE(done->has_value());
  CHECK((*done)->ok());
  CHECK(f.read("a") == "new");
  f.run(2 * one_second);
  CHECK(f.read("a") == "new"); // the older one does not overwrite it later
  CHECK(f.batches.load() == 1);
}

TEST_CASE("catalog writer: stop writes what was collected") {
  catalog_fixture f;
  auto writer = f.writer(*f.kept);
  caf::anon_send(writer, later_atom::value, f.setting("a", "1"));
  f.run();
  auto done = f.ask(writer, stop_atom::value);
  f.run();
  REQUIRE(done->has_value());
  CHECK(f.read("a") == "1");
}

TEST_CASE("catalog writer: a catalog that refuses is reported, and whoever waits is told") {
  refusing_catalog refusing;
  catalog_fixture f;
  auto writer = f.writer(refusing);
  auto done = f.ask(writer, apply_atom::value, f.setting("a", "1"));
  f.run();
  REQUIRE(done->has_value());
  CHECK_FALSE((*done)->ok());
  REQUIRE(f.errors.size() == 1);
  CHECK(f.errors[0].message == "disk full");
  caf::anon_send(writer, later_atom::value, f.setting("a", "1"));
  f.run(2 * one_second);
  CHECK(f.errors.size() == 2);
  caf::anon_send(writer, later_atom::value, f.setting("a", "1"));
  auto stopped = f.ask(writer, stop_atom::value);
  f.run();
  REQUIRE(stopped->has_value());
  CHECK_FALSE((*stopped)->ok()); // what was collected is not there
  CHECK(f.errors.size() == 3);
}
