#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {

const stream_row* find_row(const std::vector<stream_row>& rows, stream_id stream) {
  auto found = std::ranges::lower_bound(rows, stream, {}, &stream_row::stream);
  return found == rows.end() || found->stream != stream ? nullptr : &*found;
}

stream_position log_begin(const stream_row& row, const stream_row* before) {
  if (!before)
    return {row.start_lsn, 0};
  bool continued = before->start_lsn == row.start_lsn && before->position.next_lsn > row.start_lsn;
  return {continued ? before->position.next_lsn : row.start_lsn, before->position.last_scn};
}

bool goes_on(const stream_row* before, const stream_row& now) {
  if (!before)
    return false; // nothing proves that its log begins here
  auto begin = log_begin(now, before).next_lsn;
  if (begin != before->position.next_lsn)
    return false;
  // Without log here it may have skipped what it wrote between the rounds, unless it was gone before.
  return now.position.next_lsn > begin || (before->dropped && now.dropped);
}

bool holds_a_break(const std::vector<stream_row>& rows, const std::optional<break_record>& broke) {
  auto* row = broke ? find_row(rows, broke->stream) : nullptr;
  return row != nullptr && row->position.next_lsn > broke->first_missing;
}

bool rounds_join(const catalogued_round& before, const catalogued_round& now, std::optional<stream_id> only) {
  if (before.round.id.value + 1 != now.round.id.value)
    return false;
  if (before.streams.empty() || now.streams.empty())
    return false; // unknown, or nothing to restore
  auto& broke = before.interruption;
  if (holds_a_break(before.streams, broke) && (!only || *only == broke->stream))
    return false;
  auto wanted = [&](const stream_row& row) { return !only || row.stream == *only; };
  for (auto& row : now.streams)
    if (wanted(row) && !goes_on(find_row(before.streams, row.stream), row))
      return false;
  for (auto& row : before.streams)
    if (wanted(row) && !row.dropped && !find_row(now.streams, row.stream))
      return false;
  return true;
}

round_join::round_join(const std::vector<stream_row>& before, const std::vector<stream_row>& now) {
  for (auto& row : before)
    before_[row.stream] = row;
  for (auto& row : now)
    look(row);
}

void round_join::look(const stream_row& now) {
  any_ = true;
  auto before = before_.find(now.stream);
  if (goes_on(before == before_.end() ? nullptr : &before->second, now))
    apart_.erase(now.stream);
  else
    apart_.insert(now.stream);
}

} // namespace varve
