#pragma once

#include "engine/base/result.hpp"
#include "engine/shell/demo_journal.hpp"

#include <string>

namespace varve::shell {

/// What came of restoring the demo's archive into an empty database and comparing it with the journal.
struct demo_comparison {
  std::uint64_t entries = 0, log_bytes = 0; ///< restored
  std::uint64_t keys = 0;                   ///< compared
  std::uint64_t differences = 0;            ///< keys missing, too many, or with another value
  std::string first_difference;
};

/// Restores the archive up to `until` into a new RocksDB in `directory` and compares it key by key with what
/// the journal says the database held then.
result<demo_comparison> restore_and_compare(const std::string& destination, scn until,
                                            const std::string& directory, const demo_journal& journal);

} // namespace varve::shell
