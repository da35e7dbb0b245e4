#pragma once

#include "engine/archive_engine.hpp"
#include "engine/statement/parameters.hpp"

namespace varve {

struct shown_parameter {
  const parameter* which = nullptr;
  std::string value;
  bool own = false;     ///< set for this tenant
  bool initial = false; ///< nobody has set it
};

/// What SHOW PARAMETERS prints: those whose name is like `pattern` (% any text, _ one character, in any
/// case), in the order given. Columns of OceanBase; an engine within its host has no zone, address or port.
/// INFO ends with range and initial value. Pure.
sql_result list_parameters(std::span<const shown_parameter> all, std::string_view pattern);

} // namespace varve
