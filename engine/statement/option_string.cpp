#include "engine/statement/option_string.hpp"

#include "engine/base/text.hpp"

#include <limits>
#include <vector>

namespace varve {
namespace {

constexpr std::size_t value_bytes_max = 64;

constexpr auto dest_hint =
    "write key=value&key=value without blanks; the keys are log_archive_checkpoint_interval, "
    "recovery_window, auto_delete_obsolete_backup, auto_update_reserved_backup_timestamp, "
    "log_archive_piece_switch_interval and backup_copies";
constexpr auto archive_hint =
    "write [MANDATORY|OPTIONAL] [COMPRESSION = disable|enable|lz4_1.0|zstd_1.3.8], such as "
    "'optional compression= enable'";

result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  for (auto c : text) {
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (c < '0' || c > '9' || value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
      return fail(errc::invalid_argument, in_quotes(text) + " is not a whole number", "write decimal digits");
    value = value * 10 + digit;
  }
  return value;
}

/// A value that could not be read: the error of the value, under the name of its key.
error named(std::string_view option, std::string_view key, error failed) {
  failed.message = std::string(option) + ": " + std::string(key) + ": " + failed.message;
  return failed;
}

error deletes_and_touches() {
  return fail(
      errc::not_supported, "auto delete and touch backup at same time is not supported",
      "set only one of auto_delete_obsolete_backup and auto_update_reserved_backup_timestamp to true");
}

bool both(const std::optional<bool>& a, const std::optional<bool>& b) {
  return a.value_or(false) && b.value_or(false);
}

/// Reads one of the two destination options.
struct dest_option_reader {
  std::string_view option; ///< its name, for errors
  bool of_source;
  bool test_intervals;
  dest_option_values values{};

  result<dest_option_values> read(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (is_blank(text[i]))
        return bad("a blank at position " + std::to_string(i + 1) + " of " + in_quotes(text));
    for (bool more = !text.empty(); more;) {
      auto end = text.find('&');
      more = end != text.npos;
      VARVE_TRY(read_pair(text.substr(0, end)));
      if (more)
        text.remove_prefix(end + 1);
    }
    if (both(values.auto_delete_obsolete_backup, values.auto_update_reserved_backup_timestamp))
      return deletes_and_touches();
    return values;
  }

private:
  error bad(const std::string& what) const {
    return fail(errc::invalid_argument, std::string(option) + ": " + what, dest_hint);
  }

  status read_pair(std::string_view pair) {
    auto middle = pair.find('=');
    if (middle == pair.npos || middle == 0 || middle + 1 == pair.size())
      return bad(in_quotes(pair) + " is not a pair key=value");
    auto key = pair.substr(0, middle), value = pair.substr(middle + 1);
    if (value.size() > value_bytes_max)
      return bad("the value of " + in_quotes(key) + " is too long");
    auto take = [&](auto& field, auto parsed) -> status {
      if (!parsed.ok())
        return named(option, key, parsed.error());
      field = *parsed;
      return {};
    };
    if (key == "log_archive_checkpoint_interval") {
      VARVE_TRY(take(values.checkpoint_interval, parse_duration(value)));
      return check_checkpoint_interval(pair);
    }
    if (key == "log_archive_piece_switch_interval") {
      VARVE_TRY(take(values.piece_switch_interval, parse_duration(value)));
      return check_piece_switch_interval(pair);
    }
    if (key == "backup_copies") {
      VARVE_TRY(take(values.backup_copies, parse_count(value)));
      return check_copies(pair);
    }
    if (key == "recovery_window")
      return take(values.recovery_window, parse_duration(value));
    if (key == "auto_delete_obsolete_backup")
      return take(values.auto_delete_obsolete_backup, parse_bool(value));
    if (key == "auto_update_reserved_backup_timestamp")
      return take(values.auto_update_reserved_backup_timestamp, parse_bool(value));
    return bad("there is no key " + in_quotes(key));
  }

  error out_of_range(std::string_view pair, std::string what, std::string hint) const {
    return fail(errc::not_supported,
                std::string(option) + ": " + in_quotes(pair) + ": " + what + " is not supported",
                std::move(hint));
  }

  status check_checkpoint_interval(std::string_view pair) const {
    auto max = of_source ? checkpoint_interval_max : copy_checkpoint_interval_max;
    auto interval = *values.checkpoint_interval;
    if (interval >= checkpoint_interval_min && interval <= max)
      return {};
    std::string range = of_source ? "[5s,1h]" : "[5s,24h]";
    return out_of_range(pair, "invalid log_archive_checkpoint_interval out of range " + range,
                        "take a time in " + range + ", such as 120s");
  }

  status check_piece_switch_interval(std::string_view pair) const {
    auto interval = *values.piece_switch_interval;
    if (interval == 0)
      return {};
    if (!of_source)
      return not_of_a_copy(pair);
    auto min = test_intervals ? checkpoint_interval_min : piece_switch_interval_min;
    if (interval >= min && interval <= piece_switch_interval_max)
      return {};
    std::string range = test_intervals ? "[5s,7d]" : "[1d,7d]";
    return out_of_range(pair, "invalid piece_switch_interval out of range " + range,
                        "take a time in " + range + ", or 0 for one piece per round");
  }

  status check_copies(std::string_view pair) const {
    if (*values.backup_copies == 0)
      return {};
    if (!of_source)
      return not_of_a_copy(pair);
    if (*values.backup_copies <= backup_copies_max)
      return {};
    return out_of_range(pair, "backup_copies out of range [0,8]", "take a number in [0,8]");
  }

