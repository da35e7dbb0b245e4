#pragma once

#include "engine/format/block.hpp"
#include "engine/format/metadata.hpp"
#include "engine/format/segment.hpp"

#include <string>
#include <vector>

namespace varve::test {

/// The archive that all samples belong to, and one they do not.
random_id sample_archive();
random_id other_archive();

/// An entry that owns its payload.
struct owned_entry {
  varve::lsn lsn = 0, next_lsn = 0;
  varve::scn scn = 0;
  std::string payload;
  log_entry view() const { return {lsn, next_lsn, scn, as_bytes(payload)}; }
  friend bool operator==(const owned_entry&, const owned_entry&) = default;
};

/// Entries of one stream, from `first_lsn` on, as a block holds them.
std::vector<owned_entry> sample_entries(std::size_t count, varve::lsn first_lsn, varve::scn first_scn,
                                        std::string_view payload);

/// A block of these entries (at least one) as a writer would make it.
struct built_block {
  block_header header; ///< codec, sizes and checksums filled in
  bytes encoded;       ///< header and stored body
};
built_block build_block(const std::vector<owned_entry>& entries, stream_id stream, std::uint64_t number,
                        codec wanted, tenant_id tenant = tenant_id{1001},
                        varve::epoch epoch = varve::epoch{7});

/// The raw body of a block.
bytes raw_body(const std::vector<owned_entry>& entries);

/// The entries of a block, taken apart again; fails the test if it is not sound.
std::vector<owned_entry> entries_of(bytes_view block);

/// A segment of three blocks of two streams in this codec; the last block does not shrink. For codec::none
/// one block of three short entries, small enough to print. `ended`: with its footer.
bytes sample_segment(codec wanted, bool ended = true);

/// One of each metadata object with something different in every field.
archive_identity sample_identity();
piece_start sample_piece_start();
segment_index sample_segment_index();
piece_seal sample_seal();
commit_record sample_commit();
piece_list sample_piece_list();
round_end sample_round_end();

} // namespace varve::test
