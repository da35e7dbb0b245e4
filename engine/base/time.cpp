#include "engine/base/time.hpp"

#include "engine/base/text.hpp"

#include <cctype>
#include <chrono>
#include <limits>

namespace varve {
namespace {

struct unit {
  std::string_view name;
  duration_ns length;
};
constexpr unit units[] = {{"us", one_us},     {"ms", one_ms},   {"s", one_second},
                          {"m", one_minute}, {"h", one_hour}, {"d", one_day}};

error bad(std::string_view kind, std::string_view text, std::string hint) {
  return fail(errc::invalid_argument, in_quotes(text) + " is not a " + std::string(kind),
              std::move(hint));
}

/// Takes decimal, 0x or octal digits off the front of `text`; false where there are none or they overflow.
bool take_number(std::string_view& text, std::uint64_t& value) {
  unsigned base = 10;
  if (text.size() > 1 && text[0] == '0') {
    base = 8;
    if (text[1] == 'x' || text[1] == 'X') {
      base = 16;
      text.remove_prefix(2);
    }
  }
  std::size_t count = 0;
  value = 0;
  for (; count < text.size(); ++count) {
    auto c = static_cast<char>(std::tolower(static_cast<unsigned char>(text[count])));
    unsigned digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    else if (base == 16 && c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a' + 10);
    if (digit >= base) break;
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / base) return false;
    value = value * base + digit;
  }
  text.remove_prefix(count);
  return count > 0;
}

/// Exactly `count` decimal digits off the front.
bool take_digits(std::string_view& text, std::size_t count, unsigned& value) {
  value = 0;
  if (text.size() < count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

result<duration_ns> parse_duration(std::string_view text) {
  constexpr auto hint = "write a whole number and us, ms, s, m, h or d, such as 120s";
  auto rest = text;
  std::uint64_t number = 0;
  if (!take_number(rest, number)) return bad("time", text, hint);
  auto name = lower(rest);
  if (name.empty()) name = "s";
  for (auto& u : units)
    if (name == u.name) {
      if (number > std::numeric_limits<duration_ns>::max() / u.length) return bad("time", text, "too long");
      return number * u.length;
    }
  return bad("time", text, hint);
}

std::string format_duration(duration_ns duration) {
  if (duration == 0) return "0s";
  for (auto i = std::size(units); i-- > 0;)
    if (duration % units[i].length == 0)
      return std::to_string(duration / units[i].length).append(units[i].name);
  return std::to_string(duration) + "ns";
}

std::string format_time(unix_ns time) {
  using namespace std::chrono;
  auto seconds_since = time / one_second;
  sys_days day{days{static_cast<int>(seconds_since / 86'400)}};
  year_month_day date{day};
  auto in_day = static_cast<unsigned>(seconds_since % 86'400);
  // By hand: a SELECT writes three times for each of ten thousand rows.
  std::string text = "0000-00-00 00:00:00.000000";
  auto put = [&](std::size_t end, std::uint64_t number) {
    for (; number > 0; number /= 10)
      text[--end] = static_cast<char>('0' + number % 10);
  };
  put(4, static_cast<unsigned>(static_cast<int>(date.year())));
  put(7, static_cast<unsigned>(date.month()));
  put(10, static_cast<unsigned>(date.day()));
  put(13, in_day / 3600);
  put(16, in_day / 60 % 60);
  put(19, in_day % 60);
  put(26, time % one_second / 1000);
  return text;
}

result<unix_ns> parse_time(std::string_view text) {
  using namespace std::chrono;
  constexpr auto hint = "write it as 2021-04-30 11:33:41.845543 (UTC) or as nanoseconds, 1 or more";
  auto rest = text;
  std::uint64_t number = 0;
  if (!text.empty() && text[0] != '0' && take_number(rest, number) && rest.empty()) return number;
  rest = text;
  unsigned y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  bool date = take_digits(rest, 4, y) && take_char(rest, "-") && take_digits(rest, 2, mo) &&
              take_char(rest, "-") && take_digits(rest, 2, d);
  if (!date) return bad("time", text, hint);
  if (!rest.empty()) {
    bool clock = take_char(rest, " T") && take_digits(rest, 2, h) && take_char(rest, ":") &&
                 take_digits(rest, 2, mi) && take_char(rest, ":") && take_digits(rest, 2, s);
    if (!clock) return bad("time", text, hint);
  }
  std::uint64_t fraction = 0;
  if (!rest.empty()) {
    std::uint64_t scale = one_second;
    unsigned digit = 0;
    if (!take_char(rest, ".") || rest.empty() || rest.size() > 9) return bad("time", text, hint);
    while (!rest.empty()) {
      if (!take_digits(rest, 1, digit)) return bad("time", text, hint);
      scale /= 10;
      fraction += digit * scale;
    }
  }
  year_month_day when{year{static_cast<int>(y)}, month{mo}, day{d}};
  if (!when.ok() || h > 23 || mi > 59 || s > 59) return bad("time", text, hint);
  if (y < 1970 || y > 2500)
    return fail(errc::invalid_argument, in_quotes(text) + " is outside of the times there are",
                "years 1970 to 2500");
  auto since = static_cast<std::uint64_t>(sys_days{when}.time_since_epoch().count());
  auto time = (since * 86'400 + h * 3600 + mi * 60 + s) * one_second + fraction;
  if (time == 0) // as "0": an SCN of 0 means that there is none
    return bad("time", text, hint);
  return time;
}

std::uint32_t format_date(unix_ns time) {
  using namespace std::chrono;
  year_month_day date{sys_days{days{static_cast<int>(time / one_day)}}};
  return static_cast<std::uint32_t>(static_cast<int>(date.year())) * 10'000 +
         static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
}

} // namespace varve
