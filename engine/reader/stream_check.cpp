#include "engine/reader/stream_check.hpp"

#include "engine/format/object_name.hpp"
#include "engine/reader/round_join.hpp"

#include <algorithm>

namespace varve {
namespace {

bool explained(const stream_range& gap, const std::vector<damage>& problems) {
  for (auto& x : problems)
    for (auto& lost : x.lost)
      if (lost.stream == gap.stream && lost.first_lsn <= gap.first_lsn && lost.next_lsn > gap.first_lsn)
        return true;
  return false;
}

} // namespace

stream_check::stream_check(tenant_id tenant, const catalogued_round& round, const catalogued_round* before)
    : tenant_(tenant), round_(round) {
  before_known_ = before ? !before->streams.empty() && before->round.id.value + 1 == round.round.id.value
                         : round.round.id.value == 1;
  if (!before_known_)
    return;
  for (auto& row : round.streams)
    streams_[row.stream].reached = log_begin(row, before ? find_row(before->streams, row.stream) : nullptr);
}

void stream_check::follow(std::vector<proved_block> blocks, const std::vector<object_path>& paths,
                          std::vector<damage>& problems) {
  std::sort(blocks.begin(), blocks.end(), [](auto& a, auto& b) {
    return std::tuple(a.ref.stream, a.ref.first_lsn, a.segment) <
           std::tuple(b.ref.stream, b.ref.first_lsn, b.segment);
  });
  for (auto& block : blocks) {
    auto& ref = block.ref;
    auto add = [&](errc code, std::string what, std::vector<stream_range> lost) {
      problems.push_back(
          {paths[block.segment], ref.offset, fail(code, std::move(what)), tenant_, std::move(lost), false});
    };
    auto [at, fresh] = streams_.try_emplace(ref.stream, progress{{ref.first_lsn, 0}, {}, 0});
    auto& x = at->second;
    bool gap = ref.first_lsn > x.reached.next_lsn;
    stream_range lost{ref.stream, x.reached.next_lsn, ref.first_lsn, x.reached.last_scn, ref.first_scn};
    if (gap && !explained(lost, problems))
      add(errc::bytes_missing, "the log before this block is in no segment that a commit reaches", {lost});
    if (ref.first_lsn < x.reached.next_lsn)
      add(errc::checksum_error, "the block repeats log of the one before it", {});
    if (ref.first_scn < x.reached.last_scn)
      add(errc::checksum_error,
          "the block's SCN " + std::to_string(ref.first_scn) + " is below the one before it, " +
              std::to_string(x.reached.last_scn),
          {});
    if (!gap && x.number != 0 && block.epoch == x.epoch && ref.number != x.number + 1)
      add(errc::checksum_error,
          "the block has number " + std::to_string(ref.number) + " after " + std::to_string(x.number), {});
    x.epoch = block.epoch;
    x.number = ref.number;
    if (ref.next_lsn > x.reached.next_lsn)
      x.reached = {ref.next_lsn, ref.last_scn};
  }
}

void stream_check::finish(std::vector<damage>& problems) const {
  for (auto& row : round_.streams) {
    auto at = streams_.find(row.stream);
    if (at == streams_.end())
      continue; // no log in this round, as far as anything tells
    auto& reached = at->second.reached;
    stream_range lost{row.stream, reached.next_lsn, row.position.next_lsn, reached.last_scn,
                      row.position.last_scn};
    if (reached.next_lsn >= row.position.next_lsn || explained(lost, problems))
      continue;
    auto path = round_.end_object ? *round_.end_object : tenant_folder(tenant_);
    problems.push_back({path,
                        0,
                        fail(errc::bytes_missing, "the end of the round's log is in no segment that a commit "
                                                  "reaches"),
                        tenant_,
                        {lost},
                        false});
  }
}

} // namespace varve
