#include "engine/statement/option_string.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace varve;

namespace {

struct bad_option {
  std::string_view text;
  errc code;
  std::string_view words; ///< what the message must contain
};

template <class Parse>
void require_refused(const bad_option& row, Parse parse) {
  INFO(row.text);
  auto parsed = parse(row.text);
  REQUIRE(!parsed.ok());
  INFO(parsed.error().to_string());
  CHECK(parsed.code() == row.code);
  CHECK(parsed.error().message.find(row.words) != std::string::npos);
  CHECK(!parsed.error().hint.empty());
}

constexpr archive_option optional_lz4{archive_mode::optional, codec::lz4};
constexpr archive_option mandatory_lz4{archive_mode::mandatory, codec::lz4};

} // namespace

TEST_CASE("backup_dest_option names what it names and nothing else") {
  auto all = parse_dest_option(
      "log_archive_checkpoint_interval=60s&recovery_window=7d&auto_delete_obsolete_backup=True&"
      "auto_update_reserved_backup_timestamp=off&log_archive_piece_switch_interval=1d&"
      "backup_copies=2");
  REQUIRE(all.ok());
  CHECK(all->checkpoint_interval == 60 * one_second);
  CHECK(all->recovery_window == 7 * one_day);
  CHECK(all->auto_delete_obsolete_backup == true);
  CHECK(all->auto_update_reserved_backup_timestamp == false);
  CHECK(all->piece_switch_interval == one_day);
  CHECK(all->backup_copies == 2);
  auto none = parse_dest_option("");
  REQUIRE(none.ok());
  CHECK(*none == dest_option_values{});
  CHECK(parse_dest_option("recovery_window=1d&recovery_window=2d")->recovery_window == 2 * one_day);
}

TEST_CASE("the ends of the ranges are inside them") {
  for (auto text : {"log_archive_checkpoint_interval=5s", "log_archive_checkpoint_interval=5",
                    "log_archive_checkpoint_interval=1H", "log_archive_checkpoint_interval=60m",
                    "log_archive_checkpoint_interval=5000ms", "log_archive_piece_switch_interval=0",
                    "log_archive_piece_switch_interval=24h", "log_archive_piece_switch_interval=7d",
                    "backup_copies=0", "backup_copies=8", "recovery_window=0"}) {
    INFO(text);
    CHECK(parse_dest_option(text).ok());
  }
  CHECK(parse_dest_option("log_archive_piece_switch_interval=5s", true).ok());
  CHECK(!parse_dest_option("log_archive_piece_switch_interval=4s", true).ok());
  for (auto text : {"log_archive_checkpoint_interval=5s", "log_archive_checkpoint_interval=2h",
                    "log_archive_checkpoint_interval=24h", "log_archive_piece_switch_interval=0",
                    "backup_copies=0", "recovery_window=30d"}) {
    INFO(text);
    CHECK(parse_copy_dest_option(text).ok());
  }
}

TEST_CASE("a bad destination option is refused with the code and words of the manual") {
  constexpr bad_option rows[] = {
      {" recovery_window=7d", errc::invalid_argument, "a blank at position 1"},
      {"recovery_window=7d ", errc::invalid_argument, "a blank at position 19"},
      {"recovery_window=7d& backup_copies=1", errc::invalid_argument, "a blank"},
      {"recovery_window=7d\tx", errc::invalid_argument, "a blank"},
      {"window=7d", errc::invalid_argument, "there is no key 'window'"},
      {"log_archive_checkpoint_interval=fast", errc::invalid_argument, "log_archive_checkpoint_interval"},
      {"log_archive_piece_switch_interval=1w", errc::invalid_argument, "log_archive_piece_switch_interval"},
      {"Recovery_window=7d", errc::invalid_argument, "there is no key 'Recovery_window'"},
      {"recovery_window", errc::invalid_argument, "not a pair"},
      {"recovery_window=", errc::invalid_argument, "not a pair"},
      {"=7d", errc::invalid_argument, "not a pair"},
      {"recovery_window=7d&", errc::invalid_argument, "'' is not a pair"},
      {"&recovery_window=7d", errc::invalid_argument, "'' is not a pair"},
      {"&", errc::invalid_argument, "not a pair"},
      {"recovery_window=7d,backup_copies=1", errc::invalid_argument, "'7d,backup_copies=1' is not a time"},
      {"recovery_window=-7d", errc::invalid_argument, "recovery_window: '-7d'"},
      {"recovery_window=7w", errc::invalid_argument, "'7w'"},
      {"auto_delete_obsolete_backup=maybe", errc::invalid_argument, "'maybe' is not a truth value"},
      {"backup_copies=two", errc::invalid_argument, "'two' is not a whole number"},
      {"backup_copies=-1", errc::invalid_argument, "'-1'"},
      {"backup_copies=18446744073709551616", errc::invalid_argument, "is not a whole number"},
      {"backup_copies=9", errc::not_supported, "backup_copies out of range [0,8] is not supported"},
      {"log_archive_checkpoint_interval=4s", errc::not_supported,
       "invalid log_archive_checkpoint_interval out of range [5s,1h] is not supported"},
      {"log_archive_checkpoint_interval=61m", errc::not_supported, "out of range [5s,1h]"},
      {"log_archive_checkpoint_interval=2h", errc::not_supported, "out of range [5s,1h]"},
      {"log_archive_checkpoint_interval=0", errc::not_supported, "out of range [5s,1h]"},
      {"log_archive_piece_switch_interval=23h", errc::not_supported,
       "invalid piece_switch_interval out of range [1d,7d] is not supported"},
      {"log_archive_piece_switch_interval=8d", errc::not_supported, "out of range [1d,7d]"},
      {"log_archive_piece_switch_interval=5s", errc::not_supported, "out of range [1d,7d]"},
      {"auto_delete_obsolete_backup=1&auto_update_reserved_backup_timestamp=1", errc::not_supported,
       "auto delete and touch backup at same time is not supported"},
  };
  for (auto& row : rows)
    require_refused(row, [](auto text) { return parse_dest_option(text); });
}

