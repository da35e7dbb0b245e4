#pragma once

#include "engine/base/time.hpp"
#include "engine/destination/destination.hpp"
#include "engine/engine_environment.hpp"
#include "engine/format/object_header.hpp"

#include <memory>
#include <string>

namespace varve {

/// Opens a destination that belongs to archive `archive`, to write to it. It must have been prepared: a path
/// without our `format` object is invalid_destination (an unmounted file system looks like that), one with
/// another's foreign_destination.
result<std::shared_ptr<destination>> open_prepared(const uri_opener& open, const std::string& uri,
                                                   const random_id& archive, const std::string& writer_tag);

/// What SET backup_dest does: opens or makes the directory, tries everything the engine will rely on, and
/// makes it ours, unless it is already. foreign_destination: it belongs to another archive.
status prepare_destination(const uri_opener& open, const std::string& uri, const random_id& archive,
                           const std::string& writer_tag, unix_ns now);

} // namespace varve
