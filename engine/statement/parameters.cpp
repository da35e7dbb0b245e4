#include "engine/statement/parameters.hpp"

#include "engine/base/text.hpp"
#include "engine/base/time.hpp"
#include "engine/model/option_values.hpp"
#include "engine/statement/option_string.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace varve {
namespace {

using kind = parameter_kind;
using effect = parameter_effect;

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view no_copies = "of copies of pieces, which this version does not make";
constexpr std::string_view no_data_backup = "of data backups, which are the host's: no effect here";

constexpr std::array<parameter, 24> table{{
    {"_auto_update_reserved_backup_timestamp", kind::truth, effect::works, "False", 0, unlimited,
     "behind auto_update_reserved_backup_timestamp of backup_dest_option"},
    {"_backup_idle_time", kind::time, effect::none, "5m", 10 * one_second, unlimited, no_data_backup},
    {"_backup_retry_timeout", kind::time, effect::none, "10m", 10 * one_second, unlimited, no_data_backup},
    {"_restore_idle_time", kind::time, effect::none, "1m", 10 * one_second, unlimited,
     "of restores by statement, which this version does not run: no effect here"},
    {"auto_delete_expired_backup", kind::truth, effect::works, "False", 0, unlimited,
     "behind auto_delete_obsolete_backup of backup_dest_option"},
    {"backup_backup_archive_log_batch_count", kind::number, effect::unsupported, "0", 0, 1024, no_copies},
    {"backup_backup_archivelog_retry_interval", kind::time, effect::unsupported, "0s", 0, one_hour,
     no_copies},
    {"backup_backup_dest", kind::uri, effect::unsupported, "", 0, unlimited, no_copies},
    {"backup_backup_dest_option", kind::copy_option, effect::unsupported, "", 0, unlimited, no_copies},
    {"backup_concurrency", kind::number, effect::none, "0", 0, 100, no_data_backup},
    {"backup_dest", kind::uri, effect::works, "", 0, unlimited,
     "where log is archived to; changes only at STOP"},
    {"backup_dest_option", kind::dest_option, effect::works, "", 0, unlimited,
     "how it is archived there; a piece length counts from the next piece"},
    {"backup_log_archive_checkpoint_interval", kind::time, effect::unsupported, "0s", 0, one_day, no_copies},
    {"backup_log_archive_option", kind::archive_option, effect::works, "OPTIONAL COMPRESSION=lz4_1.0", 0,
     unlimited, "who has priority, and the compression; from the next block on"},
    {"backup_net_limit", kind::capacity, effect::none, "0M", 0, unlimited, no_data_backup},
    {"backup_recovery_window", kind::time, effect::works, "0s", 0, unlimited,
     "behind recovery_window of backup_dest_option; 0: nothing becomes obsolete"},
    {"backup_region", kind::text, effect::none, "", 0, unlimited,
     "where servers back up from: the engine is one process"},
    {"backup_zone", kind::text, effect::none, "", 0, unlimited,
     "where servers back up from: the engine is one process"},
    {"enable_log_archive", kind::truth, effect::state, "False", 0, unlimited,
     "whether log is archived: ARCHIVELOG and NOARCHIVELOG change it"},
    {"gc_wait_archive", kind::truth, effect::none, "True", 0, unlimited,
     "a dropped log stream always waits for its archive here: no effect"},
    {"log_archive_batch_buffer_limit", kind::capacity, effect::none, "1G", 4 << 20, unlimited,
     "archive_options::budget_bytes of the host rules the memory: no effect here"},
    {"log_archive_checkpoint_interval", kind::time, effect::works, "2m", checkpoint_interval_min,
     checkpoint_interval_max, "behind log_archive_checkpoint_interval of backup_dest_option"},
    {"log_archive_concurrency", kind::number, effect::none, "0", 0, unlimited,
     "archive_options::threads of the host rules the threads: no effect here"},
    {"log_restore_concurrency", kind::number, effect::none, "10", 1, unlimited,
     "restore_options::threads rules the threads: no effect here"},
}};
static_assert(std::ranges::is_sorted(table, {}, &parameter::name));

constexpr std::size_t name_bytes_max = 64; // longer ones are nobody's misspelling
constexpr std::size_t text_bytes_max = 2048;

/// How many characters to insert, delete or replace to make `a` of `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

constexpr std::string_view capacity_units = "BKMGTP";

/// The largest unit that divides it, megabytes for nothing: "64M", "1G", "0M".
std::string capacity_text(std::uint64_t bytes) {
  if (bytes == 0)
    return "0M";
  std::size_t unit = 0;
  for (; unit + 1 < capacity_units.size() && bytes % 1024 == 0; ++unit)
    bytes /= 1024;
  return std::to_string(bytes) + capacity_units[unit];
}

/// Digits, and what follows them.
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc())
    return std::nullopt;
  return std::pair(value, text.substr(static_cast<std::size_t>(end - text.data())));
}

