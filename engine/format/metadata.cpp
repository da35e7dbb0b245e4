#include "engine/format/metadata_fields.hpp"

namespace varve {

using namespace fields;

namespace {

/// Opens the object and gives a reader of its payload to `decode_fields`; what it returns counts only if the
/// payload held exactly that.
template <class T, class Decode>
result<T> decode_object(bytes_view object, object_kind kind, const random_id* archive, std::string_view where,
                        Decode decode_fields) {
  VARVE_TRY_ASSIGN(auto payload, open_object(object, kind, archive, where));
  reader in(payload, where);
  T x = decode_fields(in);
  VARVE_TRY(in.finish());
  return x;
}

} // namespace

bytes encode(const archive_identity& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.created_at);
  return seal_object(object_kind::identity, x.archive, payload);
}

result<archive_identity> decode_identity(bytes_view object, std::string_view where) {
  VARVE_TRY_ASSIGN(auto header, parse_object_header(object, where));
  return decode_object<archive_identity>(object, object_kind::identity, nullptr, where, [&](reader& in) {
    archive_identity x;
    x.archive = header.archive;
    x.created_at = in.varint();
    return x;
  });
}

bytes encode(const random_id& archive, const piece_start& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  put(out, x.piece);
  put(out, x.bounds);
  out.put_varint(x.created_at);
  return seal_object(object_kind::piece_start, archive, payload);
}

result<piece_start> decode_piece_start(bytes_view object, const random_id* archive, std::string_view where) {
  return decode_object<piece_start>(object, object_kind::piece_start, archive, where, [](reader& in) {
    piece_start x;
    x.tenant = tenant_id{in.varint()};
    x.piece = get<piece_key>(in);
    x.bounds = get<piece_bounds>(in);
    x.created_at = in.varint();
    return x;
  });
}

bytes encode(const random_id& archive, const segment_index& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  put(out, x.piece);
  put(out, x.previous);
  put(out, x.segments);
  put(out, x.streams);
  return seal_object(object_kind::segment_index, archive, payload);
}

result<segment_index> decode_segment_index(bytes_view object, const random_id* archive,
                                           std::string_view where) {
  return decode_object<segment_index>(object, object_kind::segment_index, archive, where, [](reader& in) {
    segment_index x;
    x.tenant = tenant_id{in.varint()};
    x.piece = get<piece_key>(in);
    x.previous = get_optional_ref(in, numbering::numbered);
    x.segments = get_indexed_segments(in);
    x.streams = get_stream_rows(in);
    return x;
  });
}

bytes encode(const random_id& archive, const piece_seal& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  put(out, x.piece);
  put(out, x.bounds);
  out.put_varint(x.created_at);
  out.put_varint(x.sealed_at);
  out.put_varint(x.checkpoint_scn);
  put(out, x.counts);
  put(out, x.last_index);
  put(out, x.segments);
  put(out, x.streams);
  return seal_object(object_kind::seal, archive, payload);
}

result<piece_seal> decode_seal(bytes_view object, const random_id* archive, std::string_view where) {
  return decode_object<piece_seal>(object, object_kind::seal, archive, where, [](reader& in) {
    piece_seal x;
    x.tenant = tenant_id{in.varint()};
    x.piece = get<piece_key>(in);
    x.bounds = get<piece_bounds>(in);
    x.created_at = in.varint();
    x.sealed_at = in.varint();
    x.checkpoint_scn = in.varint();
    x.counts = get<byte_counts>(in);
    x.last_index = get_optional_ref(in, numbering::numbered);
    x.segments = get_indexed_segments(in);
    x.streams = get_stream_rows(in);
    return x;
  });
}

bytes encode(const random_id& archive, const piece_list& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  put(out, x.previous);
  put(out, x.pieces);
  return seal_object(object_kind::piece_list, archive, payload);
}

result<piece_list> decode_piece_list(bytes_view object, const random_id* archive, std::string_view where) {
  return decode_object<piece_list>(object, object_kind::piece_list, archive, where, [](reader& in) {
    piece_list x;
    x.tenant = tenant_id{in.varint()};
    x.previous = get_optional_ref(in, numbering::numbered);
    x.pieces = get_frozen_pieces(in);
    return x;
  });
}

bytes encode(const random_id& archive, const round_end& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  put(out, x.round);
  put(out, x.counts);
  out.put_varint(x.last_piece.value);
  out.put_varint(x.ended_at);
  put(out, x.interruption);
  put(out, x.previous);
  out.put_varint(x.previous_round.value);
  put(out, x.streams);
  return seal_object(object_kind::round_end, archive, payload);
}

result<round_end> decode_round_end(bytes_view object, const random_id* archive, std::string_view where) {
  return decode_object<round_end>(object, object_kind::round_end, archive, where, [](reader& in) {
    round_end x;
    x.tenant = tenant_id{in.varint()};
    x.round = get<archive_round>(in);
    x.counts = get<byte_counts>(in);
    x.last_piece = piece_id{in.varint()};
    x.ended_at = in.varint();
    x.interruption = get_optional<break_record>(in);
    x.previous = get_optional_ref(in, numbering::single);
    x.previous_round = round_id{in.varint()};
    x.streams = get_stream_rows(in);
    in.require(x.round.id.value > 0 && x.round.status == round_status::stop,
               "the end of a round that has not ended");
    in.require(x.previous.has_value() == (x.previous_round.value > 0) && x.previous_round < x.round.id,
               "the end of a round after a round that cannot be before it");
    return x;
  });
}

} // namespace varve
