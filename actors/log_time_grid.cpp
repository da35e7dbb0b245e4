#include "actors/log_time_grid.hpp"

#include <algorithm>

namespace varve {

void log_time_grid::restart(scn anchor, std::uint64_t interval_ns, std::vector<scn> ends) {
  std::lock_guard lock{mutex_};
  eras_ = {{anchor, interval_ns}};
  ends_ = std::move(ends);
  anchored_ = anchor != 0;
  asked_until_ = anchor;
}

void log_time_grid::set_interval(std::uint64_t interval_ns) {
  std::lock_guard lock{mutex_};
  if (eras_.back().interval_ns == interval_ns || interval_ns == 0 || eras_.back().interval_ns == 0)
    return;
  if (asked_until_ <= eras_.back().anchor_scn)
    eras_.back().interval_ns = interval_ns;
  else
    eras_.push_back({asked_until_, interval_ns});
}

scn log_time_grid::end_of_cell(scn at) {
  std::lock_guard lock{mutex_};
  if (eras_.back().interval_ns == 0)
    return scn_max;
  if (!anchored_) {
    eras_.front().anchor_scn = at;
    anchored_ = true;
  }
  for (auto end : ends_)
    if (at < end)
      return end;
  auto e = eras_.rbegin();
  while (e + 1 != eras_.rend() && at < e->anchor_scn)
    ++e;
  auto end = e->boundary_after(at);
  if (e != eras_.rbegin())
    end = std::min(end, (e - 1)->anchor_scn);
  asked_until_ = std::max(asked_until_, end);
  return end;
}

} // namespace varve
