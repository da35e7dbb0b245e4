#include "engine/format/metadata_fields.hpp"

#include <algorithm>

namespace varve::fields {
namespace {

constexpr std::size_t stream_row_bytes_min = 5, segment_ref_bytes_min = 4, indexed_segment_bytes_min = 8,
                      stream_range_bytes_min = 5, frozen_piece_bytes_min = 22;
constexpr std::uint64_t footer_bytes_min = 1 + format::segment_trailer_bytes;

/// Strictly ascending by what `key_of` gives: sorted, and nothing twice.
template <class T, class Key>
bool ascending(const std::vector<T>& list, Key key_of) {
  return std::adjacent_find(list.begin(), list.end(),
                            [&](const T& a, const T& b) { return !(key_of(a) < key_of(b)); }) == list.end();
}

/// A length on disk after its start; the sum must not wrap.
std::uint64_t get_end(reader& in, std::uint64_t start, std::string_view what) {
  auto length = in.varint();
  in.require(length <= ~std::uint64_t{0} - start, what);
  return start + length;
}

} // namespace

std::uint32_t reader::varint32() {
  auto value = varint();
  require(value <= ~std::uint32_t{0}, "a number over 32 bits");
  return static_cast<std::uint32_t>(value);
}

bool reader::flag() {
  auto value = byte();
  require(value <= 1, "a flag that is neither 0 nor 1");
  return ok() && value == 1;
}

digest reader::digest() {
  varve::digest x;
  x.low = in_.get<std::uint64_t>();
  x.high = in_.get<std::uint64_t>();
  return x;
}

random_id reader::random() {
  random_id x{};
  auto view = in_.get_bytes(x.size());
  std::copy(view.begin(), view.end(), x.begin());
  return x;
}

void reader::require(bool holds, std::string_view what) {
  if (holds || !in_.ok())
    return;
  wrong_ = what;
  in_.fail();
}

status reader::finish() {
  if (in_.at_end())
    return {};
  std::string why(wrong_);
  if (why.empty() && !in_.ok())
    why = "a field that is cut off or not in its shortest form";
  if (why.empty())
    why = std::to_string(in_.remaining()) + " bytes after the last field";
  return fail(errc::checksum_error,
              where_ + " holds " + why + ", at byte " + std::to_string(in_.offset()) + " of its payload",
              "its checksum holds, so it was written so: keep the object and report it");
}

void put(byte_writer& out, const digest& x) {
  out.put(x.low);
  out.put(x.high);
}

void put(byte_writer& out, const object_ref& x) {
  out.put_varint(x.epoch.value);
  out.put_varint(x.number);
  put(out, x.digest);
}

object_ref get_ref(reader& in, numbering must) {
  object_ref x;
  x.epoch = epoch{in.varint()};
  x.number = in.varint32();
  x.digest = in.digest();
  in.require(x.epoch.value > 0, "a reference without epoch");
  in.require((x.number > 0) == (must == numbering::numbered), "a reference with a number of the wrong kind");
  in.require(x.number <= format::object_number_max, "a reference with a number over the limit");
  in.require(!x.digest.empty(), "a reference without digest");
  return x;
}

std::optional<object_ref> get_optional_ref(reader& in, numbering must) {
  if (!in.flag())
    return std::nullopt;
  return get_ref(in, must);
}

void put(byte_writer& out, const piece_key& x) {
  out.put_varint(x.round.value);
  out.put_varint(x.piece.value);
}

template <>
piece_key get<piece_key>(reader& in) {
  piece_key x;
  x.round = round_id{in.varint()};
  x.piece = piece_id{in.varint()};
  in.require(x.round.value > 0, "a piece without round");
  return x;
}

void put(byte_writer& out, const piece_bounds& x) {
  out.put_varint(x.start_scn);
  out.put_varint(x.end_scn);
}

template <>
piece_bounds get<piece_bounds>(reader& in) {
  piece_bounds x;
  x.start_scn = in.varint();
  x.end_scn = in.varint();
  in.require(x.start_scn < x.end_scn, "a piece whose bounds are empty or reversed");
  return x;
}

void put(byte_writer& out, const byte_counts& x) {
  out.put_varint(x.input_bytes);
  out.put_varint(x.output_bytes);
  out.put_varint(x.entries);
}

template <>
byte_counts get<byte_counts>(reader& in) {
  byte_counts x;
  x.input_bytes = in.varint();
  x.output_bytes = in.varint();
  x.entries = in.varint();
  return x;
}

void put(byte_writer& out, const archive_round& x) {
  out.put_varint(x.id.value);
  out.put(static_cast<std::uint8_t>(x.status));
  out.put_varint(x.start_scn);
  out.put_varint(x.checkpoint_scn);
  out.put_varint(x.start_piece.value);
  out.put_varint(x.piece_interval_ns);
}

template <>
archive_round get<archive_round>(reader& in) {
  archive_round x;
  x.id = round_id{in.varint()};
  auto status = in.byte();
  x.start_scn = in.varint();
  x.checkpoint_scn = in.varint();
  x.start_piece = piece_id{in.varint()};
  x.piece_interval_ns = in.varint();
  in.require(status >= static_cast<std::uint8_t>(round_status::stop) &&
                 status <= static_cast<std::uint8_t>(round_status::interrupted),
             "a round with an unknown status");
  x.status = static_cast<round_status>(status);
  in.require(x.id.value > 0 || x == archive_round{}, "a round without id that is not empty");
  return x;
}

void put(byte_writer& out, const stream_row& x) {
  out.put_varint(x.stream.value);
  out.put_varint(x.start_lsn);
  out.put_varint(x.position.next_lsn - x.start_lsn);
  out.put_varint(x.position.last_scn);
  out.put(static_cast<std::uint8_t>(x.dropped));
}

template <>
stream_row get<stream_row>(reader& in) {
  stream_row x;
  x.stream = stream_id{in.varint()};
  x.start_lsn = in.varint();
  x.position.next_lsn = get_end(in, x.start_lsn, "a stream whose position is before its start");
  x.position.last_scn = in.varint();
  x.dropped = in.flag();
  return x;
}

void put(byte_writer& out, const segment_ref& x) {
  out.put_varint(x.epoch.value);
  out.put_varint(x.number);
  out.put_varint(x.valid_bytes);
  out.put(static_cast<std::uint8_t>(x.has_footer));
}

template <>
segment_ref get<segment_ref>(reader& in) {
  segment_ref x;
  x.epoch = epoch{in.varint()};
  x.number = in.varint32();
  x.valid_bytes = in.varint();
  x.has_footer = in.flag();
  in.require(x.epoch.value > 0 && x.number > 0 && x.number <= format::object_number_max,
             "a segment without epoch or number");
  in.require(x.valid_bytes >= format::segment_header_bytes + (x.has_footer ? footer_bytes_min : 0) &&
                 x.valid_bytes <= format::segment_bytes_max,
             "a segment of a length that cannot be");
  return x;
}

void put(byte_writer& out, const stream_range& x) {
  out.put_varint(x.stream.value);
  out.put_varint(x.first_lsn);
  out.put_varint(x.next_lsn - x.first_lsn);
  out.put_varint(x.first_scn);
  out.put_varint(x.last_scn - x.first_scn);
}

template <>
stream_range get<stream_range>(reader& in) {
  stream_range x;
  x.stream = stream_id{in.varint()};
  x.first_lsn = in.varint();
  x.next_lsn = get_end(in, x.first_lsn, "a stream range with reversed LSNs");
  x.first_scn = in.varint();
  x.last_scn = get_end(in, x.first_scn, "a stream range with reversed SCNs");
  in.require(x.first_lsn < x.next_lsn, "a stream range without entries");
  return x;
}

void put(byte_writer& out, const indexed_segment& x) {
  put(out, x.segment);
  put(out, x.counts);
  put(out, x.ranges);
}

template <>
indexed_segment get<indexed_segment>(reader& in) {
  indexed_segment x;
  x.segment = get<segment_ref>(in);
  x.counts = get<byte_counts>(in);
  x.ranges = get_list<stream_range>(in, stream_range_bytes_min);
  in.require(ascending(x.ranges, [](auto& range) { return range.stream; }),
             "stream ranges that do not ascend");
  return x;
}

void put(byte_writer& out, const break_record& x) {
  out.put_varint(x.stream.value);
  out.put_varint(x.first_missing);
  out.put_varint(x.oldest_left);
  out.put_varint(x.noticed_at);
  out.put_string(x.reason);
}

template <>
break_record get<break_record>(reader& in) {
  break_record x;
  x.stream = stream_id{in.varint()};
  x.first_missing = in.varint();
  x.oldest_left = in.varint();
  x.noticed_at = in.varint();
  x.reason = in.text();
  return x;
}

void put(byte_writer& out, const frozen_piece& x) {
  put(out, x.piece);
  put(out, x.bounds);
  put(out, x.seal);
}

template <>
frozen_piece get<frozen_piece>(reader& in) {
  frozen_piece x;
  x.piece = get<piece_key>(in);
  x.bounds = get<piece_bounds>(in);
  x.seal = get_ref(in, numbering::single);
  return x;
}

void put(byte_writer& out, const open_piece& x) {
  put(out, x.piece);
  put(out, x.bounds);
  put(out, x.start);
  put(out, x.index);
  put(out, x.segments);
  put(out, x.counts);
}

template <>
open_piece get<open_piece>(reader& in) {
  open_piece x;
  x.piece = get<piece_key>(in);
  x.bounds = get<piece_bounds>(in);
  x.start = get_ref(in, numbering::single);
  x.index = get_optional_ref(in, numbering::numbered);
  x.segments = get_segments(in);
  x.counts = get<byte_counts>(in);
  return x;
}

void put(byte_writer& out, const stream_table_ref& x) {
  out.put_varint(static_cast<std::uint64_t>(x.kind));
  put(out, x.piece);
  put(out, x.object);
}

template <>
stream_table_ref get<stream_table_ref>(reader& in) {
  stream_table_ref x;
  auto kind = in.varint();
  bool index = kind == static_cast<std::uint64_t>(object_kind::segment_index);
  in.require(index || kind == static_cast<std::uint64_t>(object_kind::seal),
             "a stream table in an object that has none");
  x.kind = index ? object_kind::segment_index : object_kind::seal;
  x.piece = get<piece_key>(in);
  x.object = get_ref(in, index ? numbering::numbered : numbering::single);
  return x;
}

std::vector<stream_row> get_stream_rows(reader& in) {
  auto rows = get_list<stream_row>(in, stream_row_bytes_min);
  in.require(ascending(rows, [](auto& row) { return row.stream; }), "streams that do not ascend");
  return rows;
}

std::vector<indexed_segment> get_indexed_segments(reader& in) {
  return get_list<indexed_segment>(in, indexed_segment_bytes_min);
}

std::vector<segment_ref> get_segments(reader& in) {
  return get_list<segment_ref>(in, segment_ref_bytes_min);
}

std::vector<frozen_piece> get_frozen_pieces(reader& in) {
  auto pieces = get_list<frozen_piece>(in, frozen_piece_bytes_min);
  in.require(ascending(pieces, [](auto& piece) { return piece.piece; }), "frozen pieces that do not ascend");
  return pieces;
}

} // namespace varve::fields
