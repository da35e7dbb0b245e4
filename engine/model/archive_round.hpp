#pragma once

#include "engine/base/result.hpp"
#include "engine/model/ids.hpp"

#include <string_view>

namespace varve {

/// Status of a tenant's round. Stored in commits, round objects and the catalog: never change a value
/// (they are OceanBase 3.x's, SPEC section 4.1).
enum class round_status : std::uint8_t { stop = 1, beginning = 2, doing = 3, stopping = 4, interrupted = 5 };

std::string_view to_string(round_status status);   ///< "STOP", "BEGINNING", …

/// The legal transitions; everything else is a bug or a refused statement.
bool may_follow(round_status from, round_status to);

/// One run of archiving of one tenant, from ARCHIVELOG to NOARCHIVELOG.
struct archive_round {
  round_id id;
  round_status status = round_status::stop;
  scn start_scn = 0;          ///< MIN_FIRST_TIME: checkpoints count from here; 0 while BEGINNING
  scn checkpoint_scn = 0;     ///< MAX_NEXT_TIME: every entry up to it is durable; 0 before the first
  piece_id start_piece;       ///< first piece of the round; 0 in a no-split round
  std::uint64_t piece_interval_ns = 0;   ///< 0: no split
  friend bool operator==(const archive_round&, const archive_round&) = default;
};

} // namespace varve
