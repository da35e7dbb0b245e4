#pragma once

#include "engine/base/time.hpp"
#include "engine/model/ids.hpp"
#include "engine/model/log_entry.hpp"

#include <map>
#include <optional>

namespace varve {

/// How the log of a stream stands between its host and the archive.
struct log_supply {
  lsn archived = 0;               ///< durable up to here
  lsn accepted = 0;               ///< in memory up to here
  std::optional<lsn> oldest_left; ///< the host has no log below any more; empty: it has not said
  bool refused = false;           ///< its last append found no room
};

/// A break that is near.
struct break_danger {
  stream_id stream; ///< that has the least log left
  log_supply supply;
  std::size_t streams = 0; ///< that are in danger
  unix_ns since = 0;       ///< of the tenant
};

/// Watches a tenant whose host may recycle log that is not archived (optional mode), to tell of a break
/// before it comes. A stream is in danger when it does not get on (log accepted `patience` ago is not
/// archived yet, or every look for so long found it refused) and more log waits than lies between the oldest
/// log that is not archived and the point up to which the host has recycled: at this pace the archive loses
/// the race. No clock, not thread-safe; where `now` goes back, times are measured from there on.
class break_watch {
public:
  /// Give every stream of the tenant in each round of looks; a round ends with danger().
  void look(stream_id stream, const log_supply& supply, unix_ns now, duration_ns patience);
  /// What the looks since the last call found. Streams that were not looked at are forgotten.
  std::optional<break_danger> danger(unix_ns now);
  /// Forgets everything: nothing is in danger.
  void reset() { *this = {}; }

private:
  struct watched {
    lsn mark = 0;           // accepted at mark_at
    unix_ns mark_at = 0;    // 0: nothing waits
    unix_ns refused_at = 0; // since when every look found it refused; 0: the last one did not
    bool seen = false;
  };
  std::map<stream_id, watched> streams_;
  std::optional<break_danger> worst_;
  unix_ns since_ = 0;
};

/// How much log the host may still recycle before some is lost to the archive, in LSNs.
lsn distance_to_break(lsn archived, lsn oldest_left);

} // namespace varve
