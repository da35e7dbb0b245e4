#pragma once

#include "engine/reader/piece_catalogue.hpp"
#include "engine/reader/segment_reader.hpp"

namespace varve {

/// One block as it was written.
struct stored_block {
  object_path segment;
  block_ref ref;
  block_header header;
  bytes raw; ///< the proved raw body; walk it with entry_cursor
};

/// The block of a stream that holds `lsn`, from what the newest commit reaches: to compare a repeat with what
/// was archived. Looks at the newest log first, so the last committed block of a stream costs no more than
/// the commit, the state and one footer. nullopt: the archive does not have that LSN. Errors: as
/// read_newest_commit(); checksum_error, bytes_missing, io_error where the block cannot be read. Blocks;
/// thread-safe.
result<std::optional<stored_block>> read_block_covering(destination& where, tenant_id tenant,
                                                        stream_id stream, lsn lsn, const random_id* archive);

/// The same by a catalogue that was read before: for many lookups at one commit.
result<std::optional<stored_block>> read_block_covering(destination& where, const piece_catalogue& catalogue,
                                                        stream_id stream, lsn lsn, const random_id* archive);

} // namespace varve
