#include "engine/shell/exit_codes.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {

TEST_CASE("exit codes tell damage, refusal, absence and a foreign log apart") {
  CHECK(exit_code_of(errc::ok) == 0);
  CHECK(exit_code_of(errc::io_error) == 1);
  CHECK(exit_code_of(errc::no_space) == 1);
  CHECK(exit_code_of(errc::parse_error) == 2);
  CHECK(exit_code_of(errc::wrong_value) == 2);
  CHECK(exit_code_of(errc::invalid_destination) == 2);
  CHECK(exit_code_of(errc::checksum_error) == 3);
  CHECK(exit_code_of(errc::bytes_missing) == 3);
  CHECK(exit_code_of(errc::already_open) == 4);
  CHECK(exit_code_of(errc::fenced) == 4);
  CHECK(exit_code_of(errc::entry_not_exist) == 5);
  CHECK(exit_code_of(errc::lsn_conflict) == 6);
}

TEST_CASE("what is told on stderr keeps its lines and does not steer the terminal") {
  CHECK(plain_lines("line 1\n  SELECT \x1b[2J\r\n  ^") == "line 1\n  SELECT ?[2J?\n  ^");
  CHECK(plain_lines("") == "");
  CHECK(plain_lines("a\n") == "a\n");
}

} // namespace varve::shell
