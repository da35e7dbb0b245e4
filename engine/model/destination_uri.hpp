#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <string_view>

namespace varve {

enum class destination_kind : std::uint8_t { file, memory };

/// Where an archive lies: "file:///absolute/path", or "memory://name" (this process only, for tests and
/// benchmarks). OSS, S3 and nfs:// are refused by name until they are built.
struct destination_uri {
  destination_kind kind = destination_kind::file;
  std::string path;             ///< file: absolute, without a trailing '/'; memory: the name

  std::string to_string() const;
  friend bool operator==(const destination_uri&, const destination_uri&) = default;
};

/// At most 2048 characters. Refused with invalid_destination: an unknown scheme, a relative path, '?' in a
/// file URI (SPEC section 1.2), an empty path, "." or ".." components, control characters, bytes that are
/// not UTF-8.
result<destination_uri> parse_destination_uri(std::string_view text);

} // namespace varve
