#pragma once

#include "engine/archive_engine.hpp"

namespace varve {

class archive_engine_impl;

/// Runs statements one after the other and stops at the first error. Of more than one, the error
/// says which failed.
result<std::vector<sql_result>> execute_statements(archive_engine_impl& engine, std::string_view text);

/// What a statement without rows answers.
inline sql_result done(std::string message) {
  sql_result made;
  made.message = std::move(message);
  return made;
}

} // namespace varve
