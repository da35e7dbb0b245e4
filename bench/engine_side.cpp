#include "bench/engine_side.hpp"

#include <algorithm>
#include <chrono>

namespace varve::bench {
namespace {

scn wall_clock() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<scn>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

} // namespace

error refused(const append_answer& answer) {
  if (answer.outcome == append_outcome::error)
    return answer.failed;
  return fail(errc::io_error, "the engine did not take an entry of the benchmark (outcome " +
                                  std::to_string(static_cast<int>(answer.outcome)) + ")");
}

result<std::unique_ptr<engine_side>> engine_side::open(const engine_setup& setup) {
  auto side = std::unique_ptr<engine_side>(new engine_side);
  side->archive_directory_ = setup.directory + "/archive";
  archive_options options;
  options.data_directory = setup.directory + "/data";
  options.budget_bytes = setup.budget_bytes;
  options.destination_bytes_per_second = setup.write_rate;
  VARVE_TRY_ASSIGN(side->engine_, archive_engine::open(options));
  auto compression = std::string(to_string(setup.codec));
  for (const auto& statement :
       {"ALTER SYSTEM SET backup_dest = 'file://" + side->archive_directory_ + "'",
        "ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=" + setup.interval + "'",
        std::string("ALTER SYSTEM SET backup_log_archive_option = '") +
            (setup.mode == archive_mode::mandatory ? "mandatory" : "optional") +
            " compression= " + compression + "'"})
    VARVE_TRY(side->engine_->execute(statement));
  side->tenants_ = setup.tenants;
  for (std::size_t i = 0; i < setup.tenants; ++i)
    VARVE_TRY(side->engine_->register_tenant(side->tenant_at(i), "bench" + std::to_string(i + 1)));
  VARVE_TRY(side->engine_->execute("ALTER SYSTEM ARCHIVELOG"));
  for (std::size_t i = 0; i < setup.tenants * setup.streams; ++i) {
    VARVE_TRY_ASSIGN(auto stream,
                     side->engine_->open_stream(side->tenant_at(i / setup.streams),
                                                stream_id{i % setup.streams + 1}, {.start_lsn = 0}));
    side->streams_.push_back(std::move(stream));
  }
  side->next_lsn_.resize(side->streams_.size());
  for (std::size_t i = 0; i < side->streams_.size(); i += setup.streams) {
    auto first = side->append(i, as_bytes("first"));
    if (first.outcome != append_outcome::accepted)
      return refused(first);
  }
  VARVE_TRY(side->flush());
  return side;
}

engine_side::~engine_side() {
  streams_.clear();
  engine_.reset();
}

log_entry engine_side::next_entry(std::size_t stream, bytes_view payload) {
  last_scn_ = std::max(last_scn_ + 1, wall_clock());
  auto at = next_lsn_[stream];
  return {at, at + std::max<std::size_t>(payload.size(), 1), last_scn_, payload};
}

append_answer engine_side::append(std::size_t stream, bytes_view payload) {
  auto entry = next_entry(stream, payload);
  auto answer = streams_[stream]->append_wait(entry);
  if (answer.outcome == append_outcome::accepted)
    next_lsn_[stream] = entry.next_lsn;
  return answer;
}

append_answer engine_side::try_append(std::size_t stream, bytes_view payload) {
  auto entry = next_entry(stream, payload);
  auto answer = streams_[stream]->append(entry);
  if (answer.outcome == append_outcome::accepted)
    next_lsn_[stream] = entry.next_lsn;
  return answer;
}

status engine_side::flush() {
  std::vector<durable_future> asked;
  asked.reserve(tenants_);
  for (std::size_t i = 0; i < tenants_; ++i)
    asked.push_back(engine_->flush(tenant_at(i)));
  status outcome;
  for (auto& each : asked)
    if (auto answer = each.get(); outcome.ok())
      outcome = answer.outcome;
  return outcome;
}

status engine_side::advance() {
  last_scn_ = std::max(last_scn_, wall_clock());
  for (std::size_t i = 0; i < tenants_; ++i)
    VARVE_TRY(engine_->advance(tenant_at(i), last_scn_));
  return {};
}

status engine_side::close() {
  streams_.clear();
  return engine_->close();
}

} // namespace varve::bench
