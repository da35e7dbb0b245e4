#pragma once

#include "actors/archive_runtime.hpp"
#include "engine/reader/committed_state.hpp"
#include "tests/actors/block_samples.hpp"
#include "tests/harness/crash_catalog.hpp"
#include "tests/harness/fault_destination.hpp"
#include "tests/harness/simulation.hpp"

namespace varve::test {

/// What the host was told, in order: "room 1", "resend 1 from 30", "durable 1 to 50" … (streams of any
/// tenant).
struct recording_listener : archive_listener {
  std::vector<std::string> heard;
  bool has(std::string_view what) const;

  void on_round_began(tenant_id, round_id round) override;
  void on_room(tenant_id, stream_id stream, lsn expected) override;
  void on_resend_from(tenant_id, stream_id stream, lsn from, std::string_view why) override;
  void on_interrupted(tenant_id, std::string_view reason) override;
  void on_alarm(tenant_id, stream_id stream, lsn distance) override;
  void on_fenced(tenant_id, std::string_view reason) override;
  void on_durable(tenant_id, stream_id stream, stream_position position) override;
};

/// The actors of an engine in virtual time, over media that fail as told and a catalog in memory. A medium is
/// reached as "memory://<its name>".
class runtime_fixture {
public:
  struct options {
    std::uint64_t seed = 1;
    std::uint64_t budget_bytes = std::uint64_t{8} << 20;
    std::uint32_t block_bytes = 4'096;
    std::uint64_t segment_bytes = 64 << 10, sync_bytes = 1 << 20;
    std::uint64_t commit_blocks = 16 << 10;
    unsigned workers = 2, io_threads = 2;
    dest_option option;
    std::shared_ptr<crash_catalog> catalog; ///< of an engine before
    std::shared_ptr<fault_medium> medium;   ///< it wrote to
    unix_ns began_at = 1'700'000'000 * one_second;
  };
  explicit runtime_fixture(options given);
  runtime_fixture() : runtime_fixture(options{}) {}
  ~runtime_fixture();

  /// Of another engine, now, with a copy of this one's catalog and on its medium.
  options on_the_same() const;

  /// The tenant as the catalog knows it.
  void add_tenant(tenant_id id = tenant);
  status archivelog(tenant_id id = tenant, const std::string& uri = "memory://d");
  status noarchivelog(tenant_id id = tenant);
  status give_order(tenant_id id, tenant_order what);
  /// Opens a stream; its log begins where the host says or with its first entry.
  std::shared_ptr<stream_buffer> open(std::uint64_t stream, std::optional<lsn> start = lsn{0},
                                      tenant_id id = tenant);
  /// Hands over `count` entries of ten LSNs and one microsecond each, from where the stream stands, at the
  /// present time. Each must be accepted.
  void write(std::uint64_t stream, std::size_t count = 3, tenant_id id = tenant,
             std::size_t payload_bytes = 50);
  /// Asks for a commit that covers all the tenant took; its answer, or nullopt within ten minutes.
  std::optional<durable_answer> flush(tenant_id id = tenant);
  /// The same by a host that asks once more where it was told that log was given up.
  std::optional<durable_answer> flush_as_told(tenant_id id = tenant);
  std::shared_ptr<std::optional<durable_answer>> ask(durable_wait_ptr what, tenant_id id = tenant);

  /// Lets time pass.
  void run_for(duration_ns duration);
  /// Runs until it is so; false: not within `limit`.
  bool run_until(const std::function<bool()>& so, duration_ns limit = 10 * one_minute);
  unix_ns now() const { return given.began_at + world.now() - set_back; }

  archive_runtime::tenant_facts facts_of(tenant_id id = tenant) const; ///< as the catalog has them
  round_status_record row(tenant_id id = tenant) const;
  committed_state committed(tenant_id id = tenant, const std::string& name = "d");
  fault_medium& medium(const std::string& name = "d") { return *media.at(name); }
  std::vector<object_path> paths(std::string_view part, const std::string& name = "d");

  const options given;
  duration_ns set_back = 0; ///< of the wall clock; what is measured by timers goes on
  simulation world;
  std::map<std::string, std::shared_ptr<fault_medium>> media;
  std::optional<error> cannot_open; ///< why no destination can be opened any more
  std::shared_ptr<crash_catalog> catalog;
  recording_listener listener;
  std::vector<error> errors;
  std::unique_ptr<sim_process> process;
  std::unique_ptr<archive_runtime> runtime;

private:
  std::map<std::pair<tenant_id, std::uint64_t>, scn> last_scn_;
  std::vector<std::shared_ptr<fault_destination>> handles_;
};

/// The order that log_stream::log_recycled() of stream 1 gives.
tenant_order log_recycled(lsn oldest);

} // namespace varve::test
