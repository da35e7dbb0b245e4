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
    varve::lsn oldest = 0;     ///< log below is gone
    bool pulled = false;       ///< an engine asks for it
    bool late = false;         ///< it was not there when the world began
    bool dropped = false;      ///< it ends where its entries end
    varve::lsn said_start = 0; ///< the last answer to an engine that asked where its log begins
  };

  /// SCNs begin at `start` and follow the virtual clock.
  /// `round_scns`: they are whole seconds.
  host_log(simulation& world, scn start, bool round_scns)
      : world_(world), start_(start), round_scns_(round_scns) {}

  void add_stream(tenant_id tenant, stream_id id, bool pulled, bool late) {
    logs_[tenant][id].pulled = pulled;
    logs_[tenant][id].late = late;
  }
  void drop_stream(tenant_id tenant, stream_id id) { logs_.at(tenant).at(id).dropped = true; }
  void say_start(tenant_id tenant, stream_id id, lsn at) { logs_.at(tenant).at(id).said_start = at; }
  std::vector<tenant_id> tenants() const;
  const std::map<stream_id, stream>& streams(tenant_id tenant) const { return logs_.at(tenant); }
  const stream& at(tenant_id tenant, stream_id id) const { return logs_.at(tenant).at(id); }

  /// The database's clock.
  scn now() const { return start_ + world_.now(); }
  /// What it may promise: nothing at or below it will be written.
  scn promised(tenant_id tenant) const;

  /// Writes one entry of up to `bytes_max` bytes.
  void write(tenant_id tenant, stream_id id, std::uint32_t bytes_max);
  /// The database has said: nothing at or below `upto` will be written.
  void promise(tenant_id tenant, scn upto);

  /// The replay point of the tenant: its recovery needs of all streams what has a larger SCN. Never goes
  /// back.
  void recover_from(tenant_id tenant, scn upto);
  scn replay_point(tenant_id tenant) const;
  /// Number of the first entry behind it.
  std::size_t first_to_replay(tenant_id tenant, stream_id id) const;
  /// Log below the entry number `first` is gone.
  void recycle(tenant_id tenant, stream_id id, std::size_t first);

  /// The entry that starts at `from`, or the number of entries if none is written yet.
  static std::size_t find(const stream& of, lsn from);
  /// Where the log ends.
  static lsn end_of(const stream& of) { return of.entries.empty() ? 0 : of.entries.back().next_lsn; }
  static bytes payload(tenant_id tenant, stream_id id, const entry& of);

  std::uint64_t entries_written() const { return written_; }

private:
  simulation& world_;
  const scn start_;
  const bool round_scns_;
  std::map<tenant_id, std::map<stream_id, stream>> logs_;
  std::map<tenant_id, scn> promised_, replay_points_;
  std::uint64_t written_ = 0;
};

} // namespace varve::test
