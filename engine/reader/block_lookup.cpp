#include "engine/reader/block_lookup.hpp"

namespace varve {
namespace {

using found_block = std::optional<stored_block>;

class block_finder {
public:
  block_finder(destination& where, tenant_id tenant, stream_id stream, varve::lsn wanted,
               const random_id* archive)
      : where_(where), tenant_(tenant), stream_(stream), wanted_(wanted), archive_(archive) {}

  result<found_block> in_piece(const piece_catalogue& catalogue, const catalogued_piece& piece) {
    if (piece.open) { // what the commit lists needs no further object
      VARVE_TRY_ASSIGN(auto found, in_segments(piece.piece, catalogue.state.open_pieces[*piece.open].recent));
      if (found)
        return found;
    }
    VARVE_TRY_ASSIGN(auto files, read_piece_files(where_, catalogue, piece, archive_));
    VARVE_TRY_ASSIGN(auto found, in_segments(piece.piece, files.segments));
    if (!found && !files.damages.empty() && costs_log(files.damages[0]))
      return to_error(files.damages[0]);
    return found;
  }

private:
  result<found_block> in_segments(const piece_key& piece, const std::vector<indexed_segment>& segments) {
    for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment)
      for (auto& range : segment->ranges) {
        if (range.stream != stream_ || wanted_ < range.first_lsn || wanted_ >= range.next_lsn)
          continue;
        VARVE_TRY_ASSIGN(auto found, in_segment(piece, segment->segment));
        if (found)
          return found;
      }
    return found_block();
  }

  result<found_block> in_segment(const piece_key& piece, const segment_ref& segment) {
    segment_name name{tenant_, piece, segment.epoch, segment.number};
    VARVE_TRY_ASSIGN(auto blocks, read_segment_blocks(where_, name, segment, archive_));
    for (auto& ref : blocks.blocks)
      if (ref.stream == stream_ && ref.first_lsn <= wanted_ && wanted_ < ref.next_lsn)
        return read(to_path(name), ref);
    for (auto& x : blocks.damages)
      if (costs_log(x))
        return to_error(x);
    return found_block();
  }

  result<found_block> read(object_path path, const block_ref& ref) {
    bytes stored(static_cast<std::size_t>(ref.size));
    VARVE_TRY(read_exactly(where_, path, ref.offset, stored));
    stored_block x;
    block_unpacker unpacker;
    VARVE_TRY_ASSIGN(x.header, open_block(ref, stored, tenant_, path, unpacker, x.raw));
    x.segment = std::move(path);
    x.ref = ref;
    return found_block(std::move(x));
  }

  destination& where_;
  tenant_id tenant_;
  stream_id stream_;
  varve::lsn wanted_;
  const random_id* archive_;
};

} // namespace

result<std::optional<stored_block>> read_block_covering(destination& where, const piece_catalogue& catalogue,
                                                        stream_id stream, lsn lsn, const random_id* archive) {
  block_finder finder(where, catalogue.tenant, stream, lsn, archive);
  for (auto piece = catalogue.pieces.rbegin(); piece != catalogue.pieces.rend(); ++piece) {
    VARVE_TRY_ASSIGN(auto found, finder.in_piece(catalogue, *piece));
    if (found)
      return found;
  }
  for (auto& x : catalogue.damages)
    if (costs_log(x))
      return to_error(x);
  return found_block();
}

result<std::optional<stored_block>> read_block_covering(destination& where, tenant_id tenant,
                                                        stream_id stream, lsn lsn, const random_id* archive) {
  VARVE_TRY_ASSIGN(auto catalogue, read_piece_catalogue(where, tenant, {.archive = archive}));
  if (!catalogue)
    return found_block();
  return read_block_covering(where, *catalogue, stream, lsn, archive);
}

} // namespace varve
