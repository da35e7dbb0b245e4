#pragma once

#include "engine/base/bytes.hpp"
#include "engine/model/ids.hpp"

namespace varve {

/// One record of a tenant's redo log, as the host gives it and as a restore gives it back.
/// The payload belongs to the giver and is only read during the call.
struct log_entry {
  varve::lsn lsn = 0;        ///< where it starts; equals the next_lsn of the entry before
  varve::lsn next_lsn = 0;   ///< > lsn; where the next one starts
  varve::scn scn = 0;        ///< its commit time; >= that of the entry before; > 0
  bytes_view payload;        ///< may be empty
};

/// Where a stream stands: everything below next_lsn is there, and its last entry had this SCN.
struct stream_position {
  varve::lsn next_lsn = 0;
  varve::scn last_scn = 0;
  friend bool operator==(const stream_position&, const stream_position&) = default;
};

} // namespace varve
