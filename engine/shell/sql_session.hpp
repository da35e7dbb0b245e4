#pragma once

#include "engine/archive_engine.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace varve::shell {

/// Statements on a data directory: as its owner, or, while another process owns it, only those that read.
class sql_session {
public:
  /// Opens the engine on `data_directory`; when a live process owns it, a session that answers SELECT and
  /// SHOW from the catalog as it stands at each statement, and refuses everything else with the owner's pid
  /// (already_open). Errors: as archive_engine::open, and those of the catalog.
  static result<std::unique_ptr<sql_session>> open(const std::string& data_directory);

  virtual ~sql_session() = default;
  /// One statement.
  virtual result<std::vector<sql_result>> execute(std::string_view statement) = 0;
  /// Not empty: only SELECT works, and why.
  virtual std::string read_only_because() const = 0;
  virtual status close() = 0;
};

} // namespace varve::shell
