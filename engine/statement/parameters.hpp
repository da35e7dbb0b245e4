#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

/// The parameters of ALTER SYSTEM SET and SHOW PARAMETERS: one row each (SPEC section 2.1).
namespace varve {

/// What a value is and how it is read. The three options have their own texts, see option_string.hpp.
enum class parameter_kind : std::uint8_t {
  uri,
  dest_option,
  copy_option,
  archive_option,
  time,
  capacity,
  number,
  truth,
  text
};

/// What a SET does in this version.
enum class parameter_effect : std::uint8_t {
  works,      ///< takes effect at once
  none,       ///< kept and shown, so that a script goes through; SET warns that it changes nothing
  state,      ///< shows a state that statements change; SET may only say what is so
  unsupported ///< refused: it belongs to something that is not built yet
};

struct parameter {
  std::string_view name; ///< lower case
  parameter_kind kind = parameter_kind::text;
  parameter_effect effect = parameter_effect::none;
  std::string_view initial; ///< canonical value before the first SET
  std::uint64_t least = 0;  ///< of a time (nanoseconds), a capacity (bytes) or a number
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::string_view info; ///< what it does, or why it does nothing
};

/// All of them, sorted by name.
std::span<const parameter> parameters();

/// The parameter of a name in any case; nullptr if there is none.
const parameter* find_parameter(std::string_view name);

/// The parameter that was probably meant by a misspelt name; empty if none is near.
std::string_view nearest_parameter(std::string_view name);

/// "STRING", "TIME", "CAPACITY", "INT", "BOOL": DATA_TYPE of SHOW PARAMETERS.
std::string_view type_of(const parameter& which);

/// "[5s, 1h]", "[4M, )"; empty for what has no range.
std::string range_of(const parameter& which);

/// The one text for a value of a time, capacity, number, truth value or text: "90" and "90s" are "90s", "on"
/// is "True". A time without a unit is in seconds, a capacity in bytes; K, M, G, T and P are powers of 1024.
/// invalid_argument: unreadable or out of range.
result<std::string> canonical_value(const parameter& which, std::string_view value);

} // namespace varve
