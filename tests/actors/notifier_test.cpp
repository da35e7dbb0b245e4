#include "actors/notifier.hpp"
#include "tests/actors/actor_fixture.hpp"
#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

TEST_CASE(
    "notifier: the listener hears everything in the order it was said, and nobody listening is no harm") {
  recording_listener host;
  archive_listener* listens = &host;
  actor_fixture f;
  auto notifier = spawn_notifier(f.system(), {[&listens] { return listens; }, {}}, threading::cooperative);
  auto say = [&](std::uint64_t stream) {
    caf::anon_send(notifier, notify_atom::value,
                   std::make_shared<std::function<void(archive_listener&)>>(
                       [stream](archive_listener& to) { to.on_room(tenant, stream_id{stream}, 5); }));
  };
  for (std::uint64_t s = 1; s <= 3; ++s)
    say(s);
  f.run();
  CHECK(host.heard == std::vector<std::string>{"room 1 expects 5", "room 2 expects 5", "room 3 expects 5"});
  listens = nullptr;
  say(4);
  f.run();
  listens = &host;
  say(5);
  f.run();
  CHECK(host.heard.size() == 4);
  CHECK(host.heard.back() == "room 5 expects 5");
}

TEST_CASE("notifier: what a listener throws is told, and the next call is made") {
  struct throwing : archive_listener {
    std::vector<std::uint64_t> rooms;
    void on_room(tenant_id, stream_id stream, lsn) override {
      rooms.push_back(stream.value);
      if (stream == stream_id{1})
        throw std::runtime_error("no such stream");
      if (stream == stream_id{2})
        throw 42;
    }
  } host;
  std::vector<error> errors;
  actor_fixture f;
  notifier_parts parts;
  parts.listener = [&host] { return &host; };
  parts.on_error = [&errors](const error& why) { errors.push_back(why); };
  auto notifier = spawn_notifier(f.system(), parts, threading::cooperative);
  for (std::uint64_t stream = 1; stream <= 3; ++stream)
    caf::anon_send(notifier, notify_atom::value,
                   std::make_shared<std::function<void(archive_listener&)>>(
                       [stream](archive_listener& to) { to.on_room(tenant, stream_id{stream}, 5); }));
  f.run();
  CHECK(host.rooms == std::vector<std::uint64_t>{1, 2, 3});
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].message.find("no such stream") != std::string::npos);
}

TEST_CASE("notifier: a call that is owed is made once, also where its notice is lost with who had it") {
  actor_fixture f;
  auto notifier = spawn_notifier(f.system(), {[] { return nullptr; }, {}}, threading::cooperative);
  unsigned calls = 0;
  auto owed = [&] { return owed_call([&calls] { ++calls; }, notifier); };
  SECTION("it arrives") {
    caf::anon_send(notifier, notify_atom::value, owed());
  }
  SECTION("it is lost on its way") {
    owed();
    CHECK(calls == 0); // not on the thread that lost it
  }
  SECTION("the notifier ends before it comes to it") {
    caf::anon_send_exit(notifier, caf::exit_reason::user_shutdown);
    caf::anon_send(notifier, notify_atom::value, owed());
  }
  SECTION("all have ended") {
    auto last = owed();
    caf::anon_send_exit(notifier, caf::exit_reason::user_shutdown);
    f.run();
    CHECK(calls == 0);
    last.reset();
    CHECK(calls == 1);
  }
  f.run();
  CHECK(calls == 1);
}
