#pragma once

#include "catalog/change_set.hpp"
#include "engine/reader/piece_catalogue.hpp"

namespace varve {

/// What the catalog keeps of rounds as their destination, `uri`, tells them: the history of those that have
/// ended, breaks, and which of them go on from the round before. `rounds` ascend; those below `from` are only
/// looked at as the round before.
void put_rounds(tenant_id tenant, const std::vector<catalogued_round>& rounds, round_id from,
                const std::string& uri, change_set& to);

} // namespace varve
