#include "engine/format/metadata_fields.hpp"

#include <algorithm>

namespace varve {

using namespace fields;

namespace {

constexpr std::size_t open_piece_bytes_min = 27;

/// What holds of every commit a correct writer makes, whatever happened before it.
void check(reader& in, const commit_record& x) {
  if (x.is_mark()) {
    in.require(x == commit_mark(x.tenant, x.seq), "a mark that says more than its number");
    return;
  }
  in.require(x.epoch <= epoch{x.seq.value}, "a commit older than its own epoch");
  in.require(x.attempt > 0, "a commit that nobody attempted");
  in.require(x.seq.value > 1 || x.predecessor.empty(), "a first commit with a predecessor");
  in.require(x.next_round > x.round.id, "a next round that was given before");
  in.require(x.next_round > x.last_round, "a next round that was given before");
  in.require(x.round.status != round_status::interrupted || x.interruption,
             "an interruption without its reason");
  in.require(x.last_round_end.has_value() == (x.last_round.value > 0), "an ended round without its record");
  in.require(x.frozen_pieces.size() <= frozen_in_commit, "more frozen pieces than a commit may hold");
  auto given = [&](const auto& piece) { return piece.piece.piece < x.next_piece; };
  in.require(std::all_of(x.open_pieces.begin(), x.open_pieces.end(), given) &&
                 std::all_of(x.frozen_pieces.begin(), x.frozen_pieces.end(), given),
             "a next piece that was given before");
  in.require(std::adjacent_find(x.open_pieces.begin(), x.open_pieces.end(),
                                [](auto& a, auto& b) { return !(a.piece < b.piece); }) == x.open_pieces.end(),
             "open pieces that do not ascend");
}

commit_record get_commit(reader& in) {
  commit_record x;
  x.tenant = tenant_id{in.varint()};
  x.seq = commit_seq{in.varint()};
  x.epoch = epoch{in.varint()};
  x.writer = in.random();
  x.predecessor = in.digest();
  x.written_at = in.varint();
  x.attempt = in.varint32();

  x.round = get<archive_round>(in);
  x.next_round = round_id{in.varint()};
  x.next_piece = piece_id{in.varint()};
  x.interruption = get_optional<break_record>(in);
  x.round_counts = get<byte_counts>(in);
  if (in.flag())
    x.limiting_stream = stream_id{in.varint()};

  x.stream_table = get_optional<stream_table_ref>(in);
  x.stream_changes = get_stream_rows(in);
  x.open_pieces = get_list<open_piece>(in, open_piece_bytes_min);
  x.frozen_pieces = get_frozen_pieces(in);
  x.piece_list = get_optional_ref(in, numbering::numbered);
  x.last_round_end = get_optional_ref(in, numbering::single);
  x.last_round = round_id{in.varint()};
  check(in, x);
  return x;
}

} // namespace

commit_record commit_mark(tenant_id tenant, commit_seq seq) {
  commit_record x;
  x.tenant = tenant;
  x.seq = seq;
  return x;
}

bytes encode(const random_id& archive, const commit_record& x) {
  bytes payload;
  byte_writer out(payload);
  out.put_varint(x.tenant.value);
  out.put_varint(x.seq.value);
  out.put_varint(x.epoch.value);
  out.put_bytes(x.writer);
  put(out, x.predecessor);
  out.put_varint(x.written_at);
  out.put_varint(x.attempt);

  put(out, x.round);
  out.put_varint(x.next_round.value);
  out.put_varint(x.next_piece.value);
  put(out, x.interruption);
  put(out, x.round_counts);
  out.put(static_cast<std::uint8_t>(x.limiting_stream.has_value()));
  if (x.limiting_stream)
    out.put_varint(x.limiting_stream->value);

  put(out, x.stream_table);
  put(out, x.stream_changes);
  put(out, x.open_pieces);
  put(out, x.frozen_pieces);
  put(out, x.piece_list);
  put(out, x.last_round_end);
  out.put_varint(x.last_round.value);
  return seal_object(object_kind::commit, archive, payload);
}

result<commit_record> decode_commit(bytes_view object, const random_id* archive, std::string_view where) {
  VARVE_TRY_ASSIGN(auto payload, open_object(object, object_kind::commit, archive, where));
  reader in(payload, where);
  auto x = get_commit(in);
  VARVE_TRY(in.finish());
  return x;
}

} // namespace varve
