#include "catalog/catalog.hpp"
#include "catalog/keys.hpp"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace varve {
namespace {

constexpr auto rebuild_hint =
    "if this stays, run `varve rebuild-catalog`: it reads everything about archived log "
    "back from the destination";

constexpr auto mend_hint = "its files are not known to be damaged: mend the cause and open it again";

rocksdb::Slice slice(std::string_view view) {
  return {view.data(), view.size()};
}
std::string_view text(const rocksdb::Slice& view) {
  return {view.data(), view.size()};
}

error catalog_failure(std::string_view operation, const std::string& directory, std::string_view why,
                      errc code = errc::catalog_error) {
  std::string message(operation);
  message.append(" catalog ").append(directory).append(": ").append(why);
  return fail(code, std::move(message), code == errc::catalog_error ? rebuild_hint : mend_hint);
}

/// Runs what calls RocksDB: what it or the allocator throws becomes an error.
template <class F>
auto guarded(std::string_view operation, const std::string& directory, F call,
             errc thrown_code = errc::catalog_error) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return catalog_failure(operation, directory, thrown.what(), thrown_code);
  }
}

/// The open database; shared with snapshots, so that they stay readable after the catalog is gone (and the
/// directory stays locked until the last of them is).
struct database {
  std::string directory;
  catalog_mode mode = catalog_mode::read_write;
  std::unique_ptr<rocksdb::DB> db;
  std::atomic<bool> write_failed = false;

  error refusal() const {
    return fail(errc::catalog_error,
                "catalog " + directory +
                    " is closed: an earlier write failed, and nobody knows whether it is there",
                "open it again and read what it says");
  }
};

class rocksdb_snapshot final : public catalog_snapshot {
public:
  explicit rocksdb_snapshot(std::shared_ptr<database> opened)
      : opened_(std::move(opened)), at_(opened_->db->GetSnapshot()) {}
  ~rocksdb_snapshot() override { opened_->db->ReleaseSnapshot(at_); }
  rocksdb_snapshot(const rocksdb_snapshot&) = delete;
  rocksdb_snapshot& operator=(const rocksdb_snapshot&) = delete;

  result<std::optional<std::string>> get(std::string_view key) const override {
    using answer = result<std::optional<std::string>>;
    return guarded("read", opened_->directory, [&]() -> answer {
      std::string value;
      auto outcome = opened_->db->Get(read_options(), slice(key), &value);
      if (outcome.IsNotFound())
        return std::optional<std::string>{};
      if (!outcome.ok())
        return catalog_failure("read " + describe_key(key) + " of", opened_->directory, outcome.ToString());
      return std::optional<std::string>(std::move(value));
    });
  }

  status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    return guarded("read", opened_->directory, [&]() -> status {
      auto options = read_options();
      auto end = prefix_end(prefix);
      auto end_slice = slice(end);
      if (!end.empty())
        options.iterate_upper_bound = &end_slice;
      std::unique_ptr<rocksdb::Iterator> at(opened_->db->NewIterator(options));
      for (at->Seek(slice(prefix)); at->Valid(); at->Next())
        if (!visit(text(at->key()), text(at->value())))
          return {};
      if (!at->status().ok())
        return catalog_failure("scan " + describe_key(prefix) + " of", opened_->directory,
                               at->status().ToString());
      return {};
    });
  }

private:
  rocksdb::ReadOptions read_options() const {
    rocksdb::ReadOptions options;
    options.snapshot = at_;
    return options;
  }

  std::shared_ptr<database> opened_;
  const rocksdb::Snapshot* at_;
};

/// What snapshot() gives after a failed write: every read says why there is no answer.
class refusing_snapshot final : public catalog_snapshot {
public:
  explicit refusing_snapshot(error why) : why_(std::move(why)) {}
  result<std::optional<std::string>> get(std::string_view) const override { return why_; }
  status scan(std::string_view,
              const std::function<bool(std::string_view, std::string_view)>&) const override {
    return why_;
  }

private:
  error why_;
};

