#pragma once

#include "engine/base/result.hpp"

#include <optional>
#include <string_view>

struct sqlite3;

namespace varve {

/// What the authorizer refused, for the error the user sees.
struct select_refusal {
  std::optional<error> refused;
};

/// SQLite's authorizer callback; `refusal` is a select_refusal. Lets through SELECT, reading views,
/// recursion, and functions that reach nothing outside the query.
int authorize_select(void* refusal, int action, const char* first, const char* second, const char* schema,
                     const char* trigger);

/// not_supported: `what` was asked of something that only knows SELECT.
error only_select(std::string_view what);

/// SQLite's last error on `connection` in our words: while it read `text` (the text is wrong), or while it
/// ran it (a value is).
error explain_prepare(sqlite3* connection, int outcome, std::string_view text);
error explain_step(sqlite3* connection, int outcome);

} // namespace varve
