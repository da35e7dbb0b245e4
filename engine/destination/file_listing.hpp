#pragma once

#include "engine/destination/destination.hpp"
#include "engine/destination/file_root.hpp"

namespace varve {

/// One thing directly in a folder that has the name of an object or folder of ours and is a regular file or a
/// folder; everything else that may lie there (what was written aside, links, strangers) is not ours.
struct folder_entry {
  std::string name;
  bool is_folder = false;
  std::uint64_t size = 0; ///< of a file
};

/// In any order. An absent folder is empty.
result<std::vector<folder_entry>> read_folder(const file_root& root, std::string_view folder);

} // namespace varve
