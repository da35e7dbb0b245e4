#pragma once

#include "actors/io_pool.hpp"

namespace varve {

/// Calls the host's listener, one call at a time in the order of the notices, on a thread of its own: a host
/// may call the engine from there and wait for what the tenant's actors do. Takes (notify_atom, notice).
/// `listener` answers nullptr where nobody listens.
caf::actor spawn_notifier(caf::actor_system& system, std::function<archive_listener*()> listener,
                          threading how);

} // namespace varve