TEST_CASE("the option of the second destination refuses what belongs to the source") {
  constexpr bad_option rows[] = {
      {"log_archive_checkpoint_interval=4s", errc::not_supported, "out of range [5s,24h]"},
      {"log_archive_checkpoint_interval=25h", errc::not_supported, "out of range [5s,24h]"},
      {"backup_copies=1", errc::invalid_argument, "belongs to the source"},
      {"log_archive_piece_switch_interval=1d", errc::invalid_argument, "belongs to the source"},
      {"piece=1", errc::invalid_argument, "backup_backup_dest_option: there is no key"},
  };
  for (auto& row : rows)
    require_refused(row, [](auto text) { return parse_copy_dest_option(text); });
}

TEST_CASE("what is not named falls back, and the conflict is found across option and fallback") {
  dest_option fallback;
  fallback.checkpoint_interval = 30 * one_second;
  fallback.auto_delete_obsolete_backup = true;
  auto over = parse_dest_option("recovery_window=1d")->over(fallback);
  REQUIRE(over.ok());
  CHECK(over->checkpoint_interval == 30 * one_second);
  CHECK(over->recovery_window == one_day);
  CHECK(over->auto_delete_obsolete_backup);
  CHECK(*dest_option_values{}.over({}) == dest_option{});
  CHECK(parse_dest_option("auto_update_reserved_backup_timestamp=true")->over(fallback).code() ==
        errc::not_supported);
  CHECK(parse_dest_option("auto_update_reserved_backup_timestamp=true&auto_delete_obsolete_backup=false")
            ->over(fallback)
            .ok());
}

TEST_CASE("the canonical text of a destination option gives the same values back") {
  CHECK(to_text(dest_option_values{}) == "");
  auto values =
      parse_dest_option("backup_copies=1&recovery_window=86400&log_archive_checkpoint_interval=120s&"
                        "auto_delete_obsolete_backup=YES");
  REQUIRE(values.ok());
  CHECK(to_text(*values) == "log_archive_checkpoint_interval=2m&recovery_window=1d&auto_delete_obsolete_"
                            "backup=true&backup_copies=1");
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    dest_option_values any;
    auto flip = [&] { return random() % 2 == 0; };
    if (flip())
      any.checkpoint_interval = (5 + random() % 3595) * one_second;
    if (flip())
      any.recovery_window = random() % 1'000'000'000 * one_us;
    if (flip())
      any.auto_delete_obsolete_backup = false;
    if (flip())
      any.auto_update_reserved_backup_timestamp = flip();
    if (flip())
      any.piece_switch_interval = (1 + random() % 7) * one_day;
    if (flip())
      any.backup_copies = random() % 9;
    auto again = parse_dest_option(to_text(any));
    INFO(to_text(any));
    REQUIRE(again.ok());
    CHECK(*again == any);
  }
}

