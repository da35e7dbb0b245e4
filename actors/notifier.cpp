#include "actors/notifier.hpp"

namespace varve {

caf::actor spawn_notifier(caf::actor_system& system, std::function<archive_listener*()> listener,
                          threading how) {
  auto body = [listener = std::move(listener)](caf::event_based_actor*) -> caf::behavior {
    return {[listener](notify_atom, const notice& what) {
      if (auto* to = listener())
        (*what)(*to);
    }};
  };
  return how == threading::own_threads ? system.spawn<caf::detached>(body) : system.spawn(body);
}

} // namespace varve
