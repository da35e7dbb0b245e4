#include "engine/policy/checkpoint_rule.hpp"

#include "engine/base/planted_bug.hpp"

#include <algorithm>
#include <limits>

namespace varve {
namespace {

scn just_below(scn at) {
  return at == 0 ? 0 : at - 1;
}

} // namespace

scn stream_support(const stream_progress& progress) {
  VARVE_PLANT(pending_log_overlooked,
              return std::max(just_below(progress.last_durable_scn), progress.advance));
  if (progress.first_pending_scn)
    return just_below(*progress.first_pending_scn);
  VARVE_PLANT(checkpoint_at_x, return std::max(progress.last_durable_scn, progress.advance));
  return std::max(just_below(progress.last_durable_scn), progress.advance);
}

unix_ns checkpoint_due_at(unix_ns last_commit_at, duration_ns interval, duration_ns phase) {
  auto half = interval / 2;
  VARVE_PLANT(checkpoint_too_old, half = 3 * interval);
  auto wait = half - std::min(phase, half);
  auto room = std::numeric_limits<unix_ns>::max() - last_commit_at;
  return last_commit_at + std::min(wait, room);
}

bool checkpoint_due(unix_ns now, unix_ns last_commit_at, duration_ns interval, duration_ns phase) {
  return now < last_commit_at || now >= checkpoint_due_at(last_commit_at, interval, phase);
}

duration_ns checkpoint_phase(tenant_id tenant, duration_ns interval) {
  // Multiples of 2^64 / golden ratio lie evenly in [0, 2^64) for consecutive numbers; the top 32 bits as a
  // fraction of half of the interval.
  auto fraction = (tenant.value * 0x9e3779b97f4a7c15u) >> 32;
  auto half = interval / 2;
  return (half >> 32) * fraction + ((half & 0xffffffffu) * fraction >> 32);
}

} // namespace varve
