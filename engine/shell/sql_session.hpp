#pragma once

#include "engine/archive_engine.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace varve::shell {

/// Statements on a data directory. SELECT reads the catalog as it stands, whoever owns the directory; the
/// first statement that does more makes this process its owner, until close().
class sql_session {
public:
  explicit sql_session(std::string data_directory) : data_directory_(std::move(data_directory)) {}

  /// One statement. Errors: as archive_engine::open (already_open, with the owner's pid) and execute.
  result<std::vector<sql_result>> execute(std::string_view statement);
  /// As archive_engine::close.
  status close();

private:
  const std::string data_directory_;
  std::unique_ptr<archive_engine> engine_; // once it is the owner
};

} // namespace varve::shell
