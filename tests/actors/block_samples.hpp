#pragma once

#include "actors/cut_block.hpp"
#include "engine/format/object_header.hpp"

#include <string>
#include <vector>

namespace varve::test {

inline constexpr tenant_id tenant{1001};
inline const random_id archive{std::byte{0xa1}};

/// An entry that owns its payload.
struct log_record {
  varve::lsn lsn = 0, next_lsn = 0;
  varve::scn scn = 0;
  std::string payload;
  log_entry view() const { return {lsn, next_lsn, scn, as_bytes(payload)}; }
  friend bool operator==(const log_record&, const log_record&) = default;
};

inline log_record to_record(const log_entry& x) {
  return {x.lsn, x.next_lsn, x.scn, std::string(as_text(x.payload))};
}

/// A block of these entries (at least one) as the log stream numbers it, not packed yet.
inline cut_block_ptr raw_block(memory_budget& budget, const std::shared_ptr<memory_budget::account>& account,
                               stream_id stream, const std::vector<log_record>& entries, std::uint64_t number,
                               std::uint64_t ticket, scn end_scn = scn_max) {
  block_header header;
  header.tenant = tenant;
  header.stream = stream;
  header.epoch = epoch{1};
  header.number = number;
  header.entries = static_cast<std::uint32_t>(entries.size());
  header.first_lsn = entries.front().lsn;
  header.next_lsn = entries.back().next_lsn;
  header.first_scn = entries.front().scn;
  header.last_scn = entries.back().scn;
  bytes raw;
  scn before = header.first_scn;
  for (auto& entry : entries) {
    std::byte head[format::entry_head_bytes_max];
    append(raw, {head, store_entry_head(head, entry.view(), before)});
    append(raw, as_bytes(entry.payload));
    header.input_bytes += entry.payload.size();
    before = entry.scn;
  }
  header.raw_bytes = static_cast<std::uint32_t>(raw.size());
  slab_chain chain{budget.arena()};
  chain.reserve(raw.size());
  chain.append(raw);
  memory_charge charge{budget, account};
  charge.set(chain.capacity());
  auto block = std::make_shared<cut_block>(std::move(chain), std::move(charge));
  block->header = header;
  block->ticket = ticket;
  block->end_scn = end_scn;
  return block;
}

inline std::vector<log_record> entries_in(const block_header& header, bytes_view raw) {
  std::vector<log_record> found;
  entry_cursor at{header, raw};
  while (at.next())
    found.push_back(to_record(at.entry()));
  if (at.corrupt())
    found.clear();
  return found;
}

} // namespace varve::test
