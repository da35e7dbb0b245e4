#include "engine/statement/parameter_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace varve {
namespace {

constexpr std::array<std::string_view, 24> names{
    "_auto_update_reserved_backup_timestamp",
    "_backup_idle_time",
    "_backup_retry_timeout",
    "_restore_idle_time",
    "auto_delete_expired_backup",
    "backup_backup_archive_log_batch_count",
    "backup_backup_archivelog_retry_interval",
    "backup_backup_dest",
    "backup_backup_dest_option",
    "backup_concurrency",
    "backup_dest",
    "backup_dest_option",
    "backup_log_archive_checkpoint_interval",
    "backup_log_archive_option",
    "backup_net_limit",
    "backup_recovery_window",
    "backup_region",
    "backup_zone",
    "enable_log_archive",
    "gc_wait_archive",
    "log_archive_batch_buffer_limit",
    "log_archive_checkpoint_interval",
    "log_archive_concurrency",
    "log_restore_concurrency",
};
static_assert(std::ranges::is_sorted(names));

constexpr std::size_t name_bytes_max = 64; // longer ones are nobody's misspelling

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c | 0x20);
  return out;
}

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

} // namespace

std::span<const std::string_view> parameter_names() {
  return names;
}

std::string_view find_parameter(std::string_view name) {
  if (name.size() > name_bytes_max)
    return {};
  auto wanted = lower(name);
  auto found = std::ranges::lower_bound(names, std::string_view(wanted));
  return found != names.end() && *found == wanted ? *found : std::string_view{};
}

std::string_view nearest_parameter(std::string_view name) {
  constexpr std::size_t distance_max = 3;
  if (name.size() > name_bytes_max)
    return {};
  auto wanted = lower(name);
  std::string_view best;
  auto best_distance = distance_max + 1;
  for (auto candidate : names)
    if (auto distance = edit_distance(wanted, candidate); distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  return best;
}

} // namespace varve
