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
  auto notifier = spawn_notifier(
      f.system(), [&listens] { return listens; }, threading::cooperative);
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
