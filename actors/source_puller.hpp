#pragma once

#include "actors/interfaces.hpp"
#include "actors/io_pool.hpp"
#include "actors/tenant_intake.hpp"

namespace varve {

/// The PULLER of a stream whose host would rather be asked: reads the source and appends what it gives.
using source_puller_actor = caf::typed_actor<
    // To itself, and when there may be room or news: one step of pulling.
    caf::reacts_to<work_atom>,
    // To itself, every ten seconds: how far has the host recycled its log?
    caf::reacts_to<beat_atom>,
    // Stops before it answers: the source is not called any more.
    caf::replies_to<stop_atom>::with<bool>>;

struct source_puller_parts {
  std::shared_ptr<tenant_intake> intake;
  std::shared_ptr<stream_buffer> stream;
  log_source* source = nullptr;
  std::function<void(break_record)> on_break; ///< log is gone
  std::function<void(const error&)> on_error; ///< the source failed; tried again
  std::function<void()> on_well;              ///< after on_error: it does not fail any more, or was let go
};

/// `how` own_threads: log_source::read may block.
source_puller_actor spawn_source_puller(caf::actor_system& system, source_puller_parts parts, threading how);

} // namespace varve
