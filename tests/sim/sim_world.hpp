#pragma once

#include "tests/harness/crash_catalog.hpp"
#include "tests/harness/fault_destination.hpp"
#include "tests/sim/archive_model.hpp"
#include "tests/sim/sim_options.hpp"

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace varve::test {

class sim_engine;

/// Makes a writer's handle on the medium: where a test plants a medium that lies.
using handle_maker = std::function<std::shared_ptr<fault_destination>(const std::shared_ptr<fault_medium>&,
                                                                      const std::string& writer)>;

/// A database, the engines that archive its log, and the destinations they share. Everything that happens is
/// drawn from the seed. Throws broken_claim when a claim of the archive does not hold.
class sim_world {
public:
  struct counters {
    std::uint64_t engines = 0, kills = 0, closes = 0, power_failures = 0, takeovers = 0, outages = 0,
                  sleeps = 0, stalls = 0, catalog_failures = 0, lost_directories = 0, fenced = 0, mended = 0,
                  refused_full = 0, rooms = 0, resends = 0, waits = 0, statements = 0, breaks = 0,
                  mistakes = 0, pieces = 0, rounds = 0, given_up = 0, drops = 0;
    void add(const counters& more);
  };

  explicit sim_world(std::uint64_t seed, handle_maker handles = {},
                     std::optional<sim_options> options = std::nullopt);
  ~sim_world();

  /// Faults on: hosts append, DBAs type, storage fails, engines die and are taken over, all as the seed
  /// decides.
  void run_with_faults();
  /// Faults off: one engine stays; within a bound of virtual time everything is archived again, and
  /// destinations, catalog and views say the same.
  void run_until_all_is_committed();

  // For worlds by hand: what run_with_faults() draws.
  void run_for(duration_ns time);
  void run_until_fenced();      ///< some engine, of some tenant
  void start_second_engine();   ///< beside the newest one, with a copy of its catalog
  void kill(std::size_t which); ///< of engines()
  void kill_newest();
  /// All engines die, unsynced bytes are torn, the catalog loses what was not synced (`all`: every bit of
  /// it).
  void power_failure(bool lose_all = false);
  void restart();      ///< on what the last engine left
  void lose_catalog(); ///< of the last engine, and make it again from the first destination

  simulation& world() { return world_; }
  const sim_options& options() const { return options_; }
  archive_model& model() { return model_; }
  host_log& log() { return log_; }
  counters& counts() { return counts_; }
  const counters& counts() const { return counts_; }
  std::uint64_t faults() const;
  std::uint64_t lost_replies() const;
  std::uint64_t times_full() const;

  /// What happened, line by line; the last ones are kept for a failure's report.
  void note(const std::string& what);
  std::string story() const;
  void set_printing(bool on) { printing_ = on; }

  /// A claim does not hold: said in the middle of an actor, thrown after the step.
  void broken(const std::string& what);

  /// What a reader finds now, and what a power failure now would leave, keep the claims.
  void check();

  // For engines, hosts and DBAs.
  bool faults_on() const { return faults_on_; }
  /// What storage may need for so much log, however it falls into blocks.
  duration_ns time_to_archive(std::uint64_t bytes) const;
  std::vector<tenant_id> tenants() const;
  /// The database drops the tenant, or has one of that number again: no engine that starts while it is gone
  /// is told of it.
  void set_gone(tenant_id tenant, bool gone);
  bool is_gone(tenant_id tenant) const { return gone_.contains(tenant); }
  std::optional<stream_id> resting(tenant_id tenant) const; ///< nobody writes to it at present
  std::string uri(std::size_t destination) const;
  std::string home_of(tenant_id tenant) const; ///< its destination at first
  std::shared_ptr<fault_medium> medium_of(const std::string& uri) const;
  std::shared_ptr<fault_destination> open_handle(const std::shared_ptr<fault_medium>& medium,
                                                 const std::string& writer);
  random_id draw_id();
  void acknowledged(sim_engine& by, tenant_id tenant, stream_id stream, std::size_t first, lsn upto);
  /// A view says that a round's checkpoint is this.
  void shown(sim_engine& by, const std::string& uri, tenant_id tenant, const archive_round& round);
  /// What has befallen a tenant at any time: the reasons for what engines refuse or let go.
  struct troubles {
    bool stopped = false, resent = false, broke = false, fenced = false;
  };
  troubles& befell(tenant_id tenant) { return befell_[tenant]; }
  const std::vector<std::unique_ptr<sim_engine>>& engines() const { return engines_; }
  /// Another engine lived at some time while this one did.
  bool had_company(const std::string& of) const { return company_.contains(of); }
  /// The world goes on until `ready`, for `limit` at most, or until the one who waits is dead.
  bool wait(const bool& alive, std::unique_lock<std::mutex>& lock, duration_ns limit,
            const std::function<bool()>& ready);
  bool may_nest() const { return depth_ < 4; } ///< not too many wait already

private:
  struct storage {
    std::string uri;
    std::shared_ptr<fault_medium> medium;
  };
  sim_engine& start_engine(std::shared_ptr<crash_catalog> catalog);
  std::shared_ptr<crash_catalog> rebuilt_catalog();
  std::vector<archive_model::place> places(bool crashed);
  void incident(bool must_crash);
  void close_gracefully();
  void restart_later();
  void outage();
  void stand_still_and_stall();
  void at_call(const fault_medium::call_info& call);
  void crash_in(const fault_medium::call_info& call);
  void stall(const fault_medium::call_info& call);
  void late_and_dropped_streams();
  void drop_a_tenant();
  void bring_back(tenant_id tenant);
  void run_until_caught_up();
  duration_ns slowest_call() const;
  void watch_the_age();
  using account_rule = std::function<bool(tenant_id, const std::string& destination)>;
  void compare_catalog();
  void compare_pieces(const catalog_snapshot& known, const catalog_snapshot& told,
                      const account_rule& must_agree);
  void compare_rounds(const catalog_snapshot& known, const catalog_snapshot& told,
                      const account_rule& must_agree);
  void compare_standing(const catalog_snapshot& known, const catalog_snapshot& told, const std::string& uri);
  void compare_views();
  bool all_is_committed();
  bool step();
  bool anybody_stalls() const { return stalled_ > 0; }
  void set_rates(bool on);

  simulation world_;
  const sim_options options_;
  const handle_maker handles_;
  std::vector<storage> storages_;
  host_log log_;
  archive_model model_;
  counters counts_;
  unsigned next_engine_ = 1;
  bool faults_on_ = false;
  std::vector<std::unique_ptr<sim_engine>> engines_;   // alive; the newest is last
  std::vector<std::unique_ptr<sim_engine>> graveyard_; // somebody may still be in one of their calls
  std::set<tenant_id> gone_;
  std::set<std::string> company_;               // engines by name
  std::shared_ptr<crash_catalog> left_;         // of the last engine that died
  std::optional<std::uint64_t> crash_in_calls_; // somebody dies in the call after so many more
  bool somebody_dies_ = false;                  // in the next step
  std::string stalling_;                        // the engine whose next create stalls
  bool stalls_in_commit_ = false;               // and it waits for that of a commit
  unsigned stalled_ = 0, depth_ = 0;
  std::map<std::pair<tenant_id, stream_id>, lsn> committed_; // seen in a commit
  std::map<tenant_id, troubles> befell_;
  std::mt19937_64 judge_; // for looks that must not change what happens
  std::deque<std::string> story_;
  bool printing_ = false;
  std::string broken_;
};

} // namespace varve::test
