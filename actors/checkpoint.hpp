#pragma once

#include "actors/io_pool.hpp"
#include "actors/tenant_intake.hpp"

namespace varve {

/// What a tenant's checkpoint works with. Everything outlives the actor.
struct checkpoint_parts {
  tenant_id tenant;
  std::shared_ptr<tenant_intake> intake;
  log_stream_actor log_stream;
  piece_writer_actor writer;
  io_pool_actor pool;
  catalog_writer_actor catalog;
  random_id archive{};
  std::function<unix_ns()> now;
  std::function<random_id()> draw; ///< 128 random bits for each takeover
  std::string destination;         ///< URI of the pool's destination
  dest_option option;
  std::uint64_t segment_bytes = 0, sync_bytes = 0;
  std::uint64_t commit_blocks = 0;
  duration_ns stop_timeout = 0;
  std::atomic<std::uint64_t>* commits = nullptr;

  // what the catalog says at open
  round_status_record status;                ///< round, seq, counts of the last commit it is a copy of
  std::optional<break_history_record> broke; ///< why its round broke
  bool archiving = false;                    ///< ARCHIVELOG is in force
  std::vector<outbox_record> outbox;
  std::vector<random_id> known_as; ///< at the destination: of its writer_record
  std::uint64_t last_lag_sample = 0;
};

/// The owner of a tenant's truth at its destination: takes it over at the first need, makes a checkpoint when
/// one is due or asked for, begins and ends rounds, and publishes only what a counted commit holds.
checkpoint_actor spawn_checkpoint(caf::actor_system& system, checkpoint_parts parts);

} // namespace varve
