#pragma once

#include "engine/reader/piece_catalogue.hpp"

#include <map>
#include <set>

namespace varve {

/// The row of a stream in rows that ascend; nullptr: it has none.
const stream_row* find_row(const std::vector<stream_row>& rows, stream_id stream);

/// Where the log of a stream begins in a round, by its row there and the one in the round before (or null). A
/// stream that has no log in a round keeps the row it had.
stream_position log_begin(const stream_row& row, const stream_row* before);

/// Does the log of a stream go on where the round before ended it (nullptr: it had no row there)? Of a stream
/// without log in the later round nobody knows: what it wrote between the rounds may have been skipped, and
/// its first entry tells. If it was dropped in the earlier one already, and did not come again, it does.
bool goes_on(const stream_row* before, const stream_row& now);

/// Does a stream's log in a round go on behind its break (empty: it has none)? No later round makes up for
/// that.
bool holds_a_break(const std::vector<stream_row>& rows, const std::optional<break_record>& broke);

/// Can one restore cover both rounds: they follow one another, every stream (or the one asked for) goes on,
/// and the earlier one holds no break. A stream that appears first in the later round keeps them apart:
/// nothing proves that its log began there; so do rounds whose rows are not known.
bool rounds_join(const catalogued_round& before, const catalogued_round& now,
                 std::optional<stream_id> only = {});

/// rounds_join() of a round that is still written to, kept while its streams move: a commit costs what it
/// moved. It relies on a round's commits having a row of every stream of the round before. Not thread-safe.
class round_join {
public:
  round_join() = default; ///< no round goes before this one: joined() is false
  /// A round with these rows comes after one that ended with the rows `before`.
  round_join(const std::vector<stream_row>& before, const std::vector<stream_row>& now);

  /// A row is in the commit as it is now.
  void look(const stream_row& now);
  bool joined() const { return !before_.empty() && any_ && apart_.empty(); }

private:
  std::map<stream_id, stream_row> before_;
  std::set<stream_id> apart_; // streams that do not go on
  bool any_ = false;          // the round has rows
};

} // namespace varve
