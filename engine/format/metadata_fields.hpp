#pragma once

#include "engine/base/coding.hpp"
#include "engine/format/metadata.hpp"

#include <concepts>

/// The parts that several metadata objects share, as bytes. FORMAT.md section 4.2 lists them in the same
/// order.
namespace varve::fields {

/// Takes a payload apart and keeps the first thing that is wrong with it. Like byte_reader: decode
/// everything, ask once.
class reader {
public:
  reader(bytes_view payload, std::string_view where) : in_(payload), where_(where) {}

  bool ok() const { return in_.ok(); }
  std::uint64_t varint() { return in_.get_varint(); }
  std::uint32_t varint32();
  bool flag(); ///< one byte, 0 or 1
  std::uint8_t byte() { return in_.get<std::uint8_t>(); }
  std::string text() { return std::string(in_.get_string()); }
  varve::digest digest();
  random_id random();
  std::size_t count(std::size_t item_bytes_min) { return in_.get_count(item_bytes_min); }

  /// Notes `what` and fails, unless it holds or something failed before.
  void require(bool holds, std::string_view what);

  /// Success when everything was there, allowed and used up; else checksum_error naming object and reason.
  status finish();

private:
  byte_reader in_;
  std::string where_;
  std::string_view wrong_;
};

void put(byte_writer& out, const digest& x);
void put(byte_writer& out, const object_ref& x);
void put(byte_writer& out, const piece_key& x);
void put(byte_writer& out, const piece_bounds& x);
void put(byte_writer& out, const byte_counts& x);
void put(byte_writer& out, const archive_round& x);
void put(byte_writer& out, const stream_row& x);
void put(byte_writer& out, const segment_ref& x);
void put(byte_writer& out, const stream_range& x);
void put(byte_writer& out, const indexed_segment& x);
void put(byte_writer& out, const break_record& x);
void put(byte_writer& out, const frozen_piece& x);
void put(byte_writer& out, const open_piece& x);
void put(byte_writer& out, const stream_table_ref& x);

/// For every type above.
template <class T>
T get(reader& in);
template <>
piece_key get<piece_key>(reader& in);
template <>
piece_bounds get<piece_bounds>(reader& in);
template <>
byte_counts get<byte_counts>(reader& in);
template <>
archive_round get<archive_round>(reader& in);
template <>
stream_row get<stream_row>(reader& in);
template <>
segment_ref get<segment_ref>(reader& in);
template <>
stream_range get<stream_range>(reader& in);
template <>
indexed_segment get<indexed_segment>(reader& in);
template <>
break_record get<break_record>(reader& in);
template <>
frozen_piece get<frozen_piece>(reader& in);
template <>
open_piece get<open_piece>(reader& in);
template <>
stream_table_ref get<stream_table_ref>(reader& in);

/// Whether an object_ref must have a number (index, list) or must not (start, seal, round end).
enum class numbering { numbered, single };
object_ref get_ref(reader& in, numbering must);

template <class T>
void put(byte_writer& out, const std::optional<T>& x) {
  out.put(static_cast<std::uint8_t>(x.has_value()));
  if (x)
    put(out, *x);
}
template <class T>
void put(byte_writer& out, const std::vector<T>& list) {
  out.put_varint(list.size());
  for (auto& x : list)
    put(out, x);
}

template <class T>
std::optional<T> get_optional(reader& in) {
  if (!in.flag())
    return std::nullopt;
  return get<T>(in);
}
std::optional<object_ref> get_optional_ref(reader& in, numbering must);

/// `item_bytes_min`: what the shortest item takes, so that a damaged count reserves no more than its bytes
/// allow.
template <class T>
std::vector<T> get_list(reader& in, std::size_t item_bytes_min) {
  std::vector<T> list;
  auto count = in.count(item_bytes_min);
  list.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i)
    list.push_back(get<T>(in));
  return list;
}

std::vector<stream_row> get_stream_rows(reader& in); ///< ascending, one per stream
std::vector<indexed_segment> get_indexed_segments(reader& in);
std::vector<segment_ref> get_segments(reader& in);
std::vector<frozen_piece> get_frozen_pieces(reader& in); ///< ascending, one per piece

} // namespace varve::fields
