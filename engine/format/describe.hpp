#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/error.hpp"
#include "engine/format/description.hpp"

#include <optional>
#include <string_view>

namespace varve {

/// What an object says about itself, as far as it can be read.
struct inspection {
  description what;
  std::optional<error>
      problem; ///< the first thing that is not sound; nullopt: every checksum and field holds
};

/// Any object of this format, or a file that begins with a block, by its first bytes; `where` names it in the
/// description and in the problem. Never fails: what cannot be read is a problem, and everything before it,
/// and for a segment also after it, is described.
///
/// A segment's blocks are listed by walking their headers, each body is decompressed and proved, and the
/// footer is compared with them. A file of bare blocks also lists the entries.
inspection describe_object(bytes_view object, std::string_view where);

} // namespace varve
