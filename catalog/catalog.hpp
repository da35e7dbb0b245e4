#pragma once

#include "catalog/change_set.hpp"
#include "engine/base/result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

/// The catalog as of one moment; later changes do not show. Thread-safe.
/// Every read decodes: a damaged or newer record is checksum_error or unknown_version and names its key.
class catalog_snapshot {
public:
  virtual ~catalog_snapshot() = default;

  /// For implementations and tests: the raw records.
  virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// In key order, all keys that start with `prefix`; stops early when `visit` returns false.
  virtual status
  scan(std::string_view prefix,
       const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;

  result<std::optional<catalog_identity>> identity() const;
  /// What is set for exactly this tenant; 0: for all. Which of the two counts is the asker's rule.
  result<std::optional<std::string>> setting(tenant_id tenant, std::string_view name) const;
  result<std::vector<setting_record>> settings() const;
  result<std::vector<tenant_record>> tenants() const;
  result<std::optional<round_status_record>> round_status(tenant_id tenant) const;
  result<std::vector<round_status_record>> round_statuses() const;
  result<std::vector<round_history_record>> round_history() const;
  result<std::vector<piece_record>> pieces() const; ///< by tenant, round, piece, copy
  result<std::vector<stream_record>> streams(tenant_id tenant) const;
  result<std::vector<lag_sample>> lag_samples(tenant_id tenant) const; ///< oldest first
  result<std::vector<break_history_record>> breaks() const;            ///< by tenant and round
  result<std::vector<round_join_record>> round_joins() const;          ///< by tenant and round
  result<std::vector<alarm_record>> alarms() const;                    ///< by tenant
  result<std::vector<outbox_record>> outbox(tenant_id tenant) const;   ///< in order of writing
  result<std::vector<writer_record>> writers(tenant_id tenant) const;  ///< by destination
};

/// How sure a write must be when apply() returns.
enum class durability {
  synced,  ///< survives a power failure: statements, options, outbox
  buffered ///< survives the process: status, which the commits hold anyway
};

/// Settings, status and history of one engine. One writer process; snapshots from any thread.
class catalog {
public:
  virtual ~catalog() = default;
  /// May outlive the catalog; a RocksDB directory stays locked until its last snapshot is gone. After a
  /// failed apply() every read of a new snapshot is catalog_error.
  virtual std::shared_ptr<const catalog_snapshot> snapshot() const = 0;
  /// All of it or nothing. After catalog_error the outcome is unknown and the catalog must be reopened: every
  /// later apply() is refused. Opened read_only: not_supported. Thread-safe.
  virtual status apply(const change_set& changes, varve::durability how) = 0;
};

std::unique_ptr<catalog> make_memory_catalog();

enum class catalog_mode { read_write, read_only };

/// Opens or (read_write) creates the RocksDB catalog in `directory`. read_write while another process owns
/// it: already_open; read_only works beside a live owner and sees what was written before the call; read_only
/// on a directory without one: file_not_exist. Damaged or missing files: catalog_error with RocksDB's words
/// and the hint to run `varve rebuild-catalog`. What says nothing about the files (no room, no memory, no
/// permission, no file descriptor, a medium that cannot be read): no_space or io_error.
result<std::unique_ptr<catalog>> open_rocksdb_catalog(const std::string& directory, catalog_mode mode);

} // namespace varve
