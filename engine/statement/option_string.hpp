#pragma once

#include "engine/model/option_values.hpp"

#include <optional>
#include <string>

/// The texts that backup_dest_option, backup_backup_dest_option and backup_log_archive_option hold. Pure
/// functions. to_text() gives the canonical text that the catalog keeps; parsing it gives the same values
/// back.
namespace varve {

/// What a destination option names; what it does not name is the fallback's (setting the option replaces all
/// of it, so nothing of the former text stays).
struct dest_option_values {
  std::optional<duration_ns> checkpoint_interval;
  std::optional<duration_ns> recovery_window;
  std::optional<bool> auto_delete_obsolete_backup;
  std::optional<bool> auto_update_reserved_backup_timestamp;
  std::optional<duration_ns> piece_switch_interval;
  std::optional<std::uint64_t> backup_copies;
  friend bool operator==(const dest_option_values&, const dest_option_values&) = default;

  /// The values in force, given the parameters that stand behind the option. not_supported: automatic
  /// deletion and touching together, whichever of the two came from where.
  result<dest_option> over(const dest_option& fallback) const;
};

/// backup_dest_option: key=value joined with '&', keys in lower case, no blanks; "" names nothing; of a
/// repeated key the last counts. `test_intervals` lets log_archive_piece_switch_interval be as short as 5s.
/// invalid_argument: a blank, an unknown key, a pair without key, '=' or value, a value that is not a time, a
/// truth value or a number. not_supported: out of range, automatic deletion and touching together.
result<dest_option_values> parse_dest_option(std::string_view text, bool test_intervals = false);

/// backup_backup_dest_option: as above, but the checkpoint interval reaches 24h, and the piece switch
/// interval and the number of copies belong to the source: anything but 0 is invalid_argument.
result<dest_option_values> parse_copy_dest_option(std::string_view text);

/// "log_archive_checkpoint_interval=2m&recovery_window=7d": what is named, in the order of the fields.
std::string to_text(const dest_option_values& values);

/// All of them, as they are in force.
std::string to_text(const dest_option& option);

/// backup_log_archive_option: MANDATORY or OPTIONAL and COMPRESSION = disable | enable | lz4_1.0 |
/// zstd_1.3.8, in any order and case, blanks around '=' allowed; what is not named keeps its value of
/// `current`. invalid_argument: an unknown word, an incomplete pair, anything given twice. not_supported: in
/// mandatory mode, compression is turned off by any other text than one that says OPTIONAL (DESIGN
/// section 5.4).
result<archive_option> apply_archive_option(std::string_view text, const archive_option& current);

/// "OPTIONAL COMPRESSION=lz4_1.0"
std::string to_text(const archive_option& option);

/// true/false, on/off, yes/no, t/f, 1/0 in any case; anything else: invalid_argument.
result<bool> parse_bool(std::string_view text);

} // namespace varve
