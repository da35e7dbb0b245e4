#include "actors/archive_supervisor.hpp"

#include <map>

namespace varve {
namespace {

struct watched {
  std::shared_ptr<tenant_intake> intake;
  std::vector<caf::actor> actors;
};
using watched_ptr = std::shared_ptr<const watched>;

} // namespace
} // namespace varve

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::watched_ptr)

namespace varve {
namespace {

struct supervisor_state {
  static inline const char* name = "supervisor";
  supervisor_state() = default;
  std::map<caf::actor_addr, std::shared_ptr<tenant_intake>> tenants;
};

} // namespace

caf::actor spawn_supervisor(caf::actor_system& system, std::function<void(const error&)> on_error) {
  return system.spawn([on_error](caf::stateful_actor<supervisor_state>* self) -> caf::behavior {
    self->set_down_handler([self, on_error](caf::down_msg& down) {
      auto found = self->state.tenants.find(down.source);
      if (found == self->state.tenants.end())
        return;
      auto intake = found->second;
      self->state.tenants.erase(found);
      if (down.reason == caf::exit_reason::user_shutdown || down.reason == caf::exit_reason::kill)
        return;
      auto why = fail(errc::invalid_status,
                      "an actor of tenant " + to_string(intake->id()) +
                          " ended: " + self->system().render(down.reason),
                      "this is a bug in Varve; what is committed is safe, reopen the engine to go on");
      intake->set_gate(intake_gate::stopped, why);
      if (on_error)
        on_error(why);
    });
    return {[self](const watched_ptr& what) {
      for (auto& actor : what->actors) {
        self->monitor(actor);
        self->state.tenants[actor.address()] = what->intake;
      }
    }};
  });
}

void supervise(const caf::actor& supervisor, std::shared_ptr<tenant_intake> intake,
               std::vector<caf::actor> actors) {
  caf::anon_send(supervisor, std::make_shared<const watched>(watched{std::move(intake), std::move(actors)}));
}

} // namespace varve
