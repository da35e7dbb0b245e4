#include "engine/reader/segment_check.hpp"

#include <algorithm>

namespace varve {
namespace {

constexpr std::size_t read_bytes = 4 << 20; // neighbouring blocks read together

class segment_checker {
public:
  segment_checker(destination& where, const segment_expectation& expected, const random_id* archive,
                  std::atomic<std::uint64_t>& done)
      : where_(where), expected_(expected), archive_(archive), done_(done), path_(to_path(expected.name)) {}

  checked_segment check() {
    auto found = read_segment_blocks(where_, expected_.name, expected_.indexed.segment, archive_);
    if (!found.ok()) {
      add(0, found.error(), expected_.indexed.ranges, expected_.indexed.ranges.empty());
      return std::move(checked_);
    }
    check_structure(*found);
    done_ += expected_.indexed.segment.valid_bytes -
             std::min(expected_.indexed.segment.valid_bytes, block_bytes(*found));
    auto& blocks = found->blocks;
    for (std::size_t begin = 0; begin < blocks.size();) {
      std::size_t end = begin, size = 0;
      while (end < blocks.size() && (end == begin || size + blocks[end].size <= read_bytes))
        size += static_cast<std::size_t>(blocks[end++].size);
      check_run(std::span(blocks).subspan(begin, end - begin), size);
      begin = end;
    }
    return std::move(checked_);
  }

private:
  static std::uint64_t block_bytes(const segment_blocks& found) {
    std::uint64_t sum = 0;
    for (auto& x : found.blocks)
      sum += x.size;
    return sum;
  }

  void add(std::uint64_t offset, error why, std::vector<stream_range> lost, bool unknown) {
    checked_.problems.push_back(
        {path_, offset, std::move(why), expected_.name.tenant, std::move(lost), unknown});
  }

  void check_structure(const segment_blocks& found) {
    auto missing = missing_ranges(expected_.indexed, found);
    for (auto x : found.damages) {
      if (costs_log(x) && (expected_.ranges_proved || !missing.empty())) {
        x.lost = std::exchange(missing, {});
        x.lost_unknown = !expected_.ranges_proved;
      }
      checked_.problems.push_back(std::move(x));
    }
    auto real = index_segment(expected_.indexed.segment, found.blocks);
    checked_.counts = real.counts;
    if (!found.complete || !expected_.ranges_proved)
      return;
    if (real.ranges != expected_.indexed.ranges)
      add(0, fail(errc::checksum_error, "the index lists other streams or positions than the blocks have"),
          std::move(missing), false);
    else if (real.counts.entries != expected_.indexed.counts.entries ||
             real.counts.input_bytes != expected_.indexed.counts.input_bytes)
      add(0, fail(errc::checksum_error, "the index counts other entries or bytes than the blocks have"), {},
          false);
  }

  /// Reads neighbours at once; if that fails, one by one.
  void check_run(std::span<const block_ref> blocks, std::size_t size) {
    buffer_.resize(std::max(buffer_.size(), size));
    auto together = read_exactly(where_, path_, blocks[0].offset, mutable_bytes(buffer_).first(size));
    std::size_t at = 0;
    for (auto& ref : blocks) {
      auto length = static_cast<std::size_t>(ref.size);
      auto target = mutable_bytes(buffer_).subspan(at, length);
      auto read = together.ok() ? status() : read_exactly(where_, path_, ref.offset, target);
      at += length;
      done_ += ref.size;
      if (read.ok())
        read = check_block(ref, target);
      if (!read.ok())
        add(ref.offset, read.error(),
            {{ref.stream, ref.first_lsn, ref.next_lsn, ref.first_scn, ref.last_scn}}, false);
    }
  }

  /// What it returns costs the block; what it adds itself does not.
  status check_block(const block_ref& ref, bytes_view stored) {
    VARVE_TRY_ASSIGN(auto header, open_block(ref, stored, expected_.name.tenant, path_, unpacker_, raw_));
    entries_.clear();
    VARVE_TRY(collect_entries(header, raw_, path_, ref.offset, entries_));
    checked_.blocks.push_back({0, ref, header.epoch});
    std::uint64_t input_bytes = 0;
    for (auto& x : entries_)
      input_bytes += x.payload.size();
    if (input_bytes != header.input_bytes)
      add(ref.offset, fail(errc::checksum_error, "the block counts other payload bytes than it has"), {},
          false);
    auto& bounds = expected_.bounds;
    bool early = ref.first_scn < bounds.start_scn && !expected_.first_of_round;
    bool late = bounds.end_scn != scn_max && ref.last_scn >= bounds.end_scn;
    if (early || late)
      add(ref.offset,
          fail(errc::checksum_error, "the block has entries of another piece's time: a restore until a "
                                     "point in time may not find them"),
          {}, false);
    return {};
  }

  destination& where_;
  const segment_expectation& expected_;
  const random_id* archive_;
  std::atomic<std::uint64_t>& done_;
  object_path path_;
  checked_segment checked_;
  block_unpacker unpacker_;
  bytes buffer_, raw_;
  std::vector<log_entry> entries_;
};

} // namespace

checked_segment check_segment(destination& where, const segment_expectation& expected,
                              const random_id* archive, std::atomic<std::uint64_t>& done) {
  return segment_checker(where, expected, archive, done).check();
}

} // namespace varve
