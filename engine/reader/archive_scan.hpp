#pragma once

#include "engine/destination/destination.hpp"
#include "engine/format/metadata.hpp"

#include <optional>

/// Finds out what a destination holds from the destination alone. All functions block, may be called from
/// several threads at once, change nothing, and take no tenant over.
namespace varve {

/// Whose archive lies here. file_not_exist: there is no archive yet (no object "format"); checksum_error,
/// unknown_version: there is one this build cannot trust.
result<archive_identity> read_identity(destination& where);

/// Tenants with a folder at the destination, ascending. A folder does not mean that a commit exists.
result<std::vector<tenant_id>> list_tenants(destination& where);

/// Numbers of the commits (and marks) that lie there, ascending; none where the tenant has no folder.
result<std::vector<commit_seq>> list_commits(destination& where, tenant_id tenant);

struct commit_options {
  /// Refuse objects of any other archive with foreign_destination; nullptr: not checked.
  const random_id* archive = nullptr;
  /// For readers, never for a writer that takes over: where the newest commit cannot be relied on, be content
  /// with less: with itself if it is whole and only the one before it is not, else with the one before it.
  /// What only the newest one reached is then not seen; found_commit::fallback says so.
  bool allow_previous = false;
};

struct found_commit {
  commit_record record;
  varve::digest digest; ///< of the commit's bytes
  std::string fallback; ///< not empty: this is the commit before the newest, and why
};

/// The newest commit of a tenant, or nullopt if it has none. Lists commits/, reads the highest and proves it
/// by the one before it (COMMITS.md, "Reader"); if it has vanished meanwhile or is not proved, which happens
/// while newer ones are made and old ones deleted, begins again, a bounded number of times. Errors:
/// bytes_missing, the newest commit is damaged, gone without a successor, or not proved though nothing newer
/// comes; unknown_version, foreign_destination, io_error as they are.
result<std::optional<found_commit>> read_newest_commit(destination& where, tenant_id tenant,
                                                       const commit_options& options);

/// Reads an immutable object that something names by digest. Errors: bytes_missing (not there),
/// checksum_error (not the bytes that were meant, or larger than format::object_bytes_max), io_error.
/// `named_by` says in the error who reaches it ("commit 12").
result<bytes> read_referenced(destination& where, const object_path& path, const varve::digest& expected,
                              std::string_view named_by);

} // namespace varve
