#pragma once

#include "engine/archive_engine.hpp"
#include "engine/shell/commit_clock.hpp"

#include <rocksdb/db.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace varve::shell {

/// The write-ahead log of a RocksDB as a log that Varve can pull.
///
/// One entry = one WAL record (what GetUpdatesSince calls a batch; RocksDB may have joined writes of several
/// threads in it): lsn = its first sequence number, next_lsn = the sequence number after it, payload = the
/// WriteBatch as bytes. Its SCN is the largest of the commit times in it (stamp_batch) and of the SCN before
/// it: a function of the log alone, so every reading gives the same, although the order of writes is not the
/// order of their times.
class wal_source final : public log_source {
public:
  /// `archived` says how far the archive has the stream, with the SCN of its last entry: what a reading that
  /// begins there goes on from. It may wait. All must outlive the source.
  wal_source(rocksdb::DB& db, commit_clock& clock, std::function<stream_position()> archived);
  ~wal_source() override;

  result<lsn> start_lsn() override;
  result<lsn> oldest_lsn() override;
  result<batch> read(lsn from, std::size_t bytes_max) override;

private:
  struct record;
  status move_to(lsn from);
  result<std::unique_ptr<record>> next_record();
  status lost(std::string_view why);

  rocksdb::DB& db_;
  commit_clock& clock_;
  std::function<stream_position()> archived_;

  std::unique_ptr<rocksdb::TransactionLogIterator> at_;
  lsn next_ = 0; // what the next record must start with; 0: nothing read yet
  scn last_scn_ = 0;
  std::deque<stream_position> ends_;            // of records handed over and perhaps not durable, ascending
  std::vector<std::unique_ptr<record>> handed_; // payloads of the last read()
  unsigned failures_ = 0;                       // in a row, at this place
};

/// Writes the commit time of a write into its batch, where the WAL keeps it.
void stamp_batch(rocksdb::WriteBatch& batch, scn stamp);

/// Writes one archived entry to a database, as the log says. Errors: io_error with RocksDB's words.
status apply_entry(rocksdb::DB& db, const log_entry& entry);

} // namespace varve::shell
