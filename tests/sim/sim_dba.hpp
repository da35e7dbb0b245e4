#pragma once

#include "engine/archive_engine.hpp"

#include <map>
#include <string>
#include <vector>

namespace varve::test {

class sim_engine;

/// Who types statements into one engine: the first ones, some at random moments, and at last those that make
/// everything be archived again. What a statement may answer is checked. The world goes on while one runs.
class sim_dba {
public:
  explicit sim_dba(sim_engine& engine) : engine_(engine) {}

  /// What everybody types first; storage works meanwhile.
  void set_up();
  void turn_later(errc last = errc::ok);
  /// ARCHIVELOG for whoever is not archived, by way of NOARCHIVELOG where it must be.
  void mend();
  /// Sets again what a lost catalog has forgotten, or somebody has changed.
  void settle();

private:
  errc turn(errc last);
  std::string draw_statement(bool an_order);
  std::string dest_option();
  std::string archive_option();
  void check_stopped(const std::string& statement);
  std::vector<tenant_id> named_in(const std::string& statement) const;
  /// What came of it; the engine may be gone then. `must`: it has to work.
  errc type(const std::string& statement, bool must = false);

  sim_engine& engine_;
  std::map<tenant_id, std::uint64_t> silent_since_; ///< tenants that take no log, and nobody has said why
};

} // namespace varve::test
