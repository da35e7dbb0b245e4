#include "actors/round_records.hpp"

#include "engine/reader/round_join.hpp"

namespace varve {

void put_rounds(tenant_id tenant, const std::vector<catalogued_round>& rounds, round_id from,
                const std::string& uri, change_set& to) {
  const catalogued_round* before = nullptr;
  for (auto& each : rounds) {
    auto* last = std::exchange(before, &each);
    auto id = each.round.id;
    if (id < from)
      continue;
    if (last != nullptr && rounds_join(*last, each))
      to.put(round_join_record{tenant, id});
    else
      to.erase_round_join(tenant, id);
    if (auto& why = each.interruption)
      to.put(break_history_record{tenant, id, why->stream, why->first_missing, why->oldest_left,
                                  why->noticed_at, why->reason});
    else if (each.ended_at != 0) // a break that an engine without the tenant believed in is none
      to.erase_break(tenant, id);
    if (each.ended_at == 0)
      continue;
    round_history_record history;
    history.tenant = tenant;
    history.round = each.round;
    history.counts = each.counts;
    history.last_piece = each.last_piece;
    history.ended_at = each.ended_at;
    history.destination = uri;
    if (each.interruption)
      history.comment = each.interruption->reason;
    to.put(history);
  }
}

} // namespace varve
