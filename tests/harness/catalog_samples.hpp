#pragma once

#include "catalog/catalog.hpp"

#include <random>

namespace varve::test {

/// One fixed record of every kind with a different number in every field: the examples of KEYSPACE.md.
template <class R>
R sample_record();

template <>
inline catalog_identity sample_record() {
  catalog_identity x;
  for (std::size_t i = 0; i < x.archive.size(); ++i)
    x.archive[i] = static_cast<std::byte>(0xa0 + i);
  x.created_at = 1;
  x.standing_order = true;
  return x;
}
template <>
inline setting_record sample_record() {
  return {tenant_id{0}, "backup_dest", "file:///b"};
}
template <>
inline tenant_record sample_record() {
  return {tenant_id{1001}, "shop", true};
}
template <>
inline round_status_record sample_record() {
  return {tenant_id{1001},
          {round_id{2}, round_status::doing, 3, 4, piece_id{5}, 6},
          {7, 8, 9},
          piece_id{10},
          commit_seq{11},
          "file:///b",
          stream_id{12},
          "why",
          13,
          14};
}
template <>
inline round_history_record sample_record() {
  return {tenant_id{1001},
          {round_id{2}, round_status::stop, 3, 4, piece_id{5}, 6},
          {7, 8, 9},
          piece_id{10},
          11,
          "file:///b",
          "why"};
}
template <>
inline piece_record sample_record() {
  return {tenant_id{1001},      {round_id{2}, piece_id{3}},    1,           {4, 5},      6,          7,
          piece_status::frozen, varve::file_status::available, piece_id{8}, {9, 10, 11}, "file:///b"};
}
template <>
inline stream_record sample_record() {
  return {tenant_id{1001}, stream_id{2}, 3, {4, 5}, true};
}
template <>
inline lag_sample sample_record() {
  return {tenant_id{1001}, lag_samples_max + 2, 3, 4, std::nullopt, 5};
}
template <>
inline break_history_record sample_record() {
  return {tenant_id{1001}, round_id{2}, stream_id{3}, 4, 5, 6, "why"};
}
template <>
inline round_join_record sample_record() {
  return {tenant_id{1001}, round_id{2}};
}
template <>
inline alarm_record sample_record() {
  return {tenant_id{1001}, stream_id{2}, 3, 4, 5, 6, 7, 8};
}
template <>
inline outbox_record sample_record() {
  return {
      tenant_id{1001}, 2, round_id{3}, round_status::interrupted, 4, "file:///b", stream_id{5}, 6, 7, "why"};
}
template <>
inline writer_record sample_record() {
  return {tenant_id{1001}, "file:///b", {{std::byte{2}}, {std::byte{3}}}};
}

/// Draws records whose keys come from a small space (so that they meet) and whose values from all of theirs.
class record_source {
public:
  explicit record_source(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::uint64_t number() { return random_() >> below(64); } // of all magnitudes
  bool flag() { return below(2) == 1; }
  std::string text() {
    std::string x(below(flag() ? 4 : 300), ' ');
    for (auto& c : x)
      c = static_cast<char>(below(256));
    return x;
  }
  std::array<std::byte, 16> bits() {
    std::array<std::byte, 16> x;
    for (auto& each : x)
      each = static_cast<std::byte>(below(256));
    return x;
  }
  tenant_id tenant() { return tenant_id{1000 + below(4)}; }
  std::optional<stream_id> maybe_stream() {
    return flag() ? std::optional(stream_id{number()}) : std::nullopt;
  }
  varve::round_status round_status() { return static_cast<varve::round_status>(1 + below(5)); }
  archive_round round() {
    return {round_id{1 + below(5)}, round_status(), number(), number(), piece_id{number()}, number()};
  }
  byte_counts counts() { return {number(), number(), number()}; }

  template <class R>
  R record();

private:
  std::mt19937_64 random_;
};

template <>
inline catalog_identity record_source::record() {
  catalog_identity x;
  for (auto& b : x.archive)
    b = static_cast<std::byte>(below(256));
  x.created_at = number();
  x.standing_order = flag();
  return x;
}
template <>
inline setting_record record_source::record() {
  return {flag() ? tenant_id{0} : tenant(), "option_" + std::to_string(below(6)), text()};
}
template <>
inline tenant_record record_source::record() {
  return {tenant(), text(), flag()};
}
template <>
inline round_status_record record_source::record() {
  return {tenant(), round(),        counts(), piece_id{number()}, commit_seq{number()},
          text(),   maybe_stream(), text(),   number(),           number()};
}
template <>
inline round_history_record record_source::record() {
  return {tenant(), round(), counts(), piece_id{number()}, number(), text(), text()};
}
template <>
inline piece_record record_source::record() {
  return {tenant(),
          {round_id{1 + below(3)}, piece_id{below(4)}},
          static_cast<std::uint32_t>(below(3)),
          {number(), number()},
          number(),
          number(),
          static_cast<piece_status>(1 + below(3)),
          static_cast<varve::file_status>(1 + below(7)),
          piece_id{number()},
          counts(),
          text()};
}
template <>
inline stream_record record_source::record() {
  return {tenant(), stream_id{below(8)}, number(), {number(), number()}, flag()};
}
template <>
inline lag_sample record_source::record() {
  return {tenant(), below(3 * lag_samples_max), number(), number(), maybe_stream(), number()};
}
template <>
inline break_history_record record_source::record() {
  return {tenant(), round_id{1 + below(5)}, stream_id{number()}, number(), number(), number(), text()};
}
template <>
inline round_join_record record_source::record() {
  return {tenant(), round_id{1 + below(5)}};
}
template <>
inline alarm_record record_source::record() {
  return {tenant(), stream_id{number()}, number(), number(), number(), number(), number(), number()};
}
template <>
inline outbox_record record_source::record() {
  return {tenant(), below(6), round_id{number()},  round_status(),
          number(), text(),   stream_id{number()}, number(),
          number(), text()};
}
template <>
inline writer_record record_source::record() {
  writer_record made{tenant(), text(), {}};
  made.writers.resize(below(writer_record::writers_max + 1));
  for (auto& each : made.writers)
    each = bits();
  return made;
}

} // namespace varve::test
