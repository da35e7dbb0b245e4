#include "engine/shell/wal_source.hpp"

#include "engine/base/coding.hpp"

#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

namespace varve::shell {
namespace {

constexpr std::string_view stamp_tag = "commit time ";
constexpr std::size_t ends_max = 10'000;
constexpr unsigned failures_max = 1000;

// Collects the largest commit time of a record. What the record changes does not matter here.
struct stamp_finder : rocksdb::WriteBatch::Handler {
  scn largest = 0;
  void LogData(const rocksdb::Slice& blob) override {
    std::string_view text{blob.data(), blob.size()};
    if (text.size() == stamp_tag.size() + 8 && text.starts_with(stamp_tag))
      largest = std::max(largest, load<scn>(as_bytes(text).data() + stamp_tag.size()));
  }
  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status SingleDeleteCF(std::uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return {};
  }
  rocksdb::Status MergeCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
};

error from_rocksdb(std::string_view doing, const rocksdb::Status& status) {
  return fail(errc::io_error, std::string(doing) + " failed: " + status.ToString());
}

} // namespace

struct wal_source::record {
  std::unique_ptr<rocksdb::WriteBatch> batch;
  log_entry entry;
};

wal_source::wal_source(rocksdb::DB& db, commit_clock& clock, std::function<stream_position()> archived)
    : db_(db), clock_(clock), archived_(std::move(archived)) {}
wal_source::~wal_source() = default;

result<lsn> wal_source::oldest_lsn() {
  // Before the files are listed: what is written after that is in none of those.
  auto next = lsn{db_.GetLatestSequenceNumber()} + 1;
  rocksdb::VectorLogPtr files;
  if (auto status = db_.GetSortedWalFiles(files); !status.ok())
    return from_rocksdb("listing the WAL files", status);
  for (const auto& file : files)
    if (file->StartSequence() > 0)
      return lsn{file->StartSequence()};
  return next;
}

// A database in use has its own replay point here; the demo's keeps all of its WAL.
result<lsn> wal_source::start_lsn() {
  return oldest_lsn();
}

/// Goes to `from`, which is where the last reading ended, a place it handed over before, or what is archived.
status wal_source::move_to(lsn from) {
  if (next_ == from)
    return {};
  auto end = std::lower_bound(ends_.begin(), ends_.end(), from,
                              [](const stream_position& x, lsn wanted) { return x.next_lsn < wanted; });
  if (end != ends_.end() && end->next_lsn == from) {
    last_scn_ = end->last_scn;
  } else if (auto archived = archived_(); archived.next_lsn == from) {
    last_scn_ = archived.last_scn;
  } else {
    VARVE_TRY_ASSIGN(auto oldest, oldest_lsn());
    if (from < oldest)
      return fail(errc::entry_not_exist, "the WAL begins at sequence number " + std::to_string(oldest) +
                                             ", " + std::to_string(from) + " is gone");
    if (from != oldest)
      return fail(errc::invalid_argument, "no WAL record that was handed over ends at sequence number " +
                                              std::to_string(from) +
                                              ", and the archive does not end there either");
    last_scn_ = 0;
  }
  ends_.erase(std::upper_bound(ends_.begin(), ends_.end(), from,
                               [](lsn wanted, const stream_position& x) { return wanted < x.next_lsn; }),
              ends_.end());
  if (ends_.empty())
    ends_.push_back({from, last_scn_});
  at_.reset();
  next_ = from;
  return {};
}

/// RocksDB could not go on from here. A log that is being written gives such answers now and then; they pass.
status wal_source::lost(std::string_view why) {
  at_.reset();
  if (++failures_ < failures_max)
    return {};
  failures_ = 0;
  return fail(errc::io_error,
              "the WAL cannot be read at sequence number " + std::to_string(next_) + ": " + std::string(why));
}

/// The record at next_, or none if there is no such record yet.
result<std::unique_ptr<wal_source::record>> wal_source::next_record() {
  auto none = std::unique_ptr<record>();
  if (next_ > db_.GetLatestSequenceNumber())
    return none;
  while (true) {
    if (at_) {
      at_->Next(); // also wakes an iterator that had come to the end of the log
    } else if (auto status = db_.GetUpdatesSince(next_, &at_); !status.ok()) {
      VARVE_TRY(lost(status.ToString()));
      return none;
    }
    if (!at_->Valid()) {
      // The end for now; where the log went on in another file the iterator wants to be made anew.
      if (!at_->status().ok())
        VARVE_TRY(lost(at_->status().ToString()));
      return none;
    }
    auto found = at_->GetBatch();
    auto begin = lsn{found.sequence}, end = begin + found.writeBatchPtr->Count();
    if (end <= next_)
      continue; // before what was asked for, or a batch without writes
    if (begin != next_) {
      VARVE_TRY_ASSIGN(auto oldest, oldest_lsn());
      if (begin > next_ && oldest > next_)
        return fail(errc::entry_not_exist, "the WAL begins at sequence number " + std::to_string(oldest) +
                                               ", " + std::to_string(next_) + " is gone");
      VARVE_TRY(lost("the record there spans " + std::to_string(begin) + " to " + std::to_string(end)));
      return none;
    }
    failures_ = 0;
    stamp_finder stamps;
    if (auto status = found.writeBatchPtr->Iterate(&stamps); !status.ok())
      return from_rocksdb("reading a WAL record", status);
    last_scn_ = std::max({last_scn_, stamps.largest, scn{1}});
    next_ = end;
    auto made = std::make_unique<record>();
    made->batch = std::move(found.writeBatchPtr);
    made->entry = {begin, end, last_scn_, as_bytes(made->batch->Data())};
    return made;
  }
}

result<log_source::batch> wal_source::read(lsn from, std::size_t bytes_max) {
  // Before the log is read: what has ended by now is in the log below.
  auto settled = clock_.settled();
  VARVE_TRY(move_to(from));
  handed_.clear();
  batch answer;
  for (std::size_t taken = 0; taken < bytes_max;) {
    VARVE_TRY_ASSIGN(auto found, next_record());
    if (!found) {
      if (next_ > db_.GetLatestSequenceNumber())
        answer.nothing_before = settled;
      break;
    }
    taken += found->entry.payload.size();
    answer.entries.push_back(found->entry);
    ends_.push_back({found->entry.next_lsn, found->entry.scn});
    handed_.push_back(std::move(found));
  }
  if (ends_.size() > ends_max) {
    auto durable = archived_().next_lsn;
    while (!ends_.empty() && ends_.front().next_lsn < durable)
      ends_.pop_front();
  }
  return answer;
}

void stamp_batch(rocksdb::WriteBatch& batch, scn stamp) {
  std::string blob(stamp_tag);
  blob.resize(stamp_tag.size() + 8);
  store(reinterpret_cast<std::byte*>(blob.data()) + stamp_tag.size(), stamp);
  batch.PutLogData(blob);
}

status apply_entry(rocksdb::DB& db, const log_entry& entry) {
  rocksdb::WriteBatch batch{std::string(as_text(entry.payload))};
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  if (auto status = db.Write(unlogged, &batch); !status.ok())
    return from_rocksdb("writing the restored entry at LSN " + std::to_string(entry.lsn), status);
  return {};
}

} // namespace varve::shell
