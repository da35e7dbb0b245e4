#pragma once

#include "engine/destination/destination.hpp"
#include "engine/format/metadata.hpp"

namespace varve {

/// Something the newest commit reaches that is not there, or not what was written, and what that costs.
struct damage {
  object_path path;         ///< the object at the destination
  std::uint64_t offset = 0; ///< where in it the trouble begins, bytes
  varve::error why;         ///< bytes_missing, checksum_error, io_error, unknown_version …
  tenant_id tenant;
  std::vector<stream_range>
      lost;                  ///< log that cannot be read because of it; SCNs are bounds. Empty: none known
  bool lost_unknown = false; ///< it held log, and nothing readable says which
};

/// May the log still be whole? (A damaged footer, header or start object costs nothing: it is rebuilt.)
bool costs_log(const damage& x);

/// One sentence: object, offset, cause, loss.
std::string describe(const damage& x);

/// "stream 3: LSN [100, 200), SCN 10..20".
std::string describe(const stream_range& x);

/// The code of an error about log that is missing, where `known` may be why: io_error if the medium failed on
/// one of them, for then the log may be there; else bytes_missing.
errc code_of_loss(const std::vector<damage>& known);

/// The same as an error; the code is that of `why`, file_not_exist turned into bytes_missing.
error to_error(const damage& x);

} // namespace varve
