#include "engine/reader/needed_pieces.hpp"

#include "engine/format/object_name.hpp"

#include <algorithm>
#include <map>

namespace varve {
namespace {

std::string piece_text(tenant_id tenant, const piece_key& piece) {
  return "piece " + to_string(piece.piece) + " of round " + to_string(piece.round) + " of tenant " +
         to_string(tenant);
}

/// A damaged piece list hides the pieces before it: a round with log must begin with its first piece.
status check_first_piece(const piece_catalogue& catalogue, const round_choice& chosen,
                         std::optional<stream_id> stream) {
  auto& round = *chosen.round;
  bool any = !chosen.pieces.empty();
  if (any && catalogue.pieces[chosen.pieces.front()].piece.piece == round.round.start_piece)
    return {};
  bool left_out = !any && std::any_of(catalogue.pieces.begin(), catalogue.pieces.end(),
                                      [&](auto& x) { return x.piece.round == round.round.id; });
  bool has_log = !log_begins(round, chosen.before, stream).empty();
  if (left_out || (!any && !has_log))
    return {};
  auto text = "nothing readable names " +
              piece_text(catalogue.tenant, {round.round.id, round.round.start_piece}) +
              ", with which the log of that round begins";
  for (auto& x : catalogue.damages)
    text += "; " + describe(x);
  return fail(code_of_loss(catalogue.damages), text, "verify lists everything that is damaged");
}

class piece_look {
public:
  piece_look(destination& where, const piece_catalogue& catalogue, const restore_preview& preview,
             const random_id* archive)
      : where_(where), catalogue_(catalogue), preview_(preview), archive_(archive) {}

  result<needed_piece> at(const catalogued_piece& piece) {
    VARVE_TRY_ASSIGN(auto files, read_piece_files(where_, catalogue_, piece, archive_));
    for (auto& x : files.damages)
      if (x.lost_unknown)
        return damaged(piece, x);
    std::map<object_path, std::uint64_t> sizes;
    VARVE_TRY(where_.list(piece_folder(catalogue_.tenant, piece.piece),
                          [&](const object_info& x) { sizes[x.path] = x.size; }));
    for (auto& segment : files.segments)
      if (auto lost = lost_of(piece, segment, sizes))
        return damaged(piece, *lost);
    return needed_piece{piece, files.counts};
  }

private:
  bool touches(const std::vector<stream_range>& ranges) const {
    return std::any_of(ranges.begin(), ranges.end(), [&](auto& x) { return preview_.filter.touches(x); });
  }

  std::optional<damage> lost_of(const catalogued_piece& piece, const indexed_segment& segment,
                                const std::map<object_path, std::uint64_t>& sizes) const {
    if (!touches(segment.ranges))
      return std::nullopt;
    auto& ref = segment.segment;
    auto path = to_path(segment_name{catalogue_.tenant, piece.piece, ref.epoch, ref.number});
    auto found = sizes.find(path);
    if (found != sizes.end() && found->second >= ref.valid_bytes)
      return std::nullopt;
    bool there = found != sizes.end();
    auto text = there ? "the segment has " + std::to_string(found->second) + " bytes of " +
                            std::to_string(ref.valid_bytes)
                      : std::string("the segment is not there");
    return damage{
        path, there ? found->second : 0, fail(errc::bytes_missing, text), catalogue_.tenant, segment.ranges,
        false};
  }

  /// The pieces before it need not be damaged: until when does a restore do without it?
  error damaged(const catalogued_piece& piece, const damage& x) const {
    auto why = to_error(x);
    why.message =
        piece_text(catalogue_.tenant, piece.piece) + ", which the restore needs, is damaged: " + why.message;
    if (piece.bounds.start_scn == 0)
      return why;
    auto filter = preview_.filter;
    filter.until_scn = std::min(piece.bounds.start_scn - 1, preview_.window.checkpoint_scn);
    auto rest = pieces_for(catalogue_, filter);
    bool without =
        filter.until_scn >= std::max<scn>(preview_.window.start_scn, 1) &&
        std::none_of(rest.begin(), rest.end(), [&](auto* each) { return each->piece == piece.piece; });
    if (without)
      why.hint = "a restore until SCN " + std::to_string(filter.until_scn) + " (" +
                 format_time(filter.until_scn) + ") does without it; " + why.hint;
    return why;
  }

  destination& where_;
  const piece_catalogue& catalogue_;
  const restore_preview& preview_;
  const random_id* archive_;
};

} // namespace

result<needed_pieces> find_needed_pieces(destination& where, const restore_options& options) {
  std::vector<std::string> notes;
  VARVE_TRY_ASSIGN(auto archive, identity_for_reading(where, notes));
  auto* known = archive ? &*archive : nullptr;
  VARVE_TRY_ASSIGN(auto catalogue, catalogue_for_reading(where, options, known));
  VARVE_TRY_ASSIGN(auto preview, plan_restore(catalogue, options));
  VARVE_TRY(check_nothing_hidden(catalogue, preview, options));
  preview.notes.insert(preview.notes.begin(), notes.begin(), notes.end());
  needed_pieces found{std::move(preview), archive, {}};
  piece_look look(where, catalogue, found.preview, known);
  for (auto& round : choose_pieces(catalogue, found.preview.filter)) {
    if (found.preview.filter.from_scn == 0)
      VARVE_TRY(check_first_piece(catalogue, round, options.stream));
    for (auto at : round.pieces) {
      VARVE_TRY_ASSIGN(auto piece, look.at(catalogue.pieces[at]));
      found.pieces.push_back(std::move(piece));
    }
  }
  return found;
}

} // namespace varve
