#pragma once

#include "engine/base/result.hpp"
#include "engine/model/log_entry.hpp"

#include <string>
#include <vector>

namespace varve::shell {

/// An entry's place and time, without its bytes.
struct entry_mark {
  varve::lsn lsn = 0, next_lsn = 0;
  varve::scn scn = 0;
};

/// How far the archive has a stream, as the destination tells it.
struct archived_tail {
  stream_position end;             ///< next_lsn 0: it has nothing of the stream
  std::vector<entry_mark> entries; ///< the last ones, at least those of the last block
};

/// Reads it from the destination; takes nothing over. No archive, tenant or stream there: an empty tail.
result<archived_tail> read_archived_tail(const std::string& uri, tenant_id tenant, stream_id stream);

} // namespace varve::shell
