#pragma once

#include "actors/interfaces.hpp"
#include "actors/tenant_intake.hpp"

namespace varve {

/// What a tenant's log-stream actor works with. Everything outlives the actor.
struct log_stream_parts {
  std::shared_ptr<tenant_intake> intake;
  piece_writer_actor writer;
  std::vector<compressor_actor> compressors;
  std::function<void(notice)> notify; ///< has the listener called, in the order of the calls
  std::uint64_t press_bytes = 0;      ///< how much to cut when memory is short
};

log_stream_actor spawn_log_stream(caf::actor_system& system, log_stream_parts parts,
                                  std::function<void()> on_quiet_work);

} // namespace varve
