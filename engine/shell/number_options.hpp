#pragma once

#include "engine/base/result.hpp"
#include "engine/model/ids.hpp"

#include <string>
#include <string_view>

/// Values of command line options. Errors: invalid_argument, with what was meant to be there.
namespace varve::shell {

/// "4096", "64k", "8MiB", "1g": bytes; k, m, g, t are powers of 1024.
result<std::uint64_t> parse_byte_count(std::string_view text);

/// A time as parse_time() reads it, or an SCN.
result<scn> parse_moment(std::string_view text);

/// An absolute or relative path, or a URI: what a destination is called on the command line. A path becomes
/// file://.
result<std::string> destination_of(std::string_view text);

} // namespace varve::shell
