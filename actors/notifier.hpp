#pragma once

#include "actors/io_pool.hpp"

#include <thread>

namespace varve {

struct notifier_parts {
  std::function<archive_listener*()> listener;     ///< nullptr: nobody listens
  std::function<void(const error&)> on_error;      ///< what the host throws
  std::atomic<std::thread::id>* calling = nullptr; ///< the thread of a call, while it lasts
};

/// Calls the host, one call at a time in the order of the notices, on a thread of its own: a host may call
/// the engine from there and wait for what the tenant's actors do. Takes (notify_atom, notice).
caf::actor spawn_notifier(caf::actor_system& system, notifier_parts parts, threading how);

/// A notice of a call that the host is owed: it is made once, whatever ends meanwhile. By the notifier as a
/// notice; where the notice is lost on its way there, `then`, a notifier, gets it; where that has ended, too,
/// it is made at once, on the thread that finds so: the engine is closing. `call` does not throw.
notice owed_call(std::function<void()> call, caf::actor then);

/// Makes a call into the host, whose exceptions go to `on_error` and no further.
void call_host(const std::function<void()>& call, const std::function<void(const error&)>& on_error);

} // namespace varve
