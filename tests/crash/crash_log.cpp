#include "tests/crash/crash_log.hpp"

#include "engine/base/time.hpp"
#include "tests/harness/made_bytes.hpp"

namespace varve::test {
namespace {

/// 2026-01-01. Log time, not the clock of the machine.
constexpr scn first_scn = 1'767'225'600 * one_second;
/// A day of log, the shortest piece, is 1440 entries.
constexpr duration_ns between_entries = one_minute;

} // namespace

std::uint64_t crash_log::mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) const {
  auto x = seed_ * 0x9e3779b97f4a7c15U + a * 0xc2b2ae3d27d4eb4fU + b * 0x165667b19e3779f9U + c;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

lsn crash_log::offset(tenant_id tenant, stream_id stream, std::uint64_t of_cycle) const {
  lsn sum = 0;
  for (std::uint64_t i = 0; i < of_cycle; ++i)
    sum += 1 + mix(tenant.value, stream.value, i) % 1000;
  return sum;
}

crash_log::entry crash_log::at(tenant_id tenant, stream_id stream, std::uint64_t number) const {
  // Each run of so many entries has one SCN.
  auto repeats = 1 + mix(tenant.value, stream.value, 99) % 3;
  entry made;
  made.scn = first_scn + number / repeats * repeats * between_entries;
  if (stream.value % 2 == 1) {
    made.lsn = number;
    made.next_lsn = number + 1;
    return made;
  }
  auto whole = offset(tenant, stream, cycle);
  auto lsn_of = [&](std::uint64_t n) { return n / cycle * whole + offset(tenant, stream, n % cycle); };
  made.lsn = lsn_of(number);
  made.next_lsn = lsn_of(number + 1);
  return made;
}

std::optional<std::uint64_t> crash_log::find(tenant_id tenant, stream_id stream, lsn from) const {
  if (stream.value % 2 == 1)
    return from;
  auto whole = offset(tenant, stream, cycle);
  for (std::uint64_t i = 0; i < cycle; ++i)
    if (offset(tenant, stream, i) == from % whole)
      return from / whole * cycle + i;
  return std::nullopt;
}

bytes crash_log::payload(tenant_id tenant, stream_id stream, std::uint64_t number, std::uint64_t host) const {
  auto state = mix(tenant.value * 1000 + stream.value, number, host);
  auto size = state % 300;
  if (state % 64 == 0)
    size = 1000 + (state >> 20) % 24'000;
  return half_noise(size, state);
}

} // namespace varve::test
