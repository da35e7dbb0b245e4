#include "bench/piece_corpus.hpp"

namespace varve::bench {
namespace {

constexpr std::uint64_t records_per_batch = 10'000;
constexpr std::uint64_t hours_max = 4'000'000;
constexpr scn first_scn = 946'684'800 * one_second; // 2000-01-01
constexpr auto destination = "file:///backup/varve";

/// Rounds and pieces one after the other.
class history {
public:
  explicit history(const piece_corpus& what) : what_(what) {
    round_.id = round_id{1};
    round_.status = round_status::doing;
    round_.start_scn = first_scn;
    round_.start_piece = piece_id{1};
    round_.piece_interval_ns = one_hour;
  }

  void add_piece(std::uint64_t number, bool last, change_set& to) {
    piece_record piece;
    piece.tenant = what_.tenant;
    piece.piece = {round_.id, piece_id{number}};
    piece.bounds = {at_, at_ + one_hour};
    piece.created_at = at_;
    piece.checkpoint_scn = last ? at_ + one_hour / 2 : at_ + one_hour;
    piece.status = last ? piece_status::active : piece_status::frozen;
    piece.start_piece = round_.start_piece;
    // Of different size, without a random number: a multiplicative hash.
    auto varied = number * 0x9e3779b97f4a7c15 >> 44;
    piece.counts = {(1 << 28) + varied * 512, (1 << 27) + varied * 200, (1 << 18) + varied};
    piece.destination = destination;
    to.put(piece);
    counts_ += piece.counts;
    at_ += one_hour;
    round_.checkpoint_scn = piece.checkpoint_scn;
    last_piece_ = piece.piece.piece;
  }

  void lose_log(change_set& to) {
    constexpr lsn missing = 1 << 20;
    constexpr auto reason = "the host has recycled log that was not archived";
    to.put(break_history_record{what_.tenant, round_.id, stream_id{1}, missing, 2 * missing, at_, reason});
    round_.status = round_status::stop;
    to.put(round_history_record{what_.tenant, round_, counts_, last_piece_, at_, destination, reason});
    at_ += one_hour;
    counts_ = {};
    round_.id = round_id{round_.id.value + 1};
    round_.status = round_status::doing;
    round_.start_scn = at_;
    round_.start_piece = piece_id{last_piece_.value + 1};
  }

  void end(change_set& to) const {
    to.put(tenant_record{what_.tenant, what_.name, true});
    round_status_record row;
    row.tenant = what_.tenant;
    row.round = round_;
    row.counts = counts_;
    row.current_piece = last_piece_;
    row.seq = commit_seq{1};
    row.destination = destination;
    row.updated_at = at_;
    to.put(row);
  }

private:
  const piece_corpus& what_;
  archive_round round_;
  byte_counts counts_; // of the round
  piece_id last_piece_{};
  scn at_ = first_scn;
};

} // namespace

status fill_catalog(catalog& into, const piece_corpus& what) {
  if (what.pieces == 0 || what.gaps >= what.pieces || what.pieces + what.gaps > hours_max)
    return fail(errc::invalid_argument,
                std::to_string(what.pieces) + " pieces with " + std::to_string(what.gaps) +
                    " gaps cannot be made",
                "more pieces than gaps, and at most " + std::to_string(hours_max) + " of both");
  history of(what);
  change_set batch;
  for (std::uint64_t number = 1; number <= what.pieces; ++number) {
    // The k-th gap lies behind piece k * pieces / (gaps + 1).
    auto before = (number - 1) * (what.gaps + 1) / what.pieces, now = number * (what.gaps + 1) / what.pieces;
    of.add_piece(number, number == what.pieces, batch);
    if (now > before && number < what.pieces)
      of.lose_log(batch);
    if (number % records_per_batch == 0)
      VARVE_TRY(into.apply(std::exchange(batch, {}), durability::buffered));
  }
  of.end(batch);
  return into.apply(batch, durability::synced);
}

} // namespace varve::bench
