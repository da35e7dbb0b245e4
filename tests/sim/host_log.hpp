#pragma once

#include "engine/model/log_entry.hpp"
#include "tests/harness/simulation.hpp"

#include <map>
#include <vector>

namespace varve::test {

/// The redo log of the simulated database, the same for every engine that archives it: what was once written
/// comes back equal on every re-read. One thread.
class host_log {
public:
  struct entry {
    varve::lsn lsn = 0, next_lsn = 0;
    varve::scn scn = 0;
    std::uint32_t bytes = 0;
  };
  struct stream {
    std::vector<entry> entries;
    varve::scn last_scn = 0;
  };

  /// SCNs begin at `start` and follow the virtual clock.
  host_log(simulation& world, scn start) : world_(world), start_(start) {}

  void add_stream(tenant_id tenant, stream_id id) { logs_[tenant][id]; }
  const std::map<stream_id, stream>& streams(tenant_id tenant) const { return logs_.at(tenant); }
  const stream& at(tenant_id tenant, stream_id id) const { return logs_.at(tenant).at(id); }

  /// The database's clock.
  scn now() const { return start_ + world_.now(); }

  /// Writes one entry of up to `bytes_max` bytes.
  void write(tenant_id tenant, stream_id id, std::uint32_t bytes_max);
  /// The database has said: nothing at or below `upto` will be written.
  void promise(tenant_id tenant, scn upto);

  /// The entry that starts at `from`, or the number of entries if none is written yet.
  static std::size_t find(const stream& of, lsn from);
  /// Where the log ends.
  static lsn end_of(const stream& of) { return of.entries.empty() ? 0 : of.entries.back().next_lsn; }
  static bytes payload(tenant_id tenant, stream_id id, const entry& of);

  std::uint64_t entries_written() const { return written_; }

private:
  simulation& world_;
  const scn start_;
  std::map<tenant_id, std::map<stream_id, stream>> logs_;
  std::map<tenant_id, scn> promised_;
  std::uint64_t written_ = 0;
};

} // namespace varve::test
