#pragma once

#include "actors/tenant_intake.hpp"
#include "tests/actors/block_samples.hpp"

#include <string>
#include <vector>

namespace varve::test {

/// A tenant's intake without actors: tests play them.
struct intake_fixture {
  struct options {
    std::uint64_t budget_bytes = std::uint64_t{16} << 20, reserve_bytes = std::uint64_t{1} << 20;
    std::uint64_t room_bytes = slab_arena::slab_bytes;
    std::uint32_t block_bytes = 4'096, entry_bytes_max = 1 << 20;
  };
  explicit intake_fixture(options given);
  intake_fixture() : intake_fixture(options{}) {}

  std::shared_ptr<stream_buffer> stream(std::uint64_t id) { return intake->find_or_add(stream_id{id}); }
  /// A stream that has its appender.
  std::shared_ptr<stream_buffer> open(std::uint64_t id, std::optional<lsn> start_lsn = {});
  /// What was cut, in order; blocks that were replaced are left out.
  std::vector<cut_block_ptr> queued();
  /// The entries of blocks, in order.
  static std::vector<log_record> entries(const std::vector<cut_block_ptr>& blocks);

  memory_budget budget;
  std::unique_ptr<tenant_intake> intake;
  unsigned works = 0, pressures = 0;
  std::vector<std::uint64_t> repeats, rooms;
};

/// Hands over an entry of `stream`, which must have the answer `expected`; gives the answer.
append_answer hand_over(stream_buffer& stream, const log_record& entry,
                        append_outcome expected = append_outcome::accepted);

/// `count` entries from `from` on, ten LSNs and `step` SCNs apart, of `payload_bytes` each.
std::vector<log_record> records(std::size_t count, lsn from, scn at, scn step = 1,
                                std::size_t payload_bytes = 20);

/// Where everything up to `entry` stands.
inline stream_position position_after(const log_record& entry) {
  return {entry.next_lsn, entry.scn};
}

} // namespace varve::test
