#include "engine/shell/sql_session.hpp"

#include "engine/data_directory.hpp"
#include "engine/shell/statement_text.hpp"
#include "engine/shell/wall_clock.hpp"

namespace varve::shell {

result<std::vector<sql_result>> sql_session::execute(std::string_view statement) {
  if (!engine_ && only_reads(statement)) {
    auto table = query_data_directory(data_directory_, statement, wall_clock());
    if (table.ok())
      return std::vector<sql_result>{std::move(*table)};
    if (table.code() != errc::file_not_exist) // else there is no catalog yet, and it is made
      return table.error();
  }
  if (!engine_) {
    archive_options options;
    options.data_directory = data_directory_;
    VARVE_TRY_ASSIGN(engine_, archive_engine::open(options));
  }
  return engine_->execute(statement);
}

status sql_session::close() {
  return engine_ ? engine_->close() : status{};
}

} // namespace varve::shell
