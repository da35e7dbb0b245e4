// What a host hands over, and what it says of log that it has no more.
#include "tests/sim/sim_engine.hpp"
#include "tests/sim/sim_host.hpp"
#include "tests/sim/sim_stream.hpp"

#include <algorithm>

namespace varve::test {

/// What was accepted is dropped only where the host is told, and the notice may be under way.
void sim_host::look_for_lost_log(stream& in) {
  constexpr unsigned turns_max = 10;
  if (in.handle->expected_lsn() >= in.accepted) {
    in.turns_behind = 0;
    return;
  }
  if (++in.turns_behind > turns_max)
    world_.broken(name(in) + ": log from LSN " + std::to_string(in.handle->expected_lsn()) + " to " +
                  std::to_string(in.accepted) + " was accepted, and is wanted again without a word");
}

void sim_host::hand_over(stream& to) {
  if (!to.handle || to.log().pulled)
    return;
  look_for_lost_log(to);
  if (to.waits_for_room && world_.options().patient)
    return; // room() ends it
  to.waits_for_room = false;
  auto& log = to.log();
  auto at = host_log::find(log, to.handle->expected_lsn());
  if (at > to.oldest() && world_.world().chance(50)) // the host is not sure how far it got
    at -= world_.world().draw(std::min<std::size_t>(at - to.oldest(), 5) + 1);
  at = std::max(at, to.left_out());
  bool was_fresh = to.fresh;
  if (at < to.oldest()) {
    // Untold, the engine would take what follows for the beginning.
    if (!tell_recycled(to) || !*alive_)
      return;
    at = to.oldest(); // if it may begin there
    to.fresh = true;
    to.first.reset();
  }
  while (at < log.entries.size() && hand_over_one(to, at))
    ++at;
  if (!to.first && !was_fresh)
    to.fresh = false; // nothing was taken: what goes until then is to be told, too
}

/// False: it does not take more now.
bool sim_host::hand_over_one(stream& to, std::size_t which) {
  auto& entry = to.log().entries[which];
  auto payload = host_log::payload(tenant_, to.id, entry);
  auto answer = to.handle->append({entry.lsn, entry.next_lsn, entry.scn, payload});
  to.idle = answer.outcome == append_outcome::not_archiving;
  if (to.idle)
    no_round();
  switch (answer.outcome) {
  case append_outcome::accepted:
    if (!to.first) {
      to.first = which;
      world_.note(name(to) + " begins with LSN " + std::to_string(entry.lsn) + " SCN " +
                  std::to_string(entry.scn));
    }
    to.fresh = false;
    to.accepted = entry.next_lsn;
    return true;
  case append_outcome::repeated:
    return true;
  case append_outcome::full:
    ++world_.counts().refused_full;
    to.waits_for_room = engine_.is_mandatory(tenant_);
    return false;
  case append_outcome::not_archiving:
  case append_outcome::fenced:
  case append_outcome::interrupted:
    return false;
  case append_outcome::error:
    break;
  }
  refused(to, which, answer);
  return false;
}

void sim_host::refused(stream& to, std::size_t which, const append_answer& answer) {
  auto code = answer.failed.code;
  if (code == errc::closed || code == errc::fenced)
    return;
  world_.note(name(to) + ": entry " + std::to_string(which) + " is refused: " + answer.failed.to_string());
  // It was no beginning any more.
  if (code == errc::lsn_gap && std::exchange(to.fresh, false))
    return;
  world_.broken(name(to) + ": entry " + std::to_string(which) + " is refused: " + answer.failed.to_string());
}

/// What the engine wants next is gone. False: it cannot be told now.
bool sim_host::tell_recycled(stream& of) {
  if (engine_.in_call() || !world_.may_nest())
    return false;
  world_.note(name(of) + " has no log below LSN " + std::to_string(of.log().oldest));
  sim_engine::call telling{engine_};
  of.told_oldest = of.log().oldest;
  of.told_lost |= of.handle->expected_lsn() < of.told_oldest;
  if (of.told_lost)
    of.first.reset();
  auto told = of.handle->log_recycled(of.log().oldest);
  if (*alive_ && !told.ok() && told.code() != errc::try_again && told.code() != errc::closed)
    world_.broken(name(of) + ": log_recycled fails: " + told.error().to_string());
  return true;
}

} // namespace varve::test
