#pragma once

#include "engine/base/result.hpp"
#include "engine/shell/commit_clock.hpp"
#include "engine/shell/demo_journal.hpp"

#include <rocksdb/db.h>

#include <atomic>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

namespace varve::shell {

/// The random writers of the demo's database. Each has its own keys and its own seeded sequence of writes.
class demo_load {
public:
  /// Settles what a crash left open in the journal: a write that is in the database counts as acknowledged,
  /// one that is not is lost. Then opens the journal for appending.
  static result<std::unique_ptr<demo_load>> open(rocksdb::DB& db, commit_clock& clock,
                                                 const std::string& journal, std::uint64_t seed);
  ~demo_load(); ///< stops

  void start(unsigned writers);
  /// Ends the writers after the write each is at.
  void stop();
  /// Holds all writers for a moment and returns a time that lies between the writes before and after it.
  scn mark();

  std::uint64_t acknowledged() const { return acknowledged_.load(); }
  /// Writes that the crash had left open: still there, and not.
  std::size_t found() const { return found_; }
  std::size_t lost() const { return lost_; }
  /// The first failed write, which ended its writer.
  status outcome();

private:
  demo_load(rocksdb::DB& db, commit_clock& clock, std::uint64_t seed) : db_(db), clock_(clock), seed_(seed) {}
  status settle(const std::string& path);
  void run(unsigned writer);
  status write(const demo_write& write);
  void note(const std::string& line);

  rocksdb::DB& db_;
  commit_clock& clock_;
  std::uint64_t seed_;
  int journal_ = -1;
  std::vector<std::uint64_t> numbers_; // last write of each writer before this run
  std::vector<std::thread> threads_;
  std::shared_mutex gate_; // writers hold it shared, mark() alone
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::size_t found_ = 0, lost_ = 0;
  std::mutex outcome_mutex_;
  status outcome_;
};

} // namespace varve::shell
