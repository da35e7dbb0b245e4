#include "engine/shell/number_options.hpp"
#include "engine/statement/option_string.hpp"
#include "engine/statement/parameters.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"

#include <algorithm>

namespace varve::fuzz {
namespace {

/// A parser of a value and what it promises beside an error that is fit to be read.
struct option_parser {
  void (*run)(std::string_view text);
  std::vector<std::string_view> seeds;
};

template <class T, class Check>
void answer(const result<T>& parsed, std::string_view names, Check check) {
  if (parsed.ok())
    check(*parsed);
  else
    check_error(parsed.error(), names);
}

template <class Parse>
void dest_option_by(std::string_view text, Parse parse) {
  answer(parse(text), "backup", [&](const dest_option_values& values) {
    auto again = parse(to_text(values));
    promise(again.ok() && *again == values, "an option is written so that it reads the same");
    auto all = values.over({});
    if (all.ok())
      promise(!to_text(*all).empty(), "what is in force has a text");
  });
}

void as_dest_option(std::string_view text) {
  dest_option_by(text, [](std::string_view x) { return parse_dest_option(x, false); });
}
void as_test_dest_option(std::string_view text) {
  dest_option_by(text, [](std::string_view x) { return parse_dest_option(x, true); });
}
void as_copy_dest_option(std::string_view text) {
  dest_option_by(text, [](std::string_view x) { return parse_copy_dest_option(x); });
}

void as_archive_option(std::string_view text) {
  for (auto mode : {archive_mode::optional, archive_mode::mandatory})
    for (auto codec : {codec::none, codec::lz4, codec::zstd}) {
      archive_option current{mode, codec};
      answer(apply_archive_option(text, current), "backup_log_archive_option",
             [&](const archive_option& next) {
               auto again = apply_archive_option(to_text(next), next);
               promise(again.ok() && *again == next, "an option is written so that it reads the same");
               bool off = next.codec == codec::none && current.codec != codec::none;
               promise(!(off && mode == archive_mode::mandatory && next.mode == archive_mode::mandatory),
                       "mandatory mode does not lose its compression by the way");
             });
    }
}

void as_truth(std::string_view text) {
  answer(parse_bool(text), "truth value", [](bool) {});
}

void as_duration(std::string_view text) {
  answer(parse_duration(text), "is not a time", [](duration_ns time) {
    auto again = parse_duration(format_duration(time));
    promise(again.ok() && *again == time, "a duration is written so that it reads the same");
  });
}

void as_time(std::string_view text) {
  answer(parse_time(text), "time", [](unix_ns time) {
    promise(time > 0, "no time is SCN 0, which means none");
    auto again = parse_time(format_time(time));
    if (again.ok())
      promise(*again == time / one_us * one_us, "a time is written so that it reads the same");
    else if (time >= one_us) // the year of the largest SCN is past what may be written
      promise(time > parse_time("2500-12-31 23:59:59.999999999").value(), "a time can be written and read");
    promise(format_date(time) > 1970'00'00, "a day has a number");
  });
}

void as_moment(std::string_view text) {
  auto moment = shell::parse_moment(text);
  auto time = parse_time(text);
  promise(moment.ok() == time.ok() && (!time.ok() || *moment == *time),
          "the shell reads times as the engine");
}

void as_byte_count(std::string_view text) {
  answer(shell::parse_byte_count(text), "is not a number of bytes", [](std::uint64_t count) {
    auto again = shell::parse_byte_count(std::to_string(count));
    promise(again.ok() && *again == count, "a number of bytes is one without a unit, too");
  });
}

void as_whole_number(std::string_view text) {
  auto wrong = shell::check_whole_number(std::string(text));
  bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  promise(digits || !wrong.empty(), "only digits are a whole number");
  promise(is_plain_text(wrong, lines::one), "a refusal is plain text: " + wrong);
}

void as_parameters(std::string_view text) {
  for (auto& which : parameters()) {
    answer(canonical_value(which, text), which.name, [&](const std::string& value) {
      auto again = canonical_value(which, value);
      promise(again.ok() && *again == value, "there is one text for a value: " + value);
    });
  }
}

void as_parameter_name(std::string_view text) {
  auto* found = find_parameter(text);
  promise(!found || found->name.size() == text.size(), "a parameter is found by its whole name");
  auto near = nearest_parameter(text);
  promise(near.empty() || find_parameter(near) != nullptr, "what was meant is a parameter");
  promise(!found || near == found->name, "nothing is nearer than the name itself");
}

void as_shell_destination(std::string_view text) {
  answer(shell::destination_of(text), "", [](const std::string& uri) {
    auto again = shell::destination_of(uri);
    promise(again.ok() && *again == uri, "a destination is written so that it reads the same");
  });
}

const std::vector<option_parser>& parsers() {
  static const std::vector<option_parser> all{
      {as_dest_option,
       {"", "log_archive_checkpoint_interval=2m&recovery_window=7d",
        "auto_delete_obsolete_backup=true&auto_update_reserved_backup_timestamp=false",
        "log_archive_piece_switch_interval=1d&backup_copies=2"}},
      {as_test_dest_option, {"log_archive_piece_switch_interval=5s"}},
      {as_copy_dest_option, {"log_archive_checkpoint_interval=2h&log_archive_piece_switch_interval=0"}},
      {as_archive_option,
       {"optional compression= enable", "MANDATORY COMPRESSION = zstd_1.3.8", "compression=disable"}},
      {as_truth, {"true", "off", "T"}},
      {as_duration, {"120s", "0x1d", "010m", "500MS", "18446744073709551615us"}},
      {as_time, {"2021-04-30 11:33:41.845543", "2021-04-30T11:33:41.5", "1619740800000000000", "1970-01-01"}},
      {as_moment, {"2021-04-30", "18446744073709551615"}},
      {as_byte_count, {"4096", "64k", "8MiB", "1g", "16777215t"}},
      {as_whole_number, {"0", "18446744073709551615", "-1", "+1"}},
      {as_parameters, {"1G", "90", "2m", "True", "file:///a", "64M", "1023B", "16383P"}},
      {as_parameter_name, {"backup_dest", "BACKUP_DEST2", "_backup_idle_time"}},
      {as_shell_destination, {"/backup/mydb", "mydb", "file:///a/b", "a//b/../c/"}},
  };
  return all;
}

} // namespace

void option(bytes_view input) {
  auto which = take_byte(input);
  memory_promise memory(input.size(), 3'000, 512 << 10); // every parameter says no to it in its own words
  parsers()[which % parsers().size()].run(as_text(input));
  memory.check();
}

std::vector<bytes> option_seeds() {
  std::vector<bytes> seeds;
  for (std::size_t i = 0; i < parsers().size(); ++i)
    for (auto text : parsers()[i].seeds)
      seeds.push_back(with_byte(static_cast<std::uint8_t>(i), as_bytes(text)));
  return seeds;
}

} // namespace varve::fuzz
