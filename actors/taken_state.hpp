#pragma once

#include "catalog/change_set.hpp"
#include "engine/reader/committed_state.hpp"

#include <map>

namespace varve {

/// How far the catalog has heard of a tenant at a destination. It copies commits after they are made, so it
/// may be behind: after a power failure, or when another engine had the tenant meanwhile.
struct catalog_standing {
  commit_seq seq; ///< of the newest commit it copies; 0: none of this destination
  round_id begun; ///< a round that it has seen running, so it knows how those before ended; 0: none
};

/// What a taker reads of a tenant at its destination.
struct taken_state {
  committed_state state;
  std::map<piece_key, unix_ns> made_at; ///< when the open pieces were made
  std::vector<stream_row> before; ///< where streams stood at the end of the round before; empty: no such
                                  ///< round, or its end cannot be read
  change_set missed;              ///< pieces and rounds that the catalog may not know
  piece_id newest_piece;          ///< of these
};

/// Reads them, by the newest commit; nullopt: the tenant has none here. Objects that are damaged and cost no
/// log are left out: verify tells of them. Errors as read_committed_state(), and io_error. Blocks. `archive`
/// as in commit_options, `uri` is what the catalog calls this destination.
result<std::optional<taken_state>> read_taken_state(destination& where, tenant_id tenant,
                                                    const random_id& archive, const std::string& uri,
                                                    const catalog_standing& known);

} // namespace varve
