#include "tests/sim/host_log.hpp"

#include <algorithm>

namespace varve::test {

std::vector<tenant_id> host_log::tenants() const {
  std::vector<tenant_id> all;
  for (auto& [tenant, streams] : logs_)
    all.push_back(tenant);
  return all;
}

void host_log::write(tenant_id tenant, stream_id id, std::uint32_t bytes_max) {
  auto& of = logs_.at(tenant).at(id);
  entry made;
  made.lsn = end_of(of);
  made.bytes = static_cast<std::uint32_t>(world_.draw(bytes_max + std::uint64_t{1}));
  made.next_lsn = made.lsn + 1 + made.bytes;
  // Often the clock, sometimes the SCN of the entry before: SCNs may repeat within a stream and across them.
  auto lowest = std::max(of.last_scn, promised_[tenant] + 1);
  // The archive may have claimed all that the other streams have by now.
  if (of.entries.empty())
    for (auto& [other, log] : logs_.at(tenant))
      lowest = std::max(lowest, log.last_scn + 1);
  made.scn = world_.chance(300) ? lowest : std::max(lowest, now());
  if (round_scns_)
    made.scn = (made.scn + one_second - 1) / one_second * one_second;
  of.last_scn = made.scn;
  of.entries.push_back(made);
  ++written_;
}

void host_log::promise(tenant_id tenant, scn upto) {
  auto& promised = promised_[tenant];
  promised = std::max(promised, upto);
}

void host_log::recover_from(tenant_id tenant, scn upto) {
  auto& point = replay_points_[tenant];
  point = std::max(point, upto);
}

scn host_log::replay_point(tenant_id tenant) const {
  auto found = replay_points_.find(tenant);
  return found == replay_points_.end() ? 0 : found->second;
}

std::size_t host_log::first_to_replay(tenant_id tenant, stream_id id) const {
  auto& entries = at(tenant, id).entries;
  auto found = std::ranges::upper_bound(entries, replay_point(tenant), {}, &entry::scn);
  return static_cast<std::size_t>(found - entries.begin());
}

scn host_log::promised(tenant_id tenant) const {
  auto found = promised_.find(tenant);
  return found == promised_.end() ? 0 : found->second;
}

void host_log::recycle(tenant_id tenant, stream_id id, std::size_t first) {
  auto& of = logs_.at(tenant).at(id);
  of.oldest = std::max(of.oldest, first < of.entries.size() ? of.entries[first].lsn : end_of(of));
}

std::size_t host_log::find(const stream& of, lsn from) {
  auto at = std::lower_bound(of.entries.begin(), of.entries.end(), from,
                             [](const entry& each, lsn wanted) { return each.lsn < wanted; });
  return static_cast<std::size_t>(at - of.entries.begin());
}

/// Half of it can be compressed. Made anew whenever it is needed, so it must be cheap.
bytes host_log::payload(tenant_id tenant, stream_id id, const entry& of) {
  auto state = tenant.value * 0x9e3779b97f4a7c15U + id.value * 0xc2b2ae3d27d4eb4fU + of.lsn;
  std::vector<std::uint64_t> words((of.bytes + 7) / 8, 0x20656e6f6e20656eU);
  for (std::size_t i = 0; i < words.size(); i += i % 8 == 7 ? std::size_t{9} : 1) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    words[i] = state ^ (state >> 29);
  }
  auto all = std::as_bytes(std::span{words});
  return {all.begin(), all.begin() + of.bytes};
}

} // namespace varve::test
