#pragma once

#include "actors/archive_runtime.hpp"
#include "tests/sim/sim_world.hpp"

namespace varve::test {

/// One engine as the door would run it, without the door: a process with the actors, its catalog, and the
/// host that hands the log of all tenants over to it.
class sim_engine : private archive_listener {
public:
  static inline const std::string uri = "memory://simulated"; ///< where all engines archive to

  sim_engine(sim_world& world, std::string name, std::shared_ptr<crash_catalog> catalog);
  ~sim_engine() override;

  /// The process ends between two instructions; its catalog stays.
  void kill();

  const std::string& name() const { return name_; }
  const std::shared_ptr<crash_catalog>& catalog() const { return catalog_; }

  /// The host stops writing new log and hands over only what there is.
  void stop_writing() { writing_ = false; }
  bool fenced(tenant_id tenant) const;
  /// The DBA says ARCHIVELOG for a tenant that was fenced.
  void take_back(tenant_id tenant);
  /// Everything the host has written of the tenant is committed, and the checkpoint has reached `upto`.
  bool caught_up(tenant_id tenant, scn upto) const;
  /// Why not, for a report.
  std::string standing(tenant_id tenant) const;
  std::size_t open_waits() const { return open_waits_; }
  void publish();

  /// Another engine owns the tenant now: what was not accepted here before must never be acknowledged here.
  void freeze(tenant_id tenant);
  bool has_acknowledged(tenant_id tenant) const { return acknowledging_.contains(tenant); }

private:
  struct stream_host {
    std::shared_ptr<stream_buffer> buffer;
    std::optional<lsn> frozen_at;
    lsn durable = 0;
  };
  struct tenant_host {
    std::map<stream_id, stream_host> streams;
    std::optional<stream_id> rests; // the host writes nothing to it
  };

  std::ptrdiff_t draw_index(std::size_t below);
  archive_runtime::tenant_facts facts_of(tenant_id tenant) const;
  void host_turn(tenant_id tenant);
  void hand_over(tenant_id tenant, stream_id id, stream_host& to);
  void advance(tenant_id tenant, tenant_host& host);
  void wait(tenant_id tenant, tenant_host& host);
  void acknowledge(tenant_id tenant, stream_id id, const stream_position& position);
  void refused(tenant_id tenant, stream_id id, const append_answer& answer);

  void on_room(tenant_id tenant, stream_id stream, lsn expected) override;
  void on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view why) override;
  void on_interrupted(tenant_id tenant, std::string_view why) override;
  void on_fenced(tenant_id tenant, std::string_view why) override;
  void on_durable(tenant_id tenant, stream_id stream, stream_position position) override;

  sim_world& world_;
  const std::string name_;
  std::shared_ptr<crash_catalog> catalog_;
  sim_process process_;
  std::vector<std::shared_ptr<fault_destination>> handles_;
  std::unique_ptr<archive_runtime> runtime_;
  std::map<tenant_id, tenant_host> hosts_;
  std::set<tenant_id> acknowledging_;
  std::size_t open_waits_ = 0;
  bool writing_ = true;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); // host turns and callbacks look at it
};

} // namespace varve::test
