#include "actors/round_start.hpp"

#include "engine/base/planted_bug.hpp"

namespace varve {

void round_start::ask(std::optional<lsn> start, bool begun) {
  if (!begun)
    asked_ = start;
  asked_anew_ = begun ? start : std::nullopt;
}

void round_start::ask_anew() {
  if (asked_anew_)
    asked_ = asked_anew_;
}

void round_start::source_says(lsn start) {
  source_ = start;
  ask_again_ = false;
}

bool round_start::let_go(lsn oldest) {
  if (oldest <= oldest_left_.value_or(0))
    return false;
  oldest_left_ = oldest;
  return true;
}

bool round_start::say(scn upto) {
  if (upto < advance_)
    return false;
  advance_ = upto;
  ++times_;
  return true;
}

void round_start::skip(lsn from, lsn start, std::uint64_t tenant_times) {
  if (start > from)
    before_skip_ = {times_, tenant_times};
}

scn round_start::advance_in_round(lsn start, const tenant_advance& tenant) const {
  auto all_before = archived_ > 0 ? archived_ : asked_.value_or(source_.value_or(0));
  bool skips = std::max(start, oldest_left_.value_or(0)) > all_before;
  VARVE_PLANT(older_advance_tells_beginning, skips = false);
  auto before = skips ? before_skip_ : advances{};
  return std::max(times_ > std::max(outdated_, before.of_stream) ? advance_ : 0,
                  tenant.times > before.of_tenant ? tenant.in_round : 0);
}

void round_start::next_round() {
  ask_again_ = false;
  source_.reset();
}

} // namespace varve