class rocksdb_catalog final : public catalog {
public:
  explicit rocksdb_catalog(std::shared_ptr<database> opened) : opened_(std::move(opened)) {}

  std::shared_ptr<const catalog_snapshot> snapshot() const override {
    if (opened_->write_failed)
      return std::make_shared<refusing_snapshot>(opened_->refusal());
    return std::make_shared<rocksdb_snapshot>(opened_);
  }

  status apply(const change_set& changes, varve::durability how) override {
    if (opened_->mode == catalog_mode::read_only)
      return fail(errc::not_supported, "catalog " + opened_->directory + " is open for reading only",
                  "write through the engine that owns it");
    if (opened_->write_failed)
      return opened_->refusal();
    auto outcome = guarded("write", opened_->directory, [&]() -> status {
      rocksdb::WriteBatch batch;
      auto staged = stage(changes, batch);
      if (!staged.ok())
        return catalog_failure("write", opened_->directory, staged.ToString());
      rocksdb::WriteOptions options;
      options.sync = how == durability::synced;
      auto written = opened_->db->Write(options, &batch);
      if (!written.ok())
        return catalog_failure("write", opened_->directory, written.ToString());
      return {};
    });
    // Also of a write that failed before it began: one rule is easier to keep than two.
    if (!outcome.ok())
      opened_->write_failed = true;
    return outcome;
  }

private:
  static rocksdb::Status stage(const change_set& changes, rocksdb::WriteBatch& batch) {
    rocksdb::Status staged;
    if (changes.erases_archived_facts())
      for (const auto& info : key_families()) {
        auto first = family_prefix(info.family);
        if (info.archived_fact && staged.ok())
          staged = batch.DeleteRange(first, prefix_end(first));
      }
    for (const auto& [key, value] : changes.changes())
      if (staged.ok())
        staged = value ? batch.Put(key, *value) : batch.Delete(key);
    return staged;
  }

  std::shared_ptr<database> opened_;
};

rocksdb::Options options_for(catalog_mode mode) {
  rocksdb::Options options;
  options.create_if_missing = mode == catalog_mode::read_write;
  // A torn last record of the log is a crash and harmless (it was never synced); damage before it is an
  // error.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // A few megabytes in all: small memtables, one per flush, no compression, few files.
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 4 << 20;
  options.max_write_buffer_number = 2;
  options.max_background_jobs = 2;
  options.max_manifest_file_size = 1 << 20;
  options.avoid_flush_during_shutdown = true;
  // A reader beside a live owner opens every file at once: the owner may delete one later.
  options.max_open_files = mode == catalog_mode::read_only ? -1 : 64;
  // RocksDB's own diary: warnings of this and the last opening.
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

/// Does this say that files are damaged or gone? A call that the system refused says nothing about them, even
/// where RocksDB calls the file it could not read corrupt.
bool is_damage(const rocksdb::Status& outcome) {
  constexpr std::array refusals{EACCES, EPERM, EROFS, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EIO, EINTR};
  auto words = outcome.ToString();
  bool refused = std::any_of(refusals.begin(), refusals.end(), [&](int number) {
    return words.find(std::strerror(number)) != std::string::npos;
  });
  return (outcome.IsCorruption() || outcome.IsPathNotFound()) && !refused;
}

error open_failure(const rocksdb::Status& outcome, const std::string& directory) {
  auto code = is_damage(outcome)    ? errc::catalog_error
              : outcome.IsNoSpace() ? errc::no_space
                                    : errc::io_error;
  return catalog_failure("open", directory, outcome.ToString(), code);
}

bool held_by_another(const rocksdb::Status& outcome) {
  auto words = outcome.ToString();
  return outcome.IsIOError() && (words.find("lock hold by current process") != std::string::npos ||
                                 words.find("While lock file") != std::string::npos);
}

/// Would RocksDB take this directory, which has no CURRENT file, for an empty one and begin anew over log and
/// data files? An unfinished creation leaves neither.
result<bool> has_remains(const std::string& directory) {
  std::error_code failed;
  for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end;
       at.increment(failed)) {
    auto extension = at->path().extension();
    if (extension == ".sst" || extension == ".log")
      return true;
  }
  if (failed)
    return system_error(failed.value(), "list catalog directory", directory);
  return false;
}

