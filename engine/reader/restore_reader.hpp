#pragma once

#include "engine/reader/restore_plan.hpp"

namespace varve {

/// Consecutive entries of one stream.
struct restored_batch {
  stream_id stream;
  std::span<const log_entry>
      entries; ///< not empty; they and their payloads live until the next call of next()
};

/// Gives log back from a destination alone.
///
///   auto reader = restore_reader::open(where, {.tenant = tenant, .until = t});
///   while (true) { auto batch = (*reader)->next(); if (!batch.ok() || !*batch) break; use(**batch); }
///
/// One stream comes in LSN order, in whole blocks; all streams come merged by (SCN, stream, LSN), in runs of
/// one stream that are as long as the order and the blocks allow. Every entry comes once, also where a writer
/// sent it again. Blocks are read and decompressed ahead on threads of its own. One thread at a time calls
/// it.
///
/// Damage: everything before it comes, in that order; then next() is an error that names object, offset and
/// the log that is missing, and stays that error. Damage that the order does not reach is not met. Where a
/// damaged object hid log that nothing else names, everything readable comes first and that error last.
///
/// Only what the commit it was opened at reaches is given: the tail that was written and never committed is
/// not.
class restore_reader {
public:
  /// Errors: as plan_restore() and read_newest_commit(). The destination is kept until the reader is gone.
  static result<std::unique_ptr<restore_reader>> open(std::shared_ptr<destination> where,
                                                      restore_options options);

  virtual ~restore_reader() = default;

  /// What it gives, by which commit, and what to tell the user first.
  virtual const restore_preview& preview() const = 0;

  /// nullopt: that was all.
  virtual result<std::optional<restored_batch>> next() = 0;

  /// How far the entries given so far reach, of each stream that had any.
  virtual std::vector<std::pair<stream_id, stream_position>> positions() const = 0;
};

} // namespace varve
