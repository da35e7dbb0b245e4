#pragma once

#include "engine/base/text.hpp"
#include "engine/destination/destination.hpp"

namespace varve {

/// What every destination says first: invalid_argument unless `path` is an object path.
inline status check_object_path(std::string_view path) {
  if (is_object_path(path))
    return {};
  return fail(errc::invalid_argument, in_quotes(path, 100) + " is not a name of an object");
}

/// The same for the folder of a listing, where "" is the whole destination.
inline status check_folder_path(std::string_view prefix) {
  if (prefix.empty() || is_object_path(prefix))
    return {};
  return fail(errc::invalid_argument, in_quotes(prefix, 100) + " is not a name of a folder");
}

/// The error of every use of a segment after its first failure.
inline error broken_segment(const error& first) {
  auto failed = first;
  failed.message = "the segment is given up since an earlier failure: " + first.message;
  return failed;
}

} // namespace varve
