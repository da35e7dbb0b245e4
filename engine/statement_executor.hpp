#pragma once

#include "engine/archive_engine.hpp"

namespace varve {

class archive_engine_impl;
class catalog_snapshot;

/// The parameters in force for one tenant: its own where it has them, else those of all.
struct tenant_settings {
  std::string destination; ///< backup_dest; empty: not set
  dest_option option;
  archive_option how;
  static result<tenant_settings> of(const catalog_snapshot& from, tenant_id tenant);
};

/// Runs statements one after the other and stops at the first error. Of more than one, the error
/// says which failed.
result<std::vector<sql_result>> execute_statements(archive_engine_impl& engine, std::string_view text);

} // namespace varve
