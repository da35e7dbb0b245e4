#include "engine/actor_answers.hpp"

#include <algorithm>

namespace varve {

void actor_answers::add(const status& answer) {
  std::lock_guard guard{mutex_};
  if (!answer.ok() && first_failure_.ok())
    first_failure_ = answer;
  --left_;
  changed_.notify_all();
}

status actor_answers::wait(const engine_environment& environment, duration_ns limit,
                           const std::function<bool()>& given_up) {
  // Woken by answers; the slice only bounds how long a close() goes unnoticed.
  constexpr duration_ns look = 100 * one_ms;
  std::unique_lock guard{mutex_};
  for (auto rest = limit; rest > 0;) {
    auto slice = std::min(look, rest);
    if (environment.wait(guard, changed_, slice, [this] { return left_ == 0; }))
      return first_failure_;
    if (given_up())
      return fail(errc::closed, "the engine is closed before all tenants have answered",
                  "open it again: what was ordered is in the catalog and goes on");
    rest -= slice;
  }
  return fail(errc::try_again, "not all tenants have answered within " + format_duration(limit),
              "look at COMMENT in CDB_OB_BACKUP_ARCHIVELOG");
}

status actor_answers::wait(const engine_environment& environment) {
  constexpr duration_ns for_ever = 100 * 365 * 24 * one_hour;
  std::unique_lock guard{mutex_};
  if (environment.wait(guard, changed_, for_ever, [this] { return left_ == 0; }))
    return first_failure_;
  return fail(errc::closed, "the engine is closed");
}

} // namespace varve
