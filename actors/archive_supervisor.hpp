#pragma once

#include "actors/interfaces.hpp"
#include "actors/tenant_intake.hpp"

namespace varve {

/// Watches the actors that tenants need, their own and common ones. None of them ends by itself while a
/// tenant is served: one that does has met a bug, and then the tenants that need it are stopped, loudly,
/// before they can claim anything more; the others go on. `on_error` is told once for each of them.
caf::actor spawn_supervisor(caf::actor_system& system, std::function<void(const error&)> on_error);

/// An actor may be named for many tenants. `on_end` is called by the supervisor, after the gate was closed.
/// What is given is held until the tenant is not supervised any more.
void supervise(const caf::actor& supervisor, std::shared_ptr<tenant_intake> intake,
               std::vector<caf::actor> actors, std::function<void(const error&)> on_end);
/// The tenant's actors are ended, or the tenant is gone: common ones that end later are not its matter.
void unsupervise(const caf::actor& supervisor, tenant_id tenant);

} // namespace varve
