#pragma once

#include "engine/archive_engine.hpp"
#include "engine/reader/needed_pieces.hpp"

namespace varve {

/// A restore as it was asked for.
struct asked_restore {
  tenant_id tenant;
  std::optional<scn> until; ///< empty: everything that is committed
  std::string destination;  ///< as destination::describe(): without credentials
};

/// "tenant 1001 from file:///backup/mydb until 2026-01-01 00:00:00.000000"
std::string describe(const asked_restore& x);

/// What SHOW RESTORE PREVIEW prints: a row per piece that the restore needs, in the order it needs them;
/// OceanBase's five columns, and ours behind them. `looked_at`: wall clock, for the message. Pure.
sql_result list_restore_preview(const asked_restore& asked, const needed_pieces& found, unix_ns looked_at);

/// The same without a preview: no rows, and why there is none in the message. Pure.
sql_result no_restore_preview(std::string_view why);

} // namespace varve
