#pragma once

#include "engine/reader/piece_catalogue.hpp"

#include <functional>

namespace varve {

struct verify_options {
  std::optional<tenant_id> tenant{}; ///< empty: all
  unsigned threads = 0;              ///< 0: one per core
  /// Bytes read so far and bytes to read, about twice a second's worth of work apart at most; called from one
  /// of the threads at a time. Empty: not called.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

/// What stands behind a tenant.
struct verified_tenant {
  tenant_id tenant;
  commit_seq commit;
  archive_round round;
  std::uint64_t pieces = 0, segments = 0, blocks = 0;
  byte_counts counts; ///< of the blocks that were read
};

struct verify_report {
  std::optional<archive_identity> identity;
  std::vector<verified_tenant> tenants; ///< those with a commit
  std::vector<damage> problems;         ///< what is damaged or missing, with what that costs
  std::vector<object_path>
      unreferenced; ///< objects nothing reaches: leftovers of crashes and lost races; harmless
  std::uint64_t bytes_read = 0;
};

/// Reads every byte that the newest commits reach and proves it: checksum of every object, digest of every
/// reference, footers against blocks, stored and raw checksum of every block, entries; LSN contiguity, SCN
/// order and block numbers of every stream in each round; bounds, ranges and counts of pieces. An error only
/// where the destination itself cannot be listed, or there is no archive; everything else is in the report.
/// Blocks.
result<verify_report> verify_archive(destination& where, const verify_options& options);

} // namespace varve