  error not_of_a_copy(std::string_view pair) const {
    return fail(errc::invalid_argument,
                std::string(option) + ": " + in_quotes(pair) + " belongs to the source",
                "set it in backup_dest_option");
  }
};

/// Words and '=' of backup_log_archive_option, in lower case.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (auto c : text) {
    if (is_blank(c) || c == '=') {
      in_word = false;
      if (c == '=')
        words.emplace_back("=");
    } else {
      if (!in_word)
        words.emplace_back();
      in_word = true;
      words.back().push_back(c);
    }
  }
  for (auto& word : words)
    word = lower(word);
  return words;
}

} // namespace

result<dest_option> dest_option_values::over(const dest_option& fallback) const {
  dest_option all = fallback;
  all.checkpoint_interval = checkpoint_interval.value_or(fallback.checkpoint_interval);
  all.piece_switch_interval = piece_switch_interval.value_or(fallback.piece_switch_interval);
  all.recovery_window = recovery_window.value_or(fallback.recovery_window);
  all.auto_delete_obsolete_backup =
      auto_delete_obsolete_backup.value_or(fallback.auto_delete_obsolete_backup);
  all.auto_update_reserved_backup_timestamp =
      auto_update_reserved_backup_timestamp.value_or(fallback.auto_update_reserved_backup_timestamp);
  all.backup_copies = backup_copies.value_or(fallback.backup_copies);
  if (all.auto_delete_obsolete_backup && all.auto_update_reserved_backup_timestamp)
    return deletes_and_touches();
  return all;
}

result<dest_option_values> parse_dest_option(std::string_view text, bool test_intervals) {
  return dest_option_reader{"backup_dest_option", true, test_intervals}.read(text);
}

result<dest_option_values> parse_copy_dest_option(std::string_view text) {
  return dest_option_reader{"backup_backup_dest_option", false, false}.read(text);
}

std::string to_text(const dest_option_values& values) {
  std::string text;
  auto put = [&](std::string_view key, const std::string& value) {
    if (!text.empty())
      text.push_back('&');
    text.append(key).append("=").append(value);
  };
  auto put_time = [&](std::string_view key, const std::optional<duration_ns>& time) {
    if (time)
      put(key, format_duration(*time));
  };
  auto put_bool = [&](std::string_view key, const std::optional<bool>& truth) {
    if (truth)
      put(key, *truth ? "true" : "false");
  };
  put_time("log_archive_checkpoint_interval", values.checkpoint_interval);
  put_time("recovery_window", values.recovery_window);
  put_bool("auto_delete_obsolete_backup", values.auto_delete_obsolete_backup);
  put_bool("auto_update_reserved_backup_timestamp", values.auto_update_reserved_backup_timestamp);
  put_time("log_archive_piece_switch_interval", values.piece_switch_interval);
  if (values.backup_copies)
    put("backup_copies", std::to_string(*values.backup_copies));
  return text;
}

std::string to_text(const dest_option& option) {
  return to_text(dest_option_values{
      option.checkpoint_interval, option.recovery_window, option.auto_delete_obsolete_backup,
      option.auto_update_reserved_backup_timestamp, option.piece_switch_interval, option.backup_copies});
}

result<archive_option> apply_archive_option(std::string_view text, const archive_option& current) {
  auto bad = [&](const std::string& what) {
    return fail(errc::invalid_argument, "backup_log_archive_option " + in_quotes(text) + ": " + what,
                archive_hint);
  };
  std::optional<archive_mode> mode;
  std::optional<codec> compression;
  auto words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto& word = words[i];
    if (word == "mandatory" || word == "optional") {
      if (mode)
        return bad("the mode is given twice");
      mode = word == "mandatory" ? archive_mode::mandatory : archive_mode::optional;
    } else if (word == "compression") {
      if (compression)
        return bad("COMPRESSION is given twice");
      if (i + 2 >= words.size() || words[i + 1] != "=" || words[i + 2] == "=")
        return bad("COMPRESSION needs '=' and a value");
      auto& value = words[i += 2];
      if (value == "disable")
        compression = codec::none;
      else if (value == "enable" || value == to_string(codec::lz4))
        compression = codec::lz4;
      else if (value == to_string(codec::zstd))
        compression = codec::zstd;
      else
        return bad("there is no compression " + in_quotes(value));
    } else {
      return bad("unknown word " + in_quotes(word));
    }
  }
  archive_option next{mode.value_or(current.mode), compression.value_or(current.codec)};
  bool turned_off = next.codec == codec::none && current.codec != codec::none;
  if (turned_off && current.mode == archive_mode::mandatory && next.mode != archive_mode::optional)
    return fail(errc::not_supported,
                "backup_log_archive_option " + in_quotes(text) +
                    ": turning compression off in mandatory mode without leaving that mode is not supported",
                "write ALTER SYSTEM SET backup_log_archive_option = 'optional compression= disable'");
  return next;
}

std::string to_text(const archive_option& option) {
  return std::string(to_string(option.mode)) + " COMPRESSION=" + std::string(to_string(option.codec));
}

result<bool> parse_bool(std::string_view text) {
  auto word = lower(text);
  for (auto yes : {"true", "on", "yes", "t", "1"})
    if (word == yes)
      return true;
  for (auto no : {"false", "off", "no", "f", "0"})
    if (word == no)
      return false;
  return fail(errc::invalid_argument, in_quotes(text) + " is not a truth value", "write true or false");
}

} // namespace varve
