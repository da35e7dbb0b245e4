#pragma once

#include <span>
#include <string_view>

namespace varve {

/// Every parameter that SET and SHOW PARAMETERS know, lower case, sorted.
std::span<const std::string_view> parameter_names();

/// The parameter's own spelling for a name in any case; empty if there is none.
std::string_view find_parameter(std::string_view name);

/// The parameter that was probably meant by a misspelt name; empty if none is near.
std::string_view nearest_parameter(std::string_view name);

} // namespace varve
