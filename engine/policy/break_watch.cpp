#include "engine/policy/break_watch.hpp"

#include <algorithm>

namespace varve {

lsn distance_to_break(lsn archived, lsn oldest_left) {
  return archived > oldest_left ? archived - oldest_left : 0;
}

void break_watch::look(stream_id stream, const log_supply& supply, unix_ns now, duration_ns patience) {
  bool waits = supply.accepted > supply.archived;
  if (!supply.oldest_left || !(waits || supply.refused))
    return;
  auto& of = streams_[stream];
  of.seen = true;
  of.mark_at = std::min(of.mark_at, now);
  of.refused_at = std::min(of.refused_at, now);
  if (!waits)
    of.mark_at = 0;
  else if (of.mark_at == 0 || supply.archived >= of.mark) {
    of.mark = supply.accepted;
    of.mark_at = now;
  }
  if (!supply.refused)
    of.refused_at = 0;
  else if (of.refused_at == 0)
    of.refused_at = now;

  auto for_long = [&](unix_ns since) { return since != 0 && now >= since + patience; };
  auto left = distance_to_break(supply.archived, *supply.oldest_left);
  auto waiting = waits ? supply.accepted - supply.archived : 1; // what was refused, however much it is
  if (!(for_long(of.mark_at) || for_long(of.refused_at)) || waiting <= left)
    return;
  auto streams = worst_ ? worst_->streams + 1 : 1;
  if (!worst_ || left < distance_to_break(worst_->supply.archived, *worst_->supply.oldest_left))
    worst_ = break_danger{stream, supply, 0, 0};
  worst_->streams = streams;
}

std::optional<break_danger> break_watch::danger(unix_ns now) {
  std::erase_if(streams_, [](const auto& each) { return !each.second.seen; });
  for (auto& [id, of] : streams_)
    of.seen = false;
  auto found = std::exchange(worst_, std::nullopt);
  if (!found) {
    since_ = 0;
    return found;
  }
  if (since_ == 0)
    since_ = now;
  found->since = since_;
  return found;
}

} // namespace varve
