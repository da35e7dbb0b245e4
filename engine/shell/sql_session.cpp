#include "engine/shell/sql_session.hpp"

#include "engine/data_directory.hpp"
#include "engine/shell/statement_text.hpp"

#include <chrono>

namespace varve::shell {
namespace {

class owner_session final : public sql_session {
public:
  explicit owner_session(std::unique_ptr<archive_engine> engine) : engine_(std::move(engine)) {}
  result<std::vector<sql_result>> execute(std::string_view statement) override {
    return engine_->execute(statement);
  }
  std::string read_only_because() const override { return {}; }
  status close() override { return engine_->close(); }

private:
  std::unique_ptr<archive_engine> engine_;
};

class reader_session final : public sql_session {
public:
  reader_session(std::string data_directory, error owned)
      : data_directory_(std::move(data_directory)), owned_(std::move(owned)) {}

  result<std::vector<sql_result>> execute(std::string_view statement) override {
    if (!only_reads(statement))
      return owned_;
    auto since = std::chrono::system_clock::now().time_since_epoch();
    auto now = static_cast<unix_ns>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    VARVE_TRY_ASSIGN(auto table, query_data_directory(data_directory_, statement, now));
    std::vector<sql_result> results;
    results.push_back(std::move(table));
    return results;
  }
  std::string read_only_because() const override { return owned_.message; }
  status close() override { return {}; }

private:
  std::string data_directory_;
  error owned_;
};

} // namespace

result<std::unique_ptr<sql_session>> sql_session::open(const std::string& data_directory) {
  archive_options options;
  options.data_directory = data_directory;
  auto engine = archive_engine::open(options);
  if (engine)
    return std::unique_ptr<sql_session>(std::make_unique<owner_session>(std::move(*engine)));
  if (engine.code() != errc::already_open)
    return engine.error();
  return std::unique_ptr<sql_session>(std::make_unique<reader_session>(data_directory, engine.error()));
}

} // namespace varve::shell
