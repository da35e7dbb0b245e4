#pragma once

#include "actors/archive_runtime.hpp"
#include "catalog/catalog.hpp"
#include "engine/actor_answers.hpp"
#include "engine/archive_engine.hpp"
#include "engine/directory_lock.hpp"
#include "engine/engine_environment.hpp"
#include "engine/restore_session.hpp"
#include "engine/tenant_settings.hpp"

#include <caf/all.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>

namespace varve {

/// The two ends of a durable_future.
struct durable_future::shared_state {
  void fulfil(const durable_answer& with);
  mutable std::mutex mutex;
  mutable std::condition_variable ready;
  std::optional<durable_answer> answer;
};

/// The futures that somebody may still wait for, so that close() can fulfil them; keeps none of them.
/// Thread-safe.
class open_futures {
public:
  void add(const std::shared_ptr<durable_future::shared_state>& future);
  std::vector<std::weak_ptr<durable_future::shared_state>> take();
  std::size_t held() const;
  std::uint64_t looks() const; ///< at futures, to let go of those that nobody waits for any more

private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<durable_future::shared_state>> held_;
  std::size_t look_at_ = 1024; // as many
  std::uint64_t looks_ = 0;
};

/// What stands behind archive_engine. Members in the order they are needed; the runtime ends before the actor
/// system, the actor system before the catalog.
class archive_engine_impl final : public archive_engine {
public:
  /// Of options that are right, on a catalog that nobody else has; `lock`, if the catalog lies in a data
  /// directory. A catalog without an identity gets one. Tenants as the catalog knows them.
  static result<std::unique_ptr<archive_engine>> open(archive_options options,
                                                      std::optional<directory_lock> lock,
                                                      std::unique_ptr<catalog> where,
                                                      engine_environment environment);
  ~archive_engine_impl() override;

  status close() override;
  void set_listener(archive_listener* listener) override;
  status register_tenant(tenant_id tenant, std::string_view name) override;
  status drop_tenant(tenant_id tenant) override;
  result<std::unique_ptr<log_stream>> open_stream(tenant_id tenant, stream_id stream,
                                                  stream_options options) override;
  status drop_stream(tenant_id tenant, stream_id stream, lsn final_lsn) override;
  status advance(tenant_id tenant, scn upto) override;
  durable_future flush(tenant_id tenant) override;
  result<std::vector<sql_result>> execute(std::string_view text) override;
  result<sql_result> query(std::string_view select) override;
  usage memory_usage() const override;
  result<std::string> metrics() const override;

  // ---- for streams and the statement executor
  archive_runtime& runtime() { return *runtime_; }
  unix_ns now() const { return environment_.now(); }
  const engine_environment& environment() const { return environment_; }
  const random_id& archive() const { return identity_.archive; }
  const std::string& writer_tag() const { return writer_tag_; }
  bool closed() const { return closed_.load(); }
  /// Holds off close() while it lives, for calls that speak to the catalog writer or make actors. Not taken
  /// twice by one thread, and not held over what may hang. Errors: closed.
  result<std::shared_lock<std::shared_mutex>> use() const;
  /// close() fulfils it.
  void hold(const std::shared_ptr<durable_future::shared_state>& waiting) { waiting_.add(waiting); }

  /// A tenant as its records say, ready for the runtime.
  result<archive_runtime::tenant_facts> facts_of(const catalog_snapshot& from,
                                                 const tenant_record& record) const;
  std::shared_ptr<const catalog_snapshot> snapshot(); ///< with everything that waits for the next batch
  status apply(const change_set& changes);            ///< synced
  /// Gives orders to tenants and waits for all answers, at most `limit` or, where that is longer, as long as
  /// the end of a round may take; and not longer than until close().
  status order(const std::vector<std::pair<tenant_id, tenant_order>>& what, duration_ns limit);
  void stop_pulling(tenant_id tenant, stream_id stream); ///< the source is not called any more
  bool standing_order() const;
  void set_standing_order(bool on, change_set& changes);
  std::mutex& statements() { return statements_; }
  restore_session& restoring() { return restoring_; }

private:
  friend class engine_stream;
  archive_engine_impl(archive_options options, std::optional<directory_lock> lock,
                      std::unique_ptr<catalog> where, const catalog_identity& identity,
                      engine_environment environment);
  status start();
  status begin_round(tenant_id tenant, const tenant_settings& settings);
  status take_drop_back(archive_runtime::tenant_facts& facts);
  status end_and_forget(tenant_id tenant); ///< one that nobody can open a stream of any more
  std::shared_ptr<actor_answers> give(const std::vector<std::pair<tenant_id, tenant_order>>& what);
  void tell(const error& why); ///< the listener, of what no call of the host's waits for

  archive_options options_;
  engine_environment environment_;
  std::optional<directory_lock> lock_;
  std::unique_ptr<catalog> catalog_;
  mutable std::mutex identity_mutex_;
  catalog_identity identity_;
  std::string writer_tag_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> own_actors_; // unless the environment has a system
  std::unique_ptr<archive_runtime> runtime_;
  mutable std::shared_mutex in_use_; // by calls: shared, by close(): alone
  std::mutex statements_;            // one statement at a time
  restore_session restoring_;
  std::atomic<archive_listener*> listener_{nullptr};
  std::atomic<bool> closed_{false}; // every append asks
  open_futures waiting_;
  std::mutex mutex_;      // guards all below
  bool silent_ = false;   // it has ended
  std::string last_told_; // the same again is not told
};

} // namespace varve
