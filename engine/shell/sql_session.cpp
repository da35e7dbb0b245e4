#include "engine/shell/sql_session.hpp"

#include "engine/data_directory.hpp"
#include "engine/shell/statement_text.hpp"

#include <chrono>

namespace varve::shell {

result<std::vector<sql_result>> sql_session::execute(std::string_view statement) {
  if (!engine_ && only_reads(statement)) {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    auto now = static_cast<unix_ns>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    auto table = query_data_directory(data_directory_, statement, now);
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
