#pragma once

#include "engine/archive_engine.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What can be done with a data directory without an engine: look at it beside a live owner, and make its
/// catalog again from a destination. All functions block.
namespace varve {

/// One SELECT on the views of a data directory, whether or not a process owns it; sees what was written to
/// the catalog before the call. `now`: wall clock, for ages. Errors: as archive_engine::query(),
/// file_not_exist (no catalog there).
result<sql_result> query_data_directory(const std::string& data_directory, std::string_view select,
                                        unix_ns now);

/// What archive_engine::metrics() says of the tenants, whether or not a process owns the directory. Errors:
/// as query_data_directory().
result<std::string> metrics_of_data_directory(const std::string& data_directory, unix_ns now);

struct rebuilt_catalog {
  std::size_t tenants = 0, rounds = 0, pieces = 0, streams = 0;
  bool damaged = false; ///< something at the destination is damaged; `notes` say what
  std::vector<std::string> notes;
};

/// Writes everything that the destination `uri` tells about archived log into the catalog of
/// `data_directory`, in place of what it says now; makes directory and catalog if they are not there, and
/// puts a damaged catalog aside as "catalog.damaged" (one that cannot be opened for another reason stays, and
/// the error says why). Settings stay; where there is none,
/// backup_dest becomes `uri`, and tenants whose round is not over go on archiving at the next open. Errors:
/// already_open (with the owner's pid), foreign_destination, what opening the catalog and reading the
/// destination give: what the catalog says is replaced as a whole or not at all.
result<rebuilt_catalog> rebuild_catalog(const std::string& data_directory, std::string_view uri);

} // namespace varve
