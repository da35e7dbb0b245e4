#pragma once

#include "tests/harness/crash_catalog.hpp"
#include "tests/harness/fault_destination.hpp"
#include "tests/sim/archive_model.hpp"
#include "tests/sim/sim_options.hpp"

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace varve::test {

class sim_engine;

/// Makes a writer's handle on the medium: where a test plants a medium that lies.
using handle_maker = std::function<std::shared_ptr<fault_destination>(const std::shared_ptr<fault_medium>&,
                                                                      const std::string& writer)>;

/// A database, the engines that archive its log, and the one destination they share. Everything that happens
/// is drawn from the seed. Throws broken_claim when a claim of the archive does not hold.
class sim_world {
public:
  struct counters {
    std::uint64_t engines = 0, kills = 0, power_failures = 0, takeovers = 0, outages = 0, fenced = 0,
                  taken_back = 0, refused_full = 0, resends = 0, waits = 0;
  };

  explicit sim_world(std::uint64_t seed, handle_maker handles = {},
                     std::optional<sim_options> options = std::nullopt);
  ~sim_world();

  /// Faults on: hosts append, storage fails, engines die and are taken over, all as the seed decides.
  void run_with_faults();
  /// Faults off: one engine stays; all that was written must be committed within a bound of virtual time.
  void run_until_all_is_committed();

  // For worlds by hand: what run_with_faults() draws.
  void run_for(duration_ns time);
  void run_until_fenced();    ///< some engine, of some tenant
  void start_second_engine(); ///< beside the newest one, with a copy of its catalog
  void kill_newest();
  /// All engines die, unsynced bytes are torn, the catalog loses what was not synced (`all`: every bit of
  /// it).
  void power_failure(bool lose_all = false);
  void restart(); ///< on what the last engine left
  std::size_t engines_alive() const { return engines_.size(); }

  simulation& world() { return world_; }
  const sim_options& options() const { return options_; }
  const fault_medium& medium() const { return *medium_; }
  archive_model& model() { return model_; }
  host_log& log() { return log_; }
  counters& counts() { return counts_; }

  /// What happened, line by line; the last ones are kept for a failure's report.
  void note(const std::string& what);
  std::string story() const;
  void set_printing(bool on) { printing_ = on; }

  /// A claim does not hold: said in the middle of an actor, thrown after the step.
  void broken(const std::string& what);

  /// What a reader finds now, and what a power failure now would leave, keep the claims.
  void check();

  // For sim_engine.
  std::shared_ptr<fault_destination> open_handle(const std::string& writer);
  std::vector<tenant_id> tenants() const;
  const random_id& archive() const { return archive_; }
  random_id draw_id();
  void acknowledged(sim_engine& by, tenant_id tenant, stream_id stream, const stream_position& position);
  const std::vector<std::unique_ptr<sim_engine>>& engines() const { return engines_; }

private:
  sim_engine& start_engine(std::shared_ptr<crash_catalog> catalog);
  std::shared_ptr<crash_catalog> rebuilt_catalog();
  void incident();
  void kill(std::size_t which);
  void restart_later();
  void outage();
  bool all_is_committed();
  bool step();
  void set_rates(bool on);

  simulation world_;
  const sim_options options_;
  const handle_maker handles_;
  std::shared_ptr<fault_medium> medium_;
  random_id archive_{};
  host_log log_;
  archive_model model_;
  counters counts_;
  unsigned next_engine_ = 1;
  bool faults_on_ = true;
  std::vector<std::unique_ptr<sim_engine>> engines_; // alive; the newest is last
  std::shared_ptr<crash_catalog> left_;              // of the last engine that died
  std::deque<std::string> story_;
  bool printing_ = false;
  std::string broken_;
};

} // namespace varve::test
