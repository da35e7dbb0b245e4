#include "engine/format/describe.hpp"

#include "engine/base/coding.hpp"
#include "engine/format/describe_parts.hpp"

namespace varve {

using namespace describe_parts;

namespace {

void add_piece(description& target, const piece_key& x) {
  target.add_number("round", x.round.value);
  target.add_number("piece", x.piece.value);
}

void add_bounds(description& target, const piece_bounds& x) {
  add_time(target, "start_scn", x.start_scn);
  add_time(target, "end_scn", x.end_scn);
}

void add_ref(description& target, std::string_view key, const std::optional<object_ref>& x) {
  if (!x)
    return;
  auto& ref = target.add_group(key);
  ref.add_number("epoch", x->epoch.value);
  if (x->number > 0)
    ref.add_number("number", x->number);
  ref.add("digest", x->digest.to_string());
}

void add_segment(description& row, const segment_ref& x) {
  row.add_number("epoch", x.epoch.value);
  row.add_number("number", x.number);
  row.add_number("valid_bytes", x.valid_bytes);
  row.add("footer", x.has_footer ? "yes" : "no");
}

void add_segments(description& target, const std::vector<segment_ref>& segments) {
  auto& list = target.add_list("segments");
  for (auto& x : segments)
    add_segment(list.add_group("segment"), x);
}

void add_segments(description& target, const std::vector<indexed_segment>& segments) {
  auto& list = target.add_list("segments");
  for (auto& x : segments) {
    auto& row = list.add_group("segment");
    add_segment(row, x.segment);
    add_counts(row, "counts", x.counts);
    auto& ranges = row.add_list("ranges");
    for (auto& range : x.ranges) {
      auto& item = ranges.add_group("range");
      item.add_number("stream", range.stream.value);
      item.add_number("first_lsn", range.first_lsn);
      item.add_number("next_lsn", range.next_lsn);
      add_time(item, "first_scn", range.first_scn);
      add_time(item, "last_scn", range.last_scn);
    }
  }
}

void add_streams(description& target, std::string_view key, const std::vector<stream_row>& rows) {
  auto& list = target.add_list(key);
  for (auto& x : rows) {
    auto& row = list.add_group("stream");
    row.add_number("stream", x.stream.value);
    row.add_number("start_lsn", x.start_lsn);
    row.add_number("next_lsn", x.position.next_lsn);
    add_time(row, "last_scn", x.position.last_scn);
    row.add("dropped", x.dropped ? "yes" : "no");
  }
}

void add_round(description& target, const archive_round& x) {
  auto& round = target.add_group("round");
  round.add_number("id", x.id.value);
  round.add("status", to_string(x.status));
  add_time(round, "start_scn", x.start_scn);
  add_time(round, "checkpoint_scn", x.checkpoint_scn);
  round.add_number("start_piece", x.start_piece.value);
  round.add_number("piece_interval_ns", x.piece_interval_ns,
                   x.piece_interval_ns == 0 ? "no split" : format_duration(x.piece_interval_ns));
}

void add_break(description& target, const std::optional<break_record>& x) {
  if (!x)
    return;
  auto& gap = target.add_group("interruption");
  gap.add_number("stream", x->stream.value);
  gap.add_number("first_missing", x->first_missing);
  gap.add_number("oldest_left", x->oldest_left);
  add_time(gap, "noticed_at", x->noticed_at);
  gap.add("reason", x->reason);
}

void add_frozen(description& target, const std::vector<frozen_piece>& pieces) {
  auto& list = target.add_list("frozen_pieces");
  for (auto& x : pieces) {
    auto& row = list.add_group("piece");
    add_piece(row, x.piece);
    add_bounds(row, x.bounds);
    add_ref(row, "seal", x.seal);
  }
}

void add_fields(description& target, const archive_identity& x) {
  add_time(target, "created_at", x.created_at);
}

void add_fields(description& target, const piece_start& x) {
  target.add_number("tenant", x.tenant.value);
  add_piece(target, x.piece);
  add_bounds(target, x.bounds);
  add_time(target, "created_at", x.created_at);
}

void add_fields(description& target, const segment_index& x) {
  target.add_number("tenant", x.tenant.value);
  add_piece(target, x.piece);
  add_ref(target, "previous", x.previous);
  add_segments(target, x.segments);
  add_streams(target, "streams", x.streams);
}

void add_fields(description& target, const piece_seal& x) {
  target.add_number("tenant", x.tenant.value);
  add_piece(target, x.piece);
  add_bounds(target, x.bounds);
  add_time(target, "created_at", x.created_at);
  add_time(target, "sealed_at", x.sealed_at);
  add_time(target, "checkpoint_scn", x.checkpoint_scn);
  add_counts(target, "counts", x.counts);
  add_ref(target, "last_index", x.last_index);
  add_segments(target, x.segments);
  add_streams(target, "streams", x.streams);
}

void add_fields(description& target, const piece_list& x) {
  target.add_number("tenant", x.tenant.value);
  add_ref(target, "previous", x.previous);
  add_frozen(target, x.pieces);
}

void add_fields(description& target, const round_end& x) {
  target.add_number("tenant", x.tenant.value);
  add_round(target, x.round);
  add_counts(target, "counts", x.counts);
  target.add_number("last_piece", x.last_piece.value);
  add_time(target, "ended_at", x.ended_at);
  add_break(target, x.interruption);
  target.add_number("previous_round", x.previous_round.value);
  add_ref(target, "previous", x.previous);
  add_streams(target, "streams", x.streams);
}

void add_fields(description& target, const commit_record& x) {
  target.add_number("tenant", x.tenant.value);
  target.add_number("seq", x.seq.value);
  target.add_number("epoch", x.epoch.value, x.is_mark() ? "a mark: holds its number, says nothing" : "");
  if (x.is_mark())
    return;
  target.add("writer", to_hex(x.writer));
  target.add("predecessor", x.predecessor.to_string(), x.predecessor.empty() ? "none: a beginning" : "");
  add_time(target, "written_at", x.written_at);
  target.add_number("attempt", x.attempt);
  add_round(target, x.round);
  target.add_number("next_round", x.next_round.value);
  target.add_number("next_piece", x.next_piece.value);
  add_break(target, x.interruption);
  add_counts(target, "round_counts", x.round_counts);
  if (x.limiting_stream)
    target.add_number("limiting_stream", x.limiting_stream->value);
  if (x.stream_table) {
    auto& table = target.add_group("stream_table");
    table.add("kind", to_string(x.stream_table->kind));
    add_piece(table, x.stream_table->piece);
    add_ref(table, "object", x.stream_table->object);
  }
  add_streams(target, "stream_changes", x.stream_changes);
  auto& open = target.add_list("open_pieces");
  for (auto& piece : x.open_pieces) {
    auto& row = open.add_group("piece");
    add_piece(row, piece.piece);
    add_bounds(row, piece.bounds);
    add_ref(row, "start", piece.start);
    add_ref(row, "index", piece.index);
    add_segments(row, piece.segments);
    add_counts(row, "counts", piece.counts);
  }
  add_frozen(target, x.frozen_pieces);
  add_ref(target, "piece_list", x.piece_list);
  target.add_number("last_round", x.last_round.value);
  add_ref(target, "last_round_end", x.last_round_end);
}

template <class T>
void add_decoded(inspection& target, const result<T>& decoded) {
  if (decoded.ok())
    add_fields(target.what, *decoded);
  else
    add_problem(target, target.what, decoded.error());
}

void describe_payload(inspection& target, object_kind kind, bytes_view object, std::string_view where) {
  switch (kind) {
  case object_kind::identity:
    return add_decoded(target, decode_identity(object, where));
  case object_kind::segment:
    return describe_segment(target, object, where);
  case object_kind::piece_start:
    return add_decoded(target, decode_piece_start(object, nullptr, where));
  case object_kind::segment_index:
    return add_decoded(target, decode_segment_index(object, nullptr, where));
  case object_kind::seal:
    return add_decoded(target, decode_seal(object, nullptr, where));
  case object_kind::commit:
    return add_decoded(target, decode_commit(object, nullptr, where));
  case object_kind::piece_list:
    return add_decoded(target, decode_piece_list(object, nullptr, where));
  case object_kind::round_end:
    return add_decoded(target, decode_round_end(object, nullptr, where));
  }
}

} // namespace

namespace describe_parts {

void add_time(description& target, std::string_view key, std::uint64_t time) {
  auto words = time == 0 ? std::string() : time == scn_max ? "no end" : format_time(time);
  target.add_number(key, time, words);
}

void add_counts(description& target, std::string_view key, const byte_counts& counts) {
  auto& group = target.add_group(key);
  group.add_number("input_bytes", counts.input_bytes);
  group.add_number("output_bytes", counts.output_bytes);
  group.add_number("entries", counts.entries);
}

void add_problem(inspection& target, description& at, const error& problem) {
  at.add("problem", problem.to_string());
  if (!target.problem)
    target.problem = problem;
}

} // namespace describe_parts

inspection describe_object(bytes_view object, std::string_view where) {
  inspection target;
  target.what.key = "object";
  auto& what = target.what;
  what.add("name", where);
  what.add_number("bytes", object.size());
  if (object.size() >= 4 && load<std::uint32_t>(object.data()) == format::block_magic) {
    what.add("kind", "blocks");
    describe_bare_blocks(target, object, where);
    return target;
  }
  auto header = parse_object_header(object, where);
  if (!header.ok()) {
    add_problem(target, what, header.error());
    return target;
  }
  what.add("kind", to_string(header->kind));
  what.add_number("version", format::version);
  what.add("archive", to_hex(header->archive));
  what.add_number("payload_bytes", header->payload_bytes);
  if (header->kind != object_kind::segment)
    what.add("digest", digest_of(object).to_string());
  describe_payload(target, header->kind, object, where);
  return target;
}

} // namespace varve
