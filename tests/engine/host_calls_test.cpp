// What a host may do where the engine calls it.
#include "tests/harness/engine_host.hpp"

#include <future>

using namespace varve;
using namespace varve::test;
using strings = std::vector<std::string>;

namespace {

constexpr auto generous = std::chrono::seconds(60);

/// Does `what` wherever it is called.
struct doing_listener : archive_listener {
  std::function<void(stream_position)> durable = [](stream_position) {};
  std::function<void(const error&)> failed = [](const error&) {};
  void on_durable(tenant_id, stream_id, stream_position position) override { durable(position); }
  void on_error(const error& why) override { failed(why); }
};

/// What was told, in order.
struct book {
  void note(std::string what) {
    std::lock_guard lock{mutex};
    lines.push_back(std::move(what));
    changed.notify_all();
  }
  bool has(const std::string& part) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, generous, [&] {
      return std::ranges::any_of(lines, [&](auto& line) { return line.find(part) != std::string::npos; });
    });
  }
  std::mutex mutex;
  std::condition_variable changed;
  strings lines;
};

} // namespace

TEST_CASE("a callback of append_durable may hand over more and wait until that is durable") {
  std::promise<std::optional<durable_answer>> told;
  auto outcome = told.get_future();
  engine_host h;
  h.begin();
  auto s = h.stream(1);
  s->append_durable({0, 5, 100, as_bytes("hello")}, [&](const durable_answer&) {
    put(*s, 5, 101, "world");
    told.set_value(s->flush().get_for(generous));
  });
  auto answer = outcome.get();
  REQUIRE(answer);
  CHECK(answer->outcome.ok());
  CHECK(answer->position.next_lsn == 10);
  CHECK(h.restored() == strings{"1/0:hello", "1/5:world"});
}

TEST_CASE("a callback is called once, behind what the listener was told of the commit") {
  book told;
  doing_listener host;
  host.durable = [&](stream_position position) { told.note("durable " + std::to_string(position.next_lsn)); };
  engine_host h;
  h.begin();
  h.engine->set_listener(&host);
  auto s = h.stream(1);
  for (lsn at = 0; at < 50; ++at) {
    auto text = "called " + std::to_string(at + 1);
    s->append_durable({at, at + 1, 100 + at, as_bytes("x")},
                      [&told, text](const durable_answer&) { told.note(text + "."); });
  }
  for (lsn at = 0; at < 50; ++at)
    REQUIRE(told.has("called " + std::to_string(at + 1) + "."));
  lsn durable = 0;
  std::lock_guard lock{told.mutex};
  for (auto& line : told.lines) {
    auto number = std::stoull(line.substr(line.find(' ')));
    if (line.starts_with("durable"))
      durable = number;
    else
      CHECK(number <= durable);
  }
  CHECK(std::ranges::count_if(told.lines, [](auto& line) { return line.starts_with("called"); }) == 50);
}

TEST_CASE("what the host throws where it is called is told to on_error, and ends nothing") {
  book told;
  doing_listener host;
  host.durable = [](stream_position) { throw std::runtime_error("thrown by the listener"); };
  host.failed = [&](const error& why) {
    told.note(why.message);
    throw std::runtime_error("thrown by on_error");
  };
  engine_host h;
  h.begin();
  h.engine->set_listener(&host);
  auto s = h.stream(1);
  s->append_durable({0, 5, 100, as_bytes("hello")},
                    [](const durable_answer&) { throw std::runtime_error("thrown by the callback"); });
  CHECK(told.has("thrown by the listener"));
  CHECK(told.has("thrown by the callback"));
  CHECK(put(*s, 5, 101, "world").outcome == append_outcome::accepted);
  h.flush();
  CHECK(h.column("STATUS") == "DOING");
}

TEST_CASE("close is refused where the engine calls the host, for it would wait for itself") {
  std::promise<errc> by_listener, by_callback;
  doing_listener host;
  engine_host h;
  h.begin();
  host.durable = [&, first = true](stream_position) mutable {
    if (std::exchange(first, false))
      by_listener.set_value(h.engine->close().code());
  };
  h.engine->set_listener(&host);
  auto s = h.stream(1);
  s->append_durable({0, 5, 100, as_bytes("hello")},
                    [&](const durable_answer&) { by_callback.set_value(h.engine->close().code()); });
  auto listener = by_listener.get_future(), callback = by_callback.get_future();
  REQUIRE(listener.wait_for(generous) == std::future_status::ready);
  CHECK(listener.get() == errc::not_supported);
  REQUIRE(callback.wait_for(generous) == std::future_status::ready);
  CHECK(callback.get() == errc::not_supported);
  CHECK(put(*s, 5, 101, "world").outcome == append_outcome::accepted);
  h.flush();
  s.reset();
  CHECK(h.engine->close().ok());
}
