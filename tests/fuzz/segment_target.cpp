#include "engine/destination/memory_destination.hpp"
#include "engine/format/describe.hpp"
#include "engine/reader/segment_check.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/fuzz/resealing.hpp"
#include "tests/harness/format_samples.hpp"

#include <algorithm>

namespace varve::fuzz {
namespace {

constexpr std::uint8_t ended_bit = 1, by_another_name_bit = 2;

/// The name that the segment's own header gives it, or another.
segment_name name_of(bytes_view object, bool another) {
  segment_name name{tenant_id{1001}, {round_id{2}, piece_id{3}}, epoch{7}, 1};
  if (auto header = decode_segment_header(object, nullptr, "a segment"); header.ok() && !another)
    name = {header->tenant, header->piece, header->epoch,
            std::min(header->number, format::object_number_max)};
  return name;
}

void check_damage(const damage& found, const object_path& path, std::uint64_t valid_bytes) {
  promise(found.path == path, "a damage names its object");
  promise(found.offset <= valid_bytes, "a damage lies within what counts");
  check_error(to_error(found), path + " at offset " + std::to_string(found.offset));
}

/// The rules of a list of blocks, wherever it came from.
void check_blocks(const segment_blocks& found, std::uint64_t valid_bytes) {
  std::uint64_t at = format::segment_header_bytes;
  for (auto& x : found.blocks) {
    promise(x.offset == at, "blocks lie one behind the other");
    promise(x.size > format::block_header_bytes && x.size <= valid_bytes - at, "a block lies within");
    promise(x.entries > 0 && x.first_lsn < x.next_lsn && x.first_scn > 0 && x.first_scn <= x.last_scn,
            "a block listed holds together");
    at += x.size;
  }
  promise(found.data_end == at, "the data ends with the last block");
  bool blocks_lost = std::any_of(found.damages.begin(), found.damages.end(), costs_log);
  promise(found.complete || blocks_lost, "blocks that are missing are said to be missing");
}

} // namespace

void segment(bytes_view input) {
  auto flags = take_byte(input);
  bool ended = (flags & ended_bit) != 0;
  auto name = name_of(input, (flags & by_another_name_bit) != 0);
  auto path = to_path(name);
  memory_destination where("fuzz");
  promise(where.create(path, input).ok(), "any bytes can lie at a destination");
  segment_ref ref{name.epoch, name.number, input.size(), ended};
  if (input.size() < format::segment_header_bytes)
    ref.valid_bytes = format::segment_header_bytes;

  memory_promise memory(input.size(), 64, 256 << 10);
  auto found = read_segment_blocks(where, name, ref, nullptr);
  if (!found.ok())
    check_error(found.error(), path);
  else {
    for (auto& x : found->damages)
      check_damage(x, path, ref.valid_bytes);
    check_blocks(*found, ref.valid_bytes);
  }
  memory.check();

  indexed_segment indexed{ref, {}, {}};
  if (found.ok())
    indexed = index_segment(ref, found->blocks);
  std::atomic<std::uint64_t> done{0};
  segment_expectation expected{name, indexed, found.ok(), {0, scn_max}, true};
  auto checked = check_segment(where, expected, nullptr, done);
  for (auto& x : checked.problems)
    check_damage(x, path, ref.valid_bytes);
  promise(checked.blocks.size() <= (found.ok() ? found->blocks.size() : 0), "only listed blocks are proved");

  auto seen = describe_object(input, path);
  promise(is_plain_text(to_text(seen.what), lines::many), "a description is plain text");
  if (seen.problem)
    check_error(*seen.problem, path);
  bool sound = found.ok() && found->damages.empty() && checked.problems.empty();
  if (!seen.problem && ended && found.ok() && found->from_footer && name_of(input, false) == name)
    promise(sound, "what inspect finds whole is whole for verify, too");
  if (sound && ended && found->from_footer)
    promise(!seen.problem, "what verify finds whole is whole for inspect, too");
}

void sealed_segment(bytes_view input) {
  if (input.empty())
    return;
  auto made = to_bytes(input);
  reseal_segment(mutable_bytes(made).subspan(1), (std::to_integer<unsigned>(made[0]) & ended_bit) != 0);
  segment(made);
}

std::vector<bytes> segment_seeds() {
  std::vector<bytes> seeds;
  for (auto wanted : {codec::none, codec::lz4, codec::zstd})
    for (bool ended : {false, true})
      seeds.push_back(with_byte(ended ? ended_bit : 0, test::sample_segment(wanted, ended)));
  return seeds;
}

} // namespace varve::fuzz
