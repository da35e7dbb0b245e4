#pragma once

#include "engine/base/time.hpp"

#include <string_view>

namespace varve {

/// Who has priority when the archive cannot keep up: the business (optional) or the archive (mandatory).
enum class archive_mode : std::uint8_t { optional = 1, mandatory = 2 };
std::string_view to_string(archive_mode mode);   ///< "OPTIONAL", "MANDATORY"

/// How a block's body is stored. Stored on disk in every block header: never change a value.
enum class codec : std::uint8_t { none = 0, lz4 = 1, zstd = 2 };
/// The names of backup_log_archive_option: "disable", "lz4_1.0", "zstd_1.3.8". Labels of OceanBase; the
/// libraries behind them are the system's liblz4 (acceleration 1) and libzstd (level 1).
std::string_view to_string(codec codec);

/// backup_log_archive_option, typed.
struct archive_option {
  archive_mode mode = archive_mode::optional;
  varve::codec codec = varve::codec::lz4;
  friend bool operator==(const archive_option&, const archive_option&) = default;
};

/// backup_dest_option, typed: each field with its key in the string.
struct dest_option {
  duration_ns checkpoint_interval = 120 * one_second;   ///< log_archive_checkpoint_interval, [5s, 1h]
  duration_ns piece_switch_interval = 0;                ///< log_archive_piece_switch_interval, 0 or [1d, 7d]
  duration_ns recovery_window = 0;                      ///< of that name; 0: nothing ever becomes obsolete
  bool auto_delete_obsolete_backup = false;             ///< never together with the next one
  bool auto_update_reserved_backup_timestamp = false;   ///< touch what must stay instead of deleting the rest
  std::uint64_t backup_copies = 0;                      ///< needed before a piece may be deleted, [0, 8]
  friend bool operator==(const dest_option&, const dest_option&) = default;
};

inline constexpr duration_ns checkpoint_interval_min = 5 * one_second;
inline constexpr duration_ns checkpoint_interval_max = one_hour;
inline constexpr duration_ns copy_checkpoint_interval_max = 24 * one_hour;   ///< of backup_backup_dest_option
inline constexpr duration_ns piece_switch_interval_min = one_day;
inline constexpr duration_ns piece_switch_interval_max = 7 * one_day;
inline constexpr std::uint64_t backup_copies_max = 8;

} // namespace varve
