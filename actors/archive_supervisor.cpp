#include "actors/archive_supervisor.hpp"

#include <map>

namespace varve {
namespace {

struct watched {
  std::shared_ptr<tenant_intake> intake;
  std::vector<caf::actor> actors;
  std::function<void(const error&)> on_end;
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
  std::map<caf::actor_addr, std::map<tenant_id, watched_ptr>> needed_by;
};

} // namespace

caf::actor spawn_supervisor(caf::actor_system& system, std::function<void(const error&)> on_error) {
  return system.spawn([on_error](caf::stateful_actor<supervisor_state>* self) -> caf::behavior {
    self->set_down_handler([self, on_error](caf::down_msg& down) {
      auto node = self->state.needed_by.extract(down.source); // it was monitored once, when this was made
      if (down.reason == caf::exit_reason::user_shutdown || down.reason == caf::exit_reason::kill)
        return;
      for (auto& [tenant, what] : node.mapped()) {
        auto why =
            fail(errc::invalid_status,
                 "an actor of tenant " + to_string(tenant) + " ended: " + self->system().render(down.reason),
                 "this is a bug in Varve; what is committed is safe, reopen the engine to go on");
        what->intake->set_gate(intake_gate::stopped, why); // at once: nothing more is accepted
        what->on_end(why);
        on_error(why);
      }
    });
    return {[self](const watched_ptr& what) {
              for (auto& actor : what->actors) {
                auto [at, fresh] = self->state.needed_by.try_emplace(actor.address());
                if (fresh)
                  self->monitor(actor);
                at->second[what->intake->id()] = what;
              }
            },
            [self](end_atom, std::uint64_t tenant) {
              for (auto& [actor, tenants] : self->state.needed_by)
                tenants.erase(tenant_id{tenant});
            }};
  });
}

void supervise(const caf::actor& supervisor, std::shared_ptr<tenant_intake> intake,
               std::vector<caf::actor> actors, std::function<void(const error&)> on_end) {
  caf::anon_send(supervisor, std::make_shared<const watched>(
                                 watched{std::move(intake), std::move(actors), std::move(on_end)}));
}

void unsupervise(const caf::actor& supervisor, tenant_id tenant) {
  caf::anon_send(supervisor, end_atom::value, tenant.value);
}

} // namespace varve
