#pragma once

#include "engine/base/result.hpp"
#include "engine/model/ids.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The journal of the demo's database: every write is noted before it is made and again when it was
/// acknowledged, in a file that survives kill -9. It knows nothing of Varve, so it can judge what Varve
/// restored.
namespace varve::shell {

/// One change: a key gets a value (of so many bytes) or goes away.
struct demo_change {
  std::uint64_t key = 0;
  std::uint32_t value_bytes = 0;
  bool erase = false;
};

/// One write: a batch of changes by one writer. Writers have their own keys, so the order of writes between
/// writers does not matter for the outcome.
struct demo_write {
  unsigned writer = 0;
  std::uint64_t number = 0; ///< counts the writes of the writer from 1
  scn stamp = 0;            ///< its commit time
  std::vector<demo_change> changes;
};

std::string demo_key(unsigned writer, std::uint64_t key);
/// Names the writer's last write; part of every write, so that recovery can tell whether a write survived.
std::string demo_last_key(unsigned writer);
/// Different for every write and key.
std::string demo_value(unsigned writer, std::uint64_t number, const demo_change& change);

/// Lines of the journal: noted, acknowledged (or found after a crash), known to be lost in a crash.
std::string noted_line(const demo_write& write);
std::string acknowledged_line(const demo_write& write);
std::string lost_line(const demo_write& write);

/// The journal read back.
class demo_journal {
public:
  /// Errors: the system's; invalid_argument for a line that is none. A last line that kill -9 cut short is
  /// left out.
  static result<demo_journal> read(const std::string& path);

  /// What the database must hold at `until`: all acknowledged writes with a commit time up to it.
  std::map<std::string, std::string> contents(scn until) const;
  std::size_t acknowledged(scn until) const;
  /// Writes noted but neither acknowledged nor lost: those a crash left open; at most one per writer.
  const std::vector<demo_write>& open() const { return open_; }
  /// The greatest number the writer used; 0: none.
  std::uint64_t last_number(unsigned writer) const;
  /// The greatest commit time of any write; 0: none.
  scn last_stamp() const { return last_stamp_; }

private:
  std::vector<demo_write> acknowledged_; ///< in journal order, so in order for each writer
  std::vector<demo_write> open_;
  std::map<unsigned, std::uint64_t> last_numbers_;
  scn last_stamp_ = 0;
};

} // namespace varve::shell
