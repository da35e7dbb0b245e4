#include "engine/shell/engine_settings.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {

TEST_CASE("a key of an option string gives its value and nothing else") {
  constexpr auto options = "log_archive_checkpoint_interval=10s&log_archive_piece_switch_interval=1d";
  CHECK(option_value(options, "log_archive_checkpoint_interval") == "10s");
  CHECK(option_value(options, "log_archive_piece_switch_interval") == "1d");
  CHECK(option_value(options, "interval").empty());
  CHECK(option_value("", "x").empty());
  CHECK(option_value("x", "x").empty());
  CHECK(option_value("x=", "x").empty());
}

} // namespace varve::shell
