#include "engine/reader/piece_choice.hpp"

#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {
namespace {

/// No entry of the round that is wanted has a lower SCN; 0: nobody knows.
scn earliest_scn(const round_choice& x, const block_filter& filter) {
  if (!x.before || !x.before->streams_proved || !x.round->streams_proved || x.round->streams.empty())
    return 0;
  auto earliest = scn_max;
  for (auto& begin : log_begins(*x.round, x.before, filter.stream))
    earliest = std::min(earliest, begin.last_scn);
  return earliest;
}

void choose(round_choice& x, const piece_catalogue& catalogue, const block_filter& filter) {
  bool all_later = earliest_scn(x, filter) > filter.until_scn;
  bool first = true;
  for (std::size_t i = 0; i < catalogue.pieces.size(); ++i) {
    auto& piece = catalogue.pieces[i];
    if (piece.piece.round != x.round->round.id)
      continue;
    bool over = piece.bounds.end_scn <= filter.from_scn && piece.bounds.end_scn != scn_max;
    bool later = all_later || (!first && piece.bounds.start_scn > filter.until_scn);
    first = false;
    if (later)
      x.whole_end = false;
    if (over || later)
      continue;
    if (x.pieces.empty() && piece.piece.piece != x.round->round.start_piece &&
        piece.bounds.start_scn <= filter.from_scn)
      x.whole_start = false;
    x.pieces.push_back(i);
  }
}

} // namespace

std::vector<stream_position> log_begins(const catalogued_round& round, const catalogued_round* before,
                                        std::optional<stream_id> stream) {
  std::vector<stream_position> begins;
  for (auto& row : round.streams) {
    if (stream && row.stream != *stream)
      continue;
    auto begin = log_begin(row, before ? find_row(before->streams, row.stream) : nullptr);
    if (row.position.next_lsn > begin.next_lsn)
      begins.push_back(begin);
  }
  return begins;
}

std::vector<round_choice> choose_pieces(const piece_catalogue& catalogue, const block_filter& filter) {
  std::vector<round_choice> chosen;
  const catalogued_round* before = nullptr;
  for (auto& round : catalogue.rounds) {
    if (round.round.id >= filter.first_round && round.round.id <= filter.last_round)
      choose(chosen.emplace_back(round_choice{&round, before, {}, true, true}), catalogue, filter);
    before = &round;
  }
  return chosen;
}

std::vector<const catalogued_piece*> pieces_for(const piece_catalogue& catalogue,
                                                const block_filter& filter) {
  std::vector<const catalogued_piece*> all;
  for (auto& round : choose_pieces(catalogue, filter))
    for (auto at : round.pieces)
      all.push_back(&catalogue.pieces[at]);
  return all;
}

} // namespace varve
