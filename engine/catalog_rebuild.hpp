#pragma once

#include "catalog/catalog.hpp"
#include "engine/data_directory.hpp"
#include "engine/destination/destination.hpp"

namespace varve {

/// The work of rebuild_catalog(data_directory, uri), on a catalog and a destination that are open: `made`
/// counts what is written, and says what is damaged. `data_directory` and `uri` are for messages and for the
/// records. Blocks. Errors, after which the catalog is as it was: foreign_destination, what reading the
/// destination (io_error: an object could not be looked at) and writing the catalog give.
status rebuild_catalog(catalog& into, const std::string& data_directory, destination& where,
                       const std::string& uri, rebuilt_catalog& made);

} // namespace varve
