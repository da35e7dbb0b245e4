#include "catalog/record_coding.hpp"

#include "engine/base/checksum.hpp"
#include "engine/base/coding.hpp"

#include <algorithm>
#include <concepts>

namespace varve {
namespace {

constexpr std::size_t checksum_bytes = 4;

// The same walk over a record's fields writes it and reads it back, so that the two cannot differ. Each
// visitor below has the verbs number, id, flag, text, raw, maybe (an optional id) and choice (an enum and its
// range).

struct value_writer {
  byte_writer out;
  template <std::unsigned_integral T>
  void number(const T& x) {
    out.put(x);
  }
  template <class Tag>
  void id(const varve::id<Tag>& x) {
    out.put(x.value);
  }
  void flag(const bool& x) { out.put(static_cast<std::uint8_t>(x)); }
  void text(const std::string& x) { out.put_string(x); }
  void raw(const std::array<std::byte, 16>& x) { out.put_bytes(x); }
  void list(const std::vector<std::array<std::byte, 16>>& x, std::size_t) {
    out.put(static_cast<std::uint8_t>(x.size()));
    for (auto& each : x)
      raw(each);
  }
  template <class Tag>
  void maybe(const std::optional<varve::id<Tag>>& x) {
    flag(x.has_value());
    if (x)
      id(*x);
  }
  template <class Enum>
  void choice(const Enum& x, Enum, Enum) {
    out.put(static_cast<std::uint8_t>(x));
  }
};

struct value_reader {
  byte_reader& in;
  template <std::unsigned_integral T>
  void number(T& x) {
    x = in.get<T>();
  }
  template <class Tag>
  void id(varve::id<Tag>& x) {
    x.value = in.get<std::uint64_t>();
  }
  void flag(bool& x) {
    auto stored = in.get<std::uint8_t>();
    if (stored > 1)
      in.fail();
    x = stored == 1;
  }
  void text(std::string& x) { x = in.get_string(); }
  void raw(std::array<std::byte, 16>& x) {
    auto stored = in.get_bytes(x.size());
    std::copy(stored.begin(), stored.end(), x.begin());
  }
  void list(std::vector<std::array<std::byte, 16>>& x, std::size_t count_max) {
    auto count = in.get<std::uint8_t>();
    if (count > count_max)
      return in.fail();
    x.resize(count);
    for (auto& each : x)
      raw(each);
  }
  template <class Tag>
  void maybe(std::optional<varve::id<Tag>>& x) {
    bool there = false;
    flag(there);
    if (there)
      id(x.emplace());
  }
  template <class Enum>
  void choice(Enum& x, Enum first, Enum last) {
    x = static_cast<Enum>(in.get<std::uint8_t>());
    if (x < first || x > last)
      in.fail();
  }
};

struct key_maker {
  key_writer out;
  template <class Tag>
  void id(const varve::id<Tag>& x) {
    out.number(x.value);
  }
  template <std::unsigned_integral T>
  void number(const T& x) {
    out.number(x);
  }
  void text(const std::string& x) { out.text(x); }
};

struct key_taker {
  key_reader in;
  template <class Tag>
  void id(varve::id<Tag>& x) {
    x.value = in.number<std::uint64_t>();
  }
  template <std::unsigned_integral T>
  void number(T& x) {
    x = in.number<T>();
  }
  void text(std::string& x) { x = in.text(); }
};

template <class R>
constexpr key_family family = key_family::identity;
template <>
constexpr key_family family<setting_record> = key_family::setting;
template <>
constexpr key_family family<tenant_record> = key_family::tenant;
template <>
constexpr key_family family<round_status_record> = key_family::round_status;
template <>
constexpr key_family family<round_history_record> = key_family::round_history;
template <>
constexpr key_family family<piece_record> = key_family::piece;
template <>
constexpr key_family family<stream_record> = key_family::stream;
template <>
constexpr key_family family<lag_sample> = key_family::lag;
template <>
constexpr key_family family<break_history_record> = key_family::break_history;
template <>
constexpr key_family family<round_join_record> = key_family::round_join;
template <>
constexpr key_family family<alarm_record> = key_family::alarm;
template <>
constexpr key_family family<outbox_record> = key_family::outbox;
template <>
constexpr key_family family<writer_record> = key_family::writer;

// A record is walked as itself when it is read and as const when it is written.
template <class X, class R>
concept record_of = std::same_as<std::remove_const_t<X>, R>;

// ---- keys

void walk_key(auto&, record_of<catalog_identity> auto&) {}
void walk_key(auto& v, record_of<setting_record> auto& x) {
  v.id(x.tenant);
  v.text(x.name);
}
void walk_key(auto& v, record_of<tenant_record> auto& x) {
  v.id(x.tenant);
}
void walk_key(auto& v, record_of<round_status_record> auto& x) {
  v.id(x.tenant);
}
void walk_key(auto& v, record_of<round_history_record> auto& x) {
  v.id(x.tenant);
  v.id(x.round.id);
}
void walk_key(auto& v, record_of<piece_record> auto& x) {
  v.id(x.tenant);
  v.id(x.piece.round);
  v.id(x.piece.piece);
  v.number(x.copy);
}
void walk_key(auto& v, record_of<stream_record> auto& x) {
  v.id(x.tenant);
  v.id(x.stream);
}
void walk_key(key_maker& v, const lag_sample& x) {
  v.id(x.tenant);
  v.number(x.number % lag_samples_max);
}
void walk_key(key_taker& v,
              lag_sample& x) { // the number is in the value; the slot is only its place in the ring
  v.id(x.tenant);
  v.number(x.number);
}
void walk_key(auto& v, record_of<break_history_record> auto& x) {
  v.id(x.tenant);
  v.id(x.round);
}
void walk_key(auto& v, record_of<round_join_record> auto& x) {
  v.id(x.tenant);
  v.id(x.round);
}
void walk_key(auto& v, record_of<alarm_record> auto& x) {
  v.id(x.tenant);
}
void walk_key(auto& v, record_of<outbox_record> auto& x) {
  v.id(x.tenant);
  v.number(x.number);
}
void walk_key(auto& v, record_of<writer_record> auto& x) {
  v.id(x.tenant);
  v.text(x.destination);
}

// ---- values

void walk_counts(auto& v, record_of<byte_counts> auto& x) {
  v.number(x.input_bytes);
  v.number(x.output_bytes);
  v.number(x.entries);
}

/// Without the id where the key has it.
void walk_round(auto& v, record_of<archive_round> auto& x) {
  v.choice(x.status, round_status::stop, round_status::interrupted);
  v.number(x.start_scn);
  v.number(x.checkpoint_scn);
  v.id(x.start_piece);
  v.number(x.piece_interval_ns);
}

void walk(auto& v, record_of<catalog_identity> auto& x) {
  v.raw(x.archive);
  v.number(x.created_at);
  v.flag(x.standing_order);
}
void walk(auto& v, record_of<setting_record> auto& x) {
  v.text(x.value);
}
void walk(auto& v, record_of<tenant_record> auto& x) {
  v.text(x.name);
  v.flag(x.archiving);
}
void walk(auto& v, record_of<round_status_record> auto& x) {
  v.id(x.round.id);
  walk_round(v, x.round);
  walk_counts(v, x.counts);
  v.id(x.current_piece);
  v.id(x.seq);
  v.text(x.destination);
  v.maybe(x.limiting_stream);
  v.text(x.comment);
  v.number(x.comment_since);
  v.number(x.updated_at);
}
void walk(auto& v, record_of<round_history_record> auto& x) {
  walk_round(v, x.round);
  walk_counts(v, x.counts);
  v.id(x.last_piece);
  v.number(x.ended_at);
  v.text(x.destination);
  v.text(x.comment);
}
void walk(auto& v, record_of<piece_record> auto& x) {
  v.number(x.bounds.start_scn);
  v.number(x.bounds.end_scn);
  v.number(x.created_at);
  v.number(x.checkpoint_scn);
  v.choice(x.status, piece_status::active, piece_status::frozen);
  v.choice(x.file_status, file_status::available, file_status::deleted);
  v.id(x.start_piece);
  walk_counts(v, x.counts);
  v.text(x.destination);
}
void walk(auto& v, record_of<stream_record> auto& x) {
  v.number(x.start_lsn);
  v.number(x.position.next_lsn);
  v.number(x.position.last_scn);
  v.flag(x.dropped);
}
void walk(auto& v, record_of<lag_sample> auto& x) {
  v.number(x.number);
  v.number(x.committed_at);
  v.number(x.checkpoint_scn);
  v.maybe(x.limiting_stream);
  v.number(x.commit_took);
}
void walk(auto& v, record_of<break_history_record> auto& x) {
  v.id(x.stream);
  v.number(x.first_missing);
  v.number(x.oldest_left);
  v.number(x.noticed_at);
  v.text(x.reason);
}
void walk(auto&, record_of<round_join_record> auto&) {}
void walk(auto& v, record_of<alarm_record> auto& x) {
  v.id(x.stream);
  v.number(x.archived_lsn);
  v.number(x.accepted_lsn);
  v.number(x.oldest_left);
  v.number(x.streams);
  v.number(x.since);
  v.number(x.updated_at);
}
void walk(auto& v, record_of<outbox_record> auto& x) {
  v.id(x.round);
  v.choice(x.status, round_status::stop, round_status::interrupted);
  v.number(x.decided_at);
  v.text(x.destination);
  v.id(x.break_stream);
  v.number(x.first_missing);
  v.number(x.oldest_left);
  v.text(x.reason);
}
void walk(auto& v, record_of<writer_record> auto& x) {
  v.list(x.writers, writer_record::writers_max);
}

std::uint32_t checksum_of(std::string_view key, bytes_view body) {
  auto covered = to_bytes(as_bytes(key));
  append(covered, body);
  return static_cast<std::uint32_t>(checksum64(covered));
}

error damaged(std::string_view key, std::string_view how) {
  return fail(errc::checksum_error, "catalog record " + describe_key(key) + " " + std::string(how),
              "run `varve rebuild-catalog`");
}

} // namespace

template <class R>
std::string key_of(const R& record) {
  key_maker key{key_writer(family<R>)};
  walk_key(key, record);
  return key.out.take();
}

template <class R>
std::string encode_value(const R& record) {
  bytes value;
  value_writer visitor{byte_writer(value)};
  auto key = key_of(record);
  visitor.number(family_of(key)->version);
  walk(visitor, record);
  visitor.number(checksum_of(key, value));
  return std::string(as_text(value));
}

template <class R>
result<R> decode_record(std::string_view key, std::string_view value) {
  if (value.size() <= checksum_bytes)
    return damaged(key, "is cut short");
  // The version comes first: only it tells where a newer program keeps its checksum.
  auto newest = family_of(family_prefix(family<R>))->version;
  auto version = static_cast<std::uint8_t>(value[0]);
  if (version > newest)
    return fail(errc::unknown_version,
                "catalog record " + describe_key(key) + " has version " + std::to_string(version) +
                    ", this program knows versions up to " + std::to_string(newest),
                "use the newer program that wrote this catalog");
  auto body = as_bytes(value.substr(0, value.size() - checksum_bytes));
  auto stored = load<std::uint32_t>(as_bytes(value).data() + body.size());
  if (version == 0 || stored != checksum_of(key, body))
    return damaged(key, "is not what was written");

  R record;
  key_taker key_visitor{key_reader(family<R>, key)};
  walk_key(key_visitor, record);
  byte_reader reader(body.subspan(1));
  value_reader visitor{reader};
  walk(visitor, record);
  if (!key_visitor.in.at_end() || !reader.at_end())
    return damaged(key, "does not have the fields of its family");
  if (key_of(record) != key) // of a lag sample the value has the number, too
    return damaged(key, "lies in the place of another record");
  return record;
}

#define VARVE_RECORD(R)                                                                                      \
  template std::string key_of(const R&);                                                                     \
  template std::string encode_value(const R&);                                                               \
  template result<R> decode_record(std::string_view, std::string_view);
VARVE_RECORD(catalog_identity)
VARVE_RECORD(setting_record)
VARVE_RECORD(tenant_record)
VARVE_RECORD(round_status_record)
VARVE_RECORD(round_history_record)
VARVE_RECORD(piece_record)
VARVE_RECORD(stream_record)
VARVE_RECORD(lag_sample)
VARVE_RECORD(break_history_record)
VARVE_RECORD(round_join_record)
VARVE_RECORD(alarm_record)
VARVE_RECORD(outbox_record)
VARVE_RECORD(writer_record)
#undef VARVE_RECORD

} // namespace varve
