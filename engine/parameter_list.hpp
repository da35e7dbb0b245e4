#pragma once

#include "engine/statement_executor.hpp"

namespace varve {

/// What SHOW PARAMETERS prints: NAME, VALUE and INFO of every parameter this version knows whose name is like
/// `pattern` (% any text, _ one character, in any case), sorted by name. Values are canonical; a parameter
/// that was never set shows its default. Pure.
sql_result list_parameters(const tenant_settings& settings, std::string_view pattern);

} // namespace varve