std::optional<std::uint64_t> parse_capacity(std::string_view text) {
  auto read = number_and_unit(text);
  if (!read || read->second.size() > 1)
    return std::nullopt;
  auto [value, unit] = *read;
  auto power = unit.empty() ? 0 : capacity_units.find(static_cast<char>(unit[0] & ~0x20));
  if (power == std::string_view::npos || (value << (10 * power)) >> (10 * power) != value)
    return std::nullopt;
  return value << (10 * power);
}

std::string shown(const parameter& which, std::uint64_t value) {
  if (which.kind == kind::time)
    return value == 0 ? "0s" : format_duration(value);
  return which.kind == kind::capacity ? capacity_text(value) : std::to_string(value);
}

} // namespace

std::span<const parameter> parameters() {
  return table;
}

const parameter* find_parameter(std::string_view name) {
  if (name.size() > name_bytes_max)
    return nullptr;
  auto wanted = lower(name);
  auto found = std::ranges::lower_bound(table, std::string_view(wanted), {}, &parameter::name);
  return found != table.end() && found->name == wanted ? &*found : nullptr;
}

std::string_view nearest_parameter(std::string_view name) {
  constexpr std::size_t distance_max = 3;
  if (name.size() > name_bytes_max)
    return {};
  auto wanted = lower(name);
  std::string_view best;
  auto best_distance = distance_max + 1;
  for (auto& candidate : table)
    if (auto distance = edit_distance(wanted, candidate.name); distance < best_distance) {
      best = candidate.name;
      best_distance = distance;
    }
  return best;
}

std::string_view type_of(const parameter& which) {
  switch (which.kind) {
  case kind::time:
    return "TIME";
  case kind::capacity:
    return "CAPACITY";
  case kind::number:
    return "INT";
  case kind::truth:
    return "BOOL";
  case kind::uri:
  case kind::dest_option:
  case kind::copy_option:
  case kind::archive_option:
  case kind::text:
    break;
  }
  return "STRING";
}

std::string range_of(const parameter& which) {
  if (which.kind != kind::time && which.kind != kind::capacity && which.kind != kind::number)
    return {};
  auto most = which.most == unlimited ? ")" : shown(which, which.most) + "]";
  return "[" + shown(which, which.least) + ", " + most;
}

result<std::string> canonical_value(const parameter& which, std::string_view value) {
  auto bad = [&](const std::string& why, const std::string& hint) {
    return fail(errc::invalid_argument, std::string(which.name) + ": " + in_quotes(value) + " " + why, hint);
  };
  std::uint64_t read = 0;
  switch (which.kind) {
  case kind::truth: {
    auto truth = parse_bool(value);
    if (!truth.ok())
      return bad("is not a truth value", "write true or false");
    return std::string(*truth ? "True" : "False");
  }
  case kind::time: {
    auto time = parse_duration(value);
    if (!time.ok())
      return bad("is not a time", "write a number and us, ms, s, m, h or d");
    read = *time;
    break;
  }
  case kind::capacity: {
    auto capacity = parse_capacity(value);
    if (!capacity)
      return bad("is not a capacity", "write a number and B, K, M, G, T or P");
    read = *capacity;
    break;
  }
  case kind::number: {
    auto number = number_and_unit(value);
    if (!number || !number->second.empty())
      return bad("is not a whole number", "write decimal digits");
    read = number->first;
    break;
  }
  case kind::uri:
  case kind::dest_option:
  case kind::copy_option:
  case kind::archive_option:
  case kind::text:
    if (value.size() > text_bytes_max)
      return bad("is longer than 2048 bytes", "write less");
    return std::string(value);
  }
  if (read < which.least || read > which.most)
    return bad("is out of its range " + range_of(which), "write a value in it");
  return shown(which, read);
}

} // namespace varve
