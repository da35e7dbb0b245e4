#include "actors/notifier.hpp"

namespace varve {
namespace {

class owed {
public:
  owed(std::function<void()> call, caf::actor then) : call_(std::move(call)), then_(std::move(then)) {}
  owed(const owed&) = delete;
  owed& operator=(const owed&) = delete;
  ~owed() {
    if (call_ && then_)
      caf::anon_send(then_, notify_atom::value, owed_call(std::move(call_), nullptr));
    else
      make();
  }
  void make() {
    if (auto call = std::exchange(call_, nullptr))
      call();
  }

private:
  std::function<void()> call_;
  caf::actor then_;
};

error thrown(const char* what) {
  return fail(errc::invalid_argument, std::string("a listener or callback of the host has thrown: ") + what,
              "catch it there: the call is not made again");
}

} // namespace

caf::actor spawn_notifier(caf::actor_system& system, notifier_parts parts, threading how) {
  auto body = [parts = std::move(parts)](caf::event_based_actor*) -> caf::behavior {
    return {[parts](notify_atom, const notice& what) {
      archive_listener nobody;
      auto* to = parts.listener();
      if (parts.calling != nullptr)
        *parts.calling = std::this_thread::get_id();
      call_host([&] { (*what)(to != nullptr ? *to : nobody); }, parts.on_error);
      if (parts.calling != nullptr)
        *parts.calling = std::thread::id{};
    }};
  };
  return how == threading::own_threads ? system.spawn<caf::detached>(body) : system.spawn(body);
}

notice owed_call(std::function<void()> call, caf::actor then) {
  auto held = std::make_shared<owed>(std::move(call), std::move(then));
  return std::make_shared<std::function<void(archive_listener&)>>(
      [held](archive_listener&) { held->make(); });
}

void call_host(const std::function<void()>& call, const std::function<void(const error&)>& on_error) {
  try {
    call();
  } catch (const std::exception& failed) {
    on_error(thrown(failed.what()));
  } catch (...) {
    on_error(thrown("no std::exception"));
  }
}

} // namespace varve
