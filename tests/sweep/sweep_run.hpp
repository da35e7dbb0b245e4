#pragma once

#include "tests/sim/sim_engine.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace varve::test {

/// What goes wrong at one call: of a destination, or of the catalog.
enum class failure : std::uint8_t {
  // of a destination's calls
  fails,         ///< this call, before it took effect
  loses_reply,   ///< this call, after it took effect; of an append any prefix did
  dies,          ///< this call and all after it, until the medium is mended
  killed,        ///< the process that makes it, before it took effect
  power_failure, ///< of everything, before it took effect
  // of the catalog's writes
  write_fails,            ///< and the catalog with it until its engine is opened again
  killed_in_write,        ///< done or not
  power_failure_in_write, ///< done or not; nothing that was only buffered is left
  // of the catalog's reads within a statement
  read_fails ///< this one
};
inline constexpr failure all_failures[] = {failure::fails,
                                           failure::loses_reply,
                                           failure::dies,
                                           failure::killed,
                                           failure::power_failure,
                                           failure::write_fails,
                                           failure::killed_in_write,
                                           failure::power_failure_in_write,
                                           failure::read_fails};
std::string_view to_string(failure what);
inline bool is_of_catalog(failure what) {
  return what >= failure::write_fails;
}

/// The failure of one run. Equal ones give equal runs.
struct failure_at {
  failure what = failure::fails;
  std::uint64_t number = 0; ///< of the call, write or read, from 0
  unsigned luck = 0;        ///< another gives other torn bytes, another outcome of what is "done or not"
};

/// One scripted story of one tenant with one failure in it, or none. What a script asks for it gets, however
/// often it must be asked again after the failure. A broken claim is thrown.
class sweep_run {
public:
  static constexpr tenant_id tenant{1001};

  sweep_run(const sim_options& options, std::optional<failure_at> failure, bool print);
  ~sweep_run();
  sweep_run(const sweep_run&) = delete;
  sweep_run& operator=(const sweep_run&) = delete;

  // For scripts.
  void go_on(duration_ns time);
  /// Until everything written so far is archived. A round that was broken (hosts recycle what they may while
  /// no round takes their log) gives way to the next.
  void until_archived();
  /// A statement until it is taken.
  void type(const std::string& statement);
  void stop_round();
  void begin_round();
  void drop_tenant();
  void register_tenant();
  void close_and_reopen();
  void kill();
  void reopen();
  sim_engine& engine(); ///< the newest; waits until one lives
  sim_world& world() { return *world_; }
  const sim_world& world() const { return *world_; }

  /// Failures stop; all claims are tried.
  void end();

  // Up to end().
  std::uint64_t calls() const { return calls_; }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t reads() const { return reads_; }
  bool failed() const { return happened_; } ///< the failure was reached

private:
  void until(const std::function<bool()>& so, const std::function<void()>& ask, const char* what);
  errc ask_once(const std::string& statement);
  /// The door is asked; only what one may be told who does not know what came of the last time is no broken
  /// claim.
  errc ask(const std::string& what, const std::function<varve::status(sim_engine&)>& of);
  std::optional<round_status> status();
  void at_call(fault_medium& medium, const fault_medium::call_info& call);
  void watch(crash_catalog& catalog); ///< it and its copies
  void at_write(crash_catalog& catalog);
  bool at_read();
  void happen();
  void end_processes(bool power_failure, std::string writer);
  void end_process(const std::string& name);
  void reopen_later();

  const std::optional<failure_at> failure_;
  std::uint64_t calls_ = 0, writes_ = 0, reads_ = 0;
  bool counting_ = false, asking_ = false, happened_ = false;
  std::multimap<std::string, std::shared_ptr<fault_destination>> handles_; // by writer
  bool cut_ = false; // whoever opens a destination now is about to die
  std::optional<sim_world> world_;
};

} // namespace varve::test
