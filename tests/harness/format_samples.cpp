#include "tests/harness/format_samples.hpp"

#include <stdexcept>

namespace varve::test {
namespace {

constexpr scn sample_scn = 1619782421845543000; // 2021-04-30 11:33:41.845543
constexpr unix_ns sample_time = 1619782500 * one_second;
constexpr duration_ns sample_interval = one_day;

random_id numbered_id(unsigned first) {
  random_id id{};
  for (std::size_t i = 0; i < id.size(); ++i)
    id[i] = static_cast<std::byte>(first + i);
  return id;
}

digest sample_digest(std::uint64_t number) {
  return {0x1111111111111111 * number, 0x2222222222222222 * number};
}

object_ref ref(std::uint64_t epoch_number, std::uint32_t number) {
  return {epoch{epoch_number}, number, sample_digest(epoch_number % 7 + 1)};
}

constexpr piece_key first_piece{round_id{2}, piece_id{3}}, second_piece{round_id{2}, piece_id{4}};
constexpr piece_bounds first_bounds{sample_scn, sample_scn + sample_interval},
    second_bounds{sample_scn + sample_interval, sample_scn + 2 * sample_interval};

std::vector<stream_row> sample_rows() {
  return {{stream_id{1}, 0, {4096, sample_scn + 5}, false},
          {stream_id{2}, 100, {300, sample_scn + 9}, false},
          {stream_id{30}, 7, {7, 0}, true}};
}

std::vector<indexed_segment> sample_segments() {
  return {
      {{epoch{7}, 1, 40'000, true},
       {90'000, 39'000, 450},
       {{stream_id{1}, 0, 4000, sample_scn, sample_scn + 4},
        {stream_id{2}, 100, 200, sample_scn + 1, sample_scn + 1}}},
      {{epoch{9}, 1, 500, false}, {96, 372, 1}, {{stream_id{2}, 200, 300, sample_scn + 9, sample_scn + 9}}}};
}

break_record sample_break() {
  return {stream_id{2}, 300, 900, sample_time + 7 * one_second, "the host recycled its log up to LSN 900"};
}

archive_round sample_round(round_status status) {
  return {round_id{2}, status, sample_scn, sample_scn + 8, piece_id{3}, sample_interval};
}

/// Bytes that no codec makes smaller.
std::string noise(std::size_t size) {
  std::string text;
  std::uint64_t state = 88172645463325252;
  while (text.size() < size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text.push_back(static_cast<char>(state >> 32));
  }
  return text;
}

} // namespace

random_id sample_archive() {
  return numbered_id(0xa0);
}
random_id other_archive() {
  return numbered_id(0xb0);
}

std::vector<owned_entry> sample_entries(std::size_t count, lsn first_lsn, scn first_scn,
                                        std::string_view payload) {
  std::vector<owned_entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    owned_entry x;
    x.lsn = first_lsn;
    x.payload = std::string(payload) + std::to_string(i);
    x.next_lsn = first_lsn += x.payload.size();
    x.scn = first_scn += i == 0 ? 0 : 1000;
    entries.push_back(std::move(x));
  }
  return entries;
}

bytes raw_body(const std::vector<owned_entry>& entries) {
  bytes raw;
  auto previous_scn = entries.front().scn;
  for (auto& x : entries) {
    std::byte head[format::entry_head_bytes_max];
    auto size = store_entry_head(head, x.view(), previous_scn);
    append(raw, {head, size});
    append(raw, as_bytes(x.payload));
    previous_scn = x.scn;
  }
  return raw;
}

built_block build_block(const std::vector<owned_entry>& entries, stream_id stream, std::uint64_t number,
                        codec wanted, tenant_id tenant, varve::epoch epoch) {
  built_block block;
  auto& header = block.header;
  header.entries = static_cast<std::uint32_t>(entries.size());
  header.tenant = tenant;
  header.stream = stream;
  header.epoch = epoch;
  header.number = number;
  header.first_lsn = entries.front().lsn;
  header.next_lsn = entries.back().next_lsn;
  header.first_scn = entries.front().scn;
  header.last_scn = entries.back().scn;
  for (auto& x : entries)
    header.input_bytes += x.payload.size();
  block_packer packer;
  if (auto packed = packer.pack(header, raw_body(entries), wanted, block.encoded); !packed.ok())
    throw std::runtime_error(packed.error().to_string());
  return block;
}

std::vector<owned_entry> entries_of(bytes_view block) {
  auto header = parse_block_header(block, "block");
  if (!header.ok())
    throw std::runtime_error(header.error().to_string());
  bytes raw;
  block_unpacker unpacker;
  auto stored = block.subspan(format::block_header_bytes, header->stored_bytes);
  if (auto done = unpacker.unpack(*header, stored, "block", raw); !done.ok())
    throw std::runtime_error(done.error().to_string());
  std::vector<owned_entry> entries;
  entry_cursor at{*header, raw};
  while (at.next())
    entries.push_back(
        {at.entry().lsn, at.entry().next_lsn, at.entry().scn, std::string(as_text(at.entry().payload))});
  if (at.corrupt())
    throw std::runtime_error("the block's entries are not what its header says");
  return entries;
}

bytes sample_segment(codec wanted, bool ended) {
  std::vector<built_block> blocks;
  if (wanted == codec::none) {
    blocks.push_back(build_block(sample_entries(3, 4096, sample_scn, "redo "), stream_id{1}, 1, wanted));
  } else {
    std::string long_text;
    for (int i = 0; i < 8; ++i)
      long_text += "update accounts set balance = balance - 100 where id = ";
    blocks.push_back(build_block(sample_entries(12, 0, sample_scn, long_text), stream_id{1}, 1, wanted));
    blocks.push_back(build_block(sample_entries(5, 100, sample_scn + 50, "insert into t values "),
                                 stream_id{2}, 1, wanted));
    blocks.push_back(build_block(sample_entries(1, blocks[0].header.next_lsn, sample_scn + 20'000, noise(90)),
                                 stream_id{1}, 2, wanted));
  }
  auto segment = encode_segment_header(sample_archive(), {tenant_id{1001}, first_piece, epoch{7}, 1});
  std::vector<block_ref> refs;
  for (auto& block : blocks) {
    refs.push_back(make_block_ref(block.header, block.encoded, segment.size()));
    append(segment, block.encoded);
  }
  if (ended)
    append(segment, encode_segment_footer(refs, segment.size()));
  return segment;
}

archive_identity sample_identity() {
  return {sample_archive(), sample_time};
}

piece_start sample_piece_start() {
  return {tenant_id{1001}, first_piece, first_bounds, sample_time + one_second};
}

segment_index sample_segment_index() {
  return {tenant_id{1001}, first_piece, ref(7, 1), sample_segments(), sample_rows()};
}

piece_seal sample_seal() {
  return {tenant_id{1001},
          first_piece,
          first_bounds,
          sample_time + one_second,
          sample_time + 2 * one_second,
          sample_scn + 8,
          {90'096, 39'372, 451},
          ref(9, 2),
          sample_segments(),
          sample_rows()};
}

commit_record sample_commit() {
  commit_record x;
  x.tenant = tenant_id{1001};
  x.seq = commit_seq{12};
  x.epoch = epoch{9};
  x.writer = numbered_id(0xc0);
  x.predecessor = sample_digest(3);
  x.written_at = sample_time + 3 * one_second;
  x.attempt = 2;
  x.round = sample_round(round_status::interrupted);
  x.next_round = round_id{3};
  x.next_piece = piece_id{5};
  x.interruption = sample_break();
  x.round_counts = {90'096, 39'372, 451};
  x.limiting_stream = stream_id{2};
  x.stream_table = stream_table_ref{object_kind::segment_index, second_piece, ref(9, 2)};
  x.stream_changes = sample_rows();
  x.open_pieces = {{second_piece,
                    second_bounds,
                    ref(9, 0),
                    ref(9, 2),
                    {{epoch{9}, 1, 500, false}, {epoch{9}, 2, 9000, true}},
                    {5000, 9500, 77}}};
  x.frozen_pieces = {{{round_id{1}, piece_id{2}}, {sample_scn - sample_interval, sample_scn}, ref(4, 0)},
                     {first_piece, first_bounds, ref(9, 0)}};
  x.piece_list = ref(8, 1);
  x.last_round_end = ref(7, 0);
  x.last_round = round_id{1};
  return x;
}

piece_list sample_piece_list() {
  return {tenant_id{1001},
          ref(6, 1),
          {{{round_id{1}, piece_id{1}},
            {sample_scn - 2 * sample_interval, sample_scn - sample_interval},
            ref(3, 0)},
           {{round_id{1}, piece_id{2}}, {sample_scn - sample_interval, sample_scn}, ref(4, 0)}}};
}

round_end sample_round_end() {
  return {tenant_id{1001},
          sample_round(round_status::stop),
          {90'096, 39'372, 451},
          piece_id{4},
          sample_time + 4 * one_second,
          sample_break(),
          ref(7, 0),
          round_id{1},
          sample_rows()};
}

} // namespace varve::test
