#pragma once

#include "actors/interfaces.hpp"
#include "actors/tenant_intake.hpp"

namespace varve {

/// Watches the actors of all tenants. None of them ends by itself while its tenant is served: one that does
/// has met a bug, and then its tenant is stopped, loudly, before it can claim anything more; the others go
/// on.
caf::actor spawn_supervisor(caf::actor_system& system, std::function<void(const error&)> on_error);

void supervise(const caf::actor& supervisor, std::shared_ptr<tenant_intake> intake,
               std::vector<caf::actor> actors);

} // namespace varve