/// Opening writes a new log and manifest, and where there is no room for them RocksDB may end the process.
status check_room(const std::string& directory) {
  constexpr std::uintmax_t bytes_needed = 1 << 20;
  std::error_code failed;
  auto room = std::filesystem::space(directory, failed);
  if (!failed && room.available < bytes_needed)
    return fail(errc::no_space,
                "open catalog " + directory + ": " + std::to_string(room.available) + " bytes are free",
                "make room: a MiB at least");
  return {};
}

/// Makes the directory and its entry durable; nothing to do where it is.
status make_directory(const std::string& directory) {
  std::error_code failed;
  if (!std::filesystem::create_directories(directory, failed) && !failed)
    return {};
  if (failed)
    return system_error(failed.value(), "create catalog directory", directory);
  auto parent = std::filesystem::path(directory).lexically_normal().parent_path();
  int handle = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0)
    return system_error(errno, "open directory", parent.string());
  int outcome = ::fsync(handle) == 0 ? 0 : errno;
  ::close(handle);
  if (outcome != 0)
    return system_error(outcome, "sync directory", parent.string());
  return {};
}

rocksdb::Status open_database(database& opened) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status outcome;
  auto options = options_for(opened.mode);
  if (opened.mode == catalog_mode::read_write) {
    outcome = rocksdb::DB::Open(options, opened.directory, &db);
  } else {
    // A live owner may delete a file between our look at its list and our opening it: look again.
    constexpr int attempts_max = 5;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      outcome = rocksdb::DB::OpenForReadOnly(options, opened.directory, &db);
      if (outcome.ok() || outcome.ToString().find("No such file") == std::string::npos)
        break;
    }
  }
  opened.db.reset(db);
  return outcome;
}

} // namespace

result<std::unique_ptr<catalog>> open_rocksdb_catalog(const std::string& directory, catalog_mode mode) {
  using answer = result<std::unique_ptr<catalog>>;
  auto open = [&]() -> answer {
    if (mode == catalog_mode::read_write) {
      VARVE_TRY(make_directory(directory));
      VARVE_TRY(check_room(directory));
    }
    std::error_code failed;
    bool exists = std::filesystem::exists(std::filesystem::path(directory) / "CURRENT", failed);
    if (failed)
      return system_error(failed.value(), "look into catalog directory", directory);
    if (!exists && std::filesystem::is_directory(directory, failed)) {
      VARVE_TRY_ASSIGN(bool remains, has_remains(directory));
      if (remains)
        return catalog_failure("open", directory, "the file CURRENT is gone, data files are there");
    }
    if (!exists && mode == catalog_mode::read_only)
      return fail(errc::file_not_exist, "there is no catalog in " + directory,
                  "open it with an engine once, or name the right data directory");

    auto opened = std::make_shared<database>();
    opened->directory = directory;
    opened->mode = mode;
    auto outcome = open_database(*opened);
    if (held_by_another(outcome))
      return fail(errc::already_open, "catalog " + directory + " has an owner: " + outcome.ToString(),
                  "stop the process that owns it, or open it for reading only");
    if (!outcome.ok())
      return open_failure(outcome, directory);
    return std::unique_ptr<catalog>(std::make_unique<rocksdb_catalog>(std::move(opened)));
  };
  return guarded("open", directory, open, errc::io_error); // no memory is no damage
}

} // namespace varve
