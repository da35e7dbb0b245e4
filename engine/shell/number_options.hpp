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

/// For CLI11's check(): decimal digits of a number below 2^64; "" if it is, else what is wrong. Without it a
/// negative number wraps and one too large is cut.
std::string check_whole_number(const std::string& text);

} // namespace varve::shell
