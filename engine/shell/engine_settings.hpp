#pragma once

#include "engine/archive_engine.hpp"
#include "engine/base/time.hpp"

#include <string>

/// What a command asks the engine before it begins, through statements and views only.
namespace varve::shell {

/// The value SHOW PARAMETERS gives; "" where it gives none.
result<std::string> parameter(archive_engine& engine, std::string_view name);

struct archiving {
  std::string destination; ///< canonical URI
  duration_ns checkpoint_interval = 0;
  scn checkpoint = 0; ///< of the tenant's round, rounded up to a microsecond; 0: none yet
};

/// Makes sure that the tenant is archived. With `destination` (a URI or path; "" = whatever is set): sets
/// backup_dest if there is none and says ARCHIVELOG if no round is in force. `interval` "" leaves it as it
/// is. Errors: not_archiving (nothing is set and no destination given), invalid_argument (it archives
/// elsewhere), interrupted, try_again (STOPPING), and those of the statements.
result<archiving> begin_archiving(archive_engine& engine, tenant_id tenant, const std::string& destination,
                                  const std::string& interval);

/// The value of `key` in "key=value&key=value"; "" if it is not there.
std::string option_value(std::string_view options, std::string_view key);

} // namespace varve::shell
