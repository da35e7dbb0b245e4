#pragma once

#include "engine/base/time.hpp"
#include "engine/model/archive_round.hpp"
#include "engine/model/log_entry.hpp"
#include "engine/model/piece.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

/// What the catalog keeps: one struct per record kind. KEYSPACE.md gives the bytes. About archived log a
/// record is a copy of what the newest commit says, written after it; settings, standing orders, lag history,
/// the outbox and the writers have the catalog as their only home.
namespace varve {

/// Which archive this catalog belongs to, and whether ARCHIVELOG stands for tenants yet to come.
struct catalog_identity {
  std::array<std::byte, 16> archive{};
  unix_ns created_at = 0;
  bool standing_order = false; ///< ARCHIVELOG without a tenant clause is in force
  friend bool operator==(const catalog_identity&, const catalog_identity&) = default;
};

/// A parameter as its last SET left it; tenant 0: for all. Values are canonical text, see STATEMENTS.md.
struct setting_record {
  tenant_id tenant{};
  std::string name{}; ///< lower case
  std::string value{};
  friend bool operator==(const setting_record&, const setting_record&) = default;
};

struct tenant_record {
  tenant_id tenant{};
  std::string name{};
  bool archiving = false; ///< ARCHIVELOG is in force for it: begin or continue a round at open
  friend bool operator==(const tenant_record&, const tenant_record&) = default;
};

/// The row of CDB_OB_BACKUP_ARCHIVELOG: one per tenant, the current or last round.
struct round_status_record {
  tenant_id tenant{};
  archive_round round{};
  byte_counts counts{};
  piece_id current_piece{};
  commit_seq seq{};          ///< of the newest commit this is a copy of; 0: none
  std::string destination{}; ///< URI the round writes to
  std::optional<stream_id> limiting_stream{};
  std::string comment{}; ///< why it does not move; "" when all is well
  unix_ns comment_since = 0;
  unix_ns updated_at = 0;
  friend bool operator==(const round_status_record&, const round_status_record&) = default;
};

/// A round that ended: one row of the summary view.
struct round_history_record {
  tenant_id tenant{};
  archive_round round{};
  byte_counts counts{};
  piece_id last_piece{};
  unix_ns ended_at = 0;
  std::string destination{};
  std::string comment{}; ///< the break that interrupted it, or ""
  friend bool operator==(const round_history_record&, const round_history_record&) = default;
};

/// A piece or a copy of one: one row of CDB_OB_BACKUP_PIECE_FILES.
struct piece_record {
  tenant_id tenant{};
  piece_key piece{};
  std::uint32_t copy = 0; ///< 0 = the original
  piece_bounds bounds{};
  unix_ns created_at = 0;
  scn checkpoint_scn = 0;
  piece_status status = piece_status::active;
  varve::file_status file_status = varve::file_status::available;
  piece_id start_piece{}; ///< first piece of its round
  byte_counts counts{};
  std::string destination{};
  friend bool operator==(const piece_record&, const piece_record&) = default;
};

/// Where a stream stood at the newest commit.
struct stream_record {
  tenant_id tenant{};
  stream_id stream{};
  lsn start_lsn = 0;
  stream_position position{};
  bool dropped = false;
  friend bool operator==(const stream_record&, const stream_record&) = default;
};

/// One committed checkpoint, for the lag history: a ring of lag_samples_max per tenant.
struct lag_sample {
  tenant_id tenant{};
  std::uint64_t number = 0; ///< counts samples of the tenant from 1; slot = number % lag_samples_max
  unix_ns committed_at = 0;
  scn checkpoint_scn = 0;
  std::optional<stream_id> limiting_stream{};
  duration_ns commit_took = 0; ///< from the start of the checkpoint to its commit
  friend bool operator==(const lag_sample&, const lag_sample&) = default;
};
inline constexpr std::uint64_t lag_samples_max = 1024;

/// Log that was gone at the host before it was archived: why a round is INTERRUPTED.
struct break_history_record {
  tenant_id tenant{};
  round_id round{};
  stream_id stream{};
  lsn first_missing = 0;
  lsn oldest_left = 0;
  unix_ns noticed_at = 0;
  std::string reason{};
  friend bool operator==(const break_history_record&, const break_history_record&) = default;
};

/// The log of every stream goes on from the round before into this one: one restore can cover both.
struct round_join_record {
  tenant_id tenant{};
  round_id round{};
  friend bool operator==(const round_join_record&, const round_join_record&) = default;
};

/// A tenant that is close to a break: the stream that will lose log first. Gone when the danger is over.
struct alarm_record {
  tenant_id tenant{};
  stream_id stream{};
  lsn archived_lsn = 0;      ///< log from here on is not archived
  lsn accepted_lsn = 0;      ///< and up to here is in memory
  lsn oldest_left = 0;       ///< the host has no log below any more
  std::uint64_t streams = 0; ///< that are in danger
  unix_ns since = 0;
  unix_ns updated_at = 0;
  friend bool operator==(const alarm_record&, const alarm_record&) = default;
};

/// What a commit must still say when the destination is back: a break or the end of a round (DESIGN: outbox).
struct outbox_record {
  tenant_id tenant{};
  std::uint64_t number = 0; ///< order of writing, per tenant
  round_id round{};
  round_status status = round_status::stop; ///< stop or interrupted
  unix_ns decided_at = 0;
  std::string destination{};
  stream_id break_stream{}; ///< of an interruption
  lsn first_missing = 0;
  lsn oldest_left = 0;
  std::string reason{};
  friend bool operator==(const outbox_record&, const outbox_record&) = default;
};

/// As whom the engines of this catalog have taken a tenant over at a destination since the newest commit that
/// is known to be ours, in that order, whose writer is the first: the newest commit there is ours if one of
/// these has made it, whatever else of it the catalog has heard. More than a few come only of takeovers that
/// come to nothing; then the oldest is forgotten.
struct writer_record {
  static constexpr std::size_t writers_max = 8;
  tenant_id tenant{};
  std::string destination{};
  std::vector<std::array<std::byte, 16>> writers{};
  friend bool operator==(const writer_record&, const writer_record&) = default;
};

} // namespace varve
