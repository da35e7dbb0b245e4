#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace varve {

/// Nanoseconds since 1970-01-01 UTC. Nothing below the door reads a clock: times come in as arguments.
using unix_ns = std::uint64_t;
/// A span of time in nanoseconds.
using duration_ns = std::uint64_t;

inline constexpr duration_ns one_us = 1'000, one_ms = 1'000'000, one_second = 1'000'000'000;
inline constexpr duration_ns one_minute = 60 * one_second, one_hour = 3600 * one_second,
                             one_day = 86'400 * one_second;

/// "120s", "2h", "7d", "500ms", "10us"; no unit means seconds; the unit in any case; decimal, 0x… or 0…
/// octal digits (OceanBase 3.x ObConfigTimeParser). Negative, empty, unknown unit, overflow: refused.
result<duration_ns> parse_duration(std::string_view text);

/// The largest unit that divides it: "2h", "90s", "1500us"; nanoseconds that no unit divides as "17ns".
std::string format_duration(duration_ns duration);

/// "2021-04-30 11:33:41.845543", microseconds floored, in UTC.
std::string format_time(unix_ns time);

/// The inverse, with or without the fraction (up to nine digits) and with ' ' or 'T'; or a plain number of
/// nanoseconds (an SCN), 1 or more: SCN 0 means "none", so "0", leading zeros and the first moment of 1970
/// are refused. UTC. Anything else: invalid_argument.
result<unix_ns> parse_time(std::string_view text);

/// 20210430, the UTC day as a number.
std::uint32_t format_date(unix_ns time);

} // namespace varve
