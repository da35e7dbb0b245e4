#pragma once

#include "engine/model/ids.hpp"

#include <mutex>
#include <set>

namespace varve::shell {

/// Gives a database the commit times of its writes: strictly growing nanoseconds of the wall clock, and the
/// time below which nothing is on its way any more. Thread-safe.
class commit_clock {
public:
  /// A new commit time; the write counts as on its way until end().
  scn begin();
  void end(scn stamp);
  /// Every write with a commit time <= this has ended, and every later one will get a greater time.
  scn settled();
  /// Times given from now on are greater than `floor`: after a restart, than everything used before.
  void raise(scn floor);

private:
  scn next_locked();
  std::mutex mutex_;
  std::set<scn> on_their_way_;
  scn last_ = 0;
};

} // namespace varve::shell
