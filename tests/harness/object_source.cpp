#include "tests/harness/object_source.hpp"

#include <algorithm>
#include <set>

namespace varve::test {
namespace {

constexpr std::uint64_t half = ~std::uint64_t{0} / 2; // two of these add up without wrapping

/// Strictly ascending keys for a list.
std::set<std::uint64_t> keys(object_source& source, std::uint64_t count_max) {
  std::set<std::uint64_t> found;
  for (auto count = source.below(count_max + 1); count > 0; --count)
    found.insert(source.number());
  return found;
}

std::uint32_t object_number(object_source& source) {
  return static_cast<std::uint32_t>(1 + source.number() % format::object_number_max);
}

} // namespace

std::string object_source::text(std::size_t length_max) {
  std::string text(below(length_max + 1), ' ');
  for (auto& c : text)
    c = static_cast<char>(random_());
  return text;
}

object_ref object_source::numbered_ref() {
  return {epoch{positive()}, object_number(*this), digest()};
}
object_ref object_source::single_ref() {
  return {epoch{positive()}, 0, digest()};
}
piece_key object_source::piece() {
  return {round_id{positive()}, piece_id{number()}};
}

piece_bounds object_source::bounds() {
  auto start = number() & half;
  return {start, flag() ? scn_max : start + 1 + (number() & half)};
}

std::vector<stream_row> object_source::streams() {
  std::vector<stream_row> rows;
  for (auto key : keys(*this, 5)) {
    auto start = number() & half;
    rows.push_back({stream_id{key}, start, {start + (number() & half), number()}, flag()});
  }
  return rows;
}

segment_ref object_source::segment() {
  bool footer = flag();
  auto least = format::segment_header_bytes + (footer ? format::segment_trailer_bytes + 1 : 0);
  return {epoch{positive()}, object_number(*this), least + below(format::segment_bytes_max - least), footer};
}

std::vector<indexed_segment> object_source::segments() {
  std::vector<indexed_segment> list;
  for (auto count = below(4); count > 0; --count) {
    indexed_segment x{segment(), counts(), {}};
    for (auto key : keys(*this, 4)) {
      auto first = number() & half, time = number() & half;
      x.ranges.push_back(
          {stream_id{key}, first, first + 1 + (number() & half), time, time + (number() & half)});
    }
    list.push_back(std::move(x));
  }
  return list;
}

std::vector<frozen_piece> object_source::frozen() {
  std::vector<frozen_piece> list;
  for (auto key : keys(*this, 5))
    list.push_back({{round_id{key / 2 + 1}, piece_id{key}}, bounds(), single_ref()});
  return list;
}

break_record object_source::interruption() {
  return {stream_id{number()}, number(), number(), number(), text(40)};
}

archive_identity object_source::identity() {
  archive_identity x;
  for (auto& b : x.archive)
    b = static_cast<std::byte>(random_());
  x.created_at = number();
  return x;
}

piece_start object_source::piece_start() {
  return {tenant_id{number()}, piece(), bounds(), number()};
}

segment_index object_source::segment_index() {
  return {tenant_id{number()}, piece(), maybe(numbered_ref()), segments(), streams()};
}

piece_seal object_source::seal() {
  return {tenant_id{number()},   piece(),    bounds(), number(), number(), number(), counts(),
          maybe(numbered_ref()), segments(), streams()};
}

commit_record object_source::commit() {
  commit_record x;
  x.tenant = tenant_id{number()};
  x.seq = commit_seq{2 + (number() & half)};
  if (below(8) == 0)
    return commit_mark(x.tenant, x.seq);
  x.epoch = epoch{1 + below(x.seq.value)};
  x.writer = identity().archive;
  if (flag())
    x.predecessor = digest();
  x.written_at = number();
  x.attempt = static_cast<std::uint32_t>(1 + below(1000));
  if (flag())
    x.round = {round_id{1 + below(1000)},
               static_cast<round_status>(1 + below(5)),
               number(),
               number(),
               piece_id{number()},
               number()};
  x.next_round = round_id{2000};
  x.next_piece = piece_id{~std::uint64_t{0}};
  if (flag() || x.round.status == round_status::interrupted)
    x.interruption = interruption();
  x.round_counts = counts();
  if (flag())
    x.limiting_stream = stream_id{number()};
  if (flag())
    x.stream_table = flag() ? stream_table_ref{object_kind::segment_index, piece(), numbered_ref()}
                            : stream_table_ref{object_kind::seal, piece(), single_ref()};
  x.stream_changes = streams();
  for (auto key : keys(*this, 3)) {
    open_piece open{
        {round_id{1}, piece_id{key / 2}}, bounds(), single_ref(), maybe(numbered_ref()), {}, counts()};
    if (!x.open_pieces.empty() && !(x.open_pieces.back().piece < open.piece))
      continue;
    for (auto count = below(3); count > 0; --count)
      open.segments.push_back(segment());
    x.open_pieces.push_back(std::move(open));
  }
  for (auto& piece : frozen())
    if (piece.piece.piece < x.next_piece)
      x.frozen_pieces.push_back(piece);
  x.piece_list = maybe(numbered_ref());
  if (flag()) {
    x.last_round_end = single_ref();
    x.last_round = round_id{1 + below(1000)};
  }
  return x;
}

piece_list object_source::piece_list() {
  return {tenant_id{number()}, maybe(numbered_ref()), frozen()};
}

round_end object_source::round_end() {
  varve::round_end x;
  x.tenant = tenant_id{number()};
  x.round = {round_id{1 + below(1000)}, round_status::stop, number(), number(), piece_id{number()}, number()};
  x.counts = counts();
  x.last_piece = piece_id{number()};
  x.ended_at = number();
  if (flag())
    x.interruption = interruption();
  if (flag() && x.round.id.value > 1) {
    x.previous = single_ref();
    x.previous_round = round_id{1 + below(x.round.id.value - 1)};
  }
  x.streams = streams();
  return x;
}

block_header object_source::header() {
  block_header x;
  x.codec = static_cast<codec>(below(3));
  x.entries = static_cast<std::uint32_t>(1 + below(1000));
  x.tenant = tenant_id{number()};
  x.stream = stream_id{number()};
  x.epoch = epoch{positive()};
  x.number = positive();
  x.first_lsn = number() & half;
  x.next_lsn = x.first_lsn + x.entries + (number() & (half >> 1));
  x.first_scn = 1 + (number() & (half >> 1));
  x.last_scn = x.first_scn + (number() & (half >> 1));
  x.input_bytes = below(1 << 20);
  x.raw_bytes = static_cast<std::uint32_t>(x.input_bytes + std::uint64_t{x.entries} * (3 + below(28)));
  x.stored_bytes =
      x.codec == codec::none ? x.raw_bytes : static_cast<std::uint32_t>(1 + below(x.raw_bytes - 1));
  x.raw_checksum = random_();
  x.stored_checksum = random_();
  return x;
}

std::vector<owned_entry> object_source::entries(std::size_t count) {
  std::vector<owned_entry> list;
  auto next = number() & half;
  auto time = 1 + (number() & half);
  for (std::size_t i = 0; i < count; ++i) {
    owned_entry x;
    x.lsn = next;
    x.next_lsn = next += 1 + (number() >> 16);
    x.scn = time += i == 0 ? 0 : number() >> 16;
    x.payload = flag() ? text(300) : std::string(below(300), 'x');
    list.push_back(std::move(x));
  }
  return list;
}

} // namespace varve::test