TEST_CASE("backup_log_archive_option changes what it names, in any case and spacing") {
  struct {
    std::string_view text;
    archive_option from, to;
  } rows[] = {
      {"optional compression= enable", mandatory_lz4, optional_lz4},
      {"optional compression= zstd_1.3.8", optional_lz4, {archive_mode::optional, codec::zstd}},
      {"optional compression= lz4_1.0", {archive_mode::optional, codec::zstd}, optional_lz4},
      {"MANDATORY", optional_lz4, mandatory_lz4},
      {"Compression=ZSTD_1.3.8", mandatory_lz4, {archive_mode::mandatory, codec::zstd}},
      {"  compression  =\tLZ4_1.0   MANDATORY ", optional_lz4, mandatory_lz4},
      {"compression=enable", {archive_mode::optional, codec::none}, optional_lz4},
      {"", mandatory_lz4, mandatory_lz4},
      {"optional", optional_lz4, optional_lz4},
  };
  for (auto& row : rows) {
    INFO(row.text);
    auto applied = apply_archive_option(row.text, row.from);
    REQUIRE(applied.ok());
    CHECK(*applied == row.to);
  }
}

TEST_CASE("in optional mode compression is turned off by any text that says so") {
  for (auto text : {"compression= disable", "optional compression= disable"})
    CHECK(*apply_archive_option(text, optional_lz4) == archive_option{archive_mode::optional, codec::none});
  CHECK(*apply_archive_option("mandatory compression= disable", optional_lz4) ==
        archive_option{archive_mode::mandatory, codec::none});
}

TEST_CASE("in mandatory mode compression is turned off only by leaving the mode, and the refusal says how") {
  CHECK(*apply_archive_option("optional compression= disable", mandatory_lz4) ==
        archive_option{archive_mode::optional, codec::none});
  for (auto text : {"compression= disable", "mandatory compression= disable"}) {
    auto refused = apply_archive_option(text, mandatory_lz4);
    REQUIRE(!refused.ok());
    CHECK(refused.code() == errc::not_supported);
    CHECK(refused.error().hint.find("'optional compression= disable'") != std::string::npos);
  }
  // it is off already: nothing changes, any form will do
  constexpr archive_option off{archive_mode::mandatory, codec::none};
  for (auto text : {"compression= disable", "mandatory compression= disable", "mandatory"})
    CHECK(*apply_archive_option(text, off) == off);
}

TEST_CASE("unknown words, incomplete pairs and contradictions of backup_log_archive_option are refused") {
  constexpr bad_option rows[] = {
      {"optionally", errc::invalid_argument, "unknown word 'optionally'"},
      {"optional encryption=aes", errc::invalid_argument, "unknown word 'encryption'"},
      {"compression", errc::invalid_argument, "needs '=' and a value"},
      {"compression=", errc::invalid_argument, "needs '=' and a value"},
      {"compression enable optional", errc::invalid_argument, "needs '=' and a value"},
      {"compression enable", errc::invalid_argument, "needs '=' and a value"},
      {"compression==enable", errc::invalid_argument, "needs '=' and a value"},
      {"= enable", errc::invalid_argument, "unknown word '='"},
      {"compression=gzip", errc::invalid_argument, "there is no compression 'gzip'"},
      {"compression=zstd", errc::invalid_argument, "there is no compression 'zstd'"},
      {"compression=enable optional=1", errc::invalid_argument, "unknown word '='"},
      {"optional mandatory", errc::invalid_argument, "the mode is given twice"},
      {"compression=enable compression=disable", errc::invalid_argument, "given twice"},
      {"optional&compression=enable", errc::invalid_argument, "unknown word 'optional&compression'"},
  };
  for (auto& row : rows)
    require_refused(row, [](auto text) { return apply_archive_option(text, optional_lz4); });
}

TEST_CASE("the canonical text of backup_log_archive_option gives the same option back from anywhere it may") {
  CHECK(to_text(archive_option{}) == "OPTIONAL COMPRESSION=lz4_1.0");
  CHECK(to_text(archive_option{archive_mode::mandatory, codec::none}) == "MANDATORY COMPRESSION=disable");
  for (auto mode : {archive_mode::optional, archive_mode::mandatory})
    for (auto codec : {codec::none, codec::lz4, codec::zstd})
      CHECK(*apply_archive_option(to_text(archive_option{mode, codec}), {}) == archive_option{mode, codec});
}

TEST_CASE("a truth value has ten spellings") {
  for (auto yes : {"true", "ON", "Yes", "t", "1"})
    CHECK(*parse_bool(yes));
  for (auto no : {"FALSE", "off", "no", "F", "0"})
    CHECK(!*parse_bool(no));
  for (auto other : {"", "2", "tru", "true "})
    CHECK(parse_bool(other).code() == errc::invalid_argument);
}

TEST_CASE("a long or strange option is refused with a short message") {
  for (std::string text : {std::string(1 << 20, '&'), std::string(1 << 20, 'x'), std::string("a\0=b", 4),
                           "recovery_window=" + std::string(1 << 20, '9')}) {
    CHECK(parse_dest_option(text).error().message.size() < 1000);
    CHECK(apply_archive_option(text, {}).error().message.size() < 1000);
  }
}
