#pragma once

#include "actors/archive_runtime.hpp"
#include "engine/engine_environment.hpp"
#include "tests/sim/sim_dba.hpp"
#include "tests/sim/sim_host.hpp"
#include "tests/sim/sim_world.hpp"

#include <map>
#include <tuple>

namespace varve::test {

/// One process of the simulated database: the whole archive engine behind its front door, on simulated
/// storage and time, with the hosts of its tenants and its DBA.
class sim_engine : private archive_listener {
public:
  sim_engine(sim_world& world, std::string name, std::shared_ptr<crash_catalog> catalog);
  ~sim_engine() override;

  /// Opens the engine and begins to work. The world may go on, and even end this process, meanwhile.
  void boot();
  /// The process ends between two instructions; its catalog stays.
  void kill();
  /// The engine is closed as a host closes it; then the process ends.
  void close();
  /// What the host says of a tenant that the world has gone, or has again.
  status drop(tenant_id tenant);
  status register_again(tenant_id tenant);
  bool knows(tenant_id tenant) const;
  void stand_still(duration_ns time) { process_.stand_still(time); }
  void freeze(); ///< until it is killed, no call of its storage has an effect any more

  const std::string& name() const { return name_; }
  const std::shared_ptr<crash_catalog>& catalog() const { return catalog_; }
  sim_world& world() { return world_; }
  archive_engine& door() { return *engine_; }
  sim_dba& dba() { return dba_; }
  bool alive() const { return *alive_; }
  bool stands_still() const { return process_.stands_still(); }
  /// Some call of its door waits for an answer: a second one, on the one thread there is, must not wait for
  /// it.
  bool in_call() const { return calls_ > 0; }
  /// Lives while such a call is made.
  class call {
  public:
    explicit call(sim_engine& of) : calls_(of.calls_) { ++calls_; }
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    ~call() { --calls_; }

  private:
    unsigned& calls_;
  };
  /// For callbacks and actions that may come when the process has ended.
  std::shared_ptr<const bool> life() const { return alive_; }

  /// Its calls wait for answers only this part of the time they say: as if its actors were so much slower.
  void give_up_sooner(std::uint64_t part) { hurry_ = part; }

  void stop_writing() { writing_ = false; }
  void go_on_writing() { writing_ = true; }
  bool writing() const { return writing_; }
  void fall_silent() { silent_ = true; } ///< its hosts do nothing any more
  bool silent() const { return silent_; }

  bool is_mandatory(tenant_id tenant) const;
  bool needs_dba(tenant_id tenant) const; ///< no log of it is taken until somebody says ARCHIVELOG
  /// Everything the host has written of the tenant is committed, and the checkpoint has reached the end.
  bool caught_up(tenant_id tenant) const;
  std::uint64_t owed_bytes() const;             ///< of log that is not archived yet
  std::string standing(tenant_id tenant) const; ///< why not, for a report
  std::size_t open_waits() const;
  std::optional<round_status_record> row(tenant_id tenant) const;
  sim_host* host(tenant_id tenant);        ///< nullptr: none yet, or the process has ended
  void publish();                          ///< what its views say counts as told
  void watch_checkpoint(tenant_id tenant); ///< as a view shows it, it does not go back
  /// What holds at every moment, for every engine.
  void check_memory() const;

private:
  friend class sim_host;
  engine_environment environment();
  result<std::shared_ptr<destination>> open(const destination_uri& uri);

  void on_round_began(tenant_id tenant, round_id round) override;
  void on_room(tenant_id tenant, stream_id stream, lsn expected) override;
  void on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view why) override;
  void on_interrupted(tenant_id tenant, std::string_view why) override;
  void on_fenced(tenant_id tenant, std::string_view why) override;
  void on_durable(tenant_id tenant, stream_id stream, stream_position position) override;
  void on_error(const error& why) override;
  bool knows_break(tenant_id tenant) const;

  sim_world& world_;
  const std::string name_;
  std::shared_ptr<crash_catalog> catalog_;
  sim_process process_;
  std::vector<std::shared_ptr<fault_destination>> handles_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<archive_engine> engine_;
  archive_runtime* runtime_ = nullptr;
  std::map<tenant_id, std::unique_ptr<sim_host>> hosts_;
  std::map<std::tuple<std::string, tenant_id, round_id>, scn> seen_; // checkpoints
  sim_dba dba_;
  bool writing_ = true, silent_ = false;
  unsigned calls_ = 0;
  std::uint64_t hurry_ = 1;
};

} // namespace varve::test
