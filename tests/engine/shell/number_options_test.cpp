#include "engine/shell/number_options.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace varve::shell {

TEST_CASE("byte counts take units of 1024 in any case") {
  CHECK(parse_byte_count("0").value() == 0);
  CHECK(parse_byte_count("4096").value() == 4096);
  CHECK(parse_byte_count("64k").value() == 65536);
  CHECK(parse_byte_count("8MiB").value() == 8u << 20);
  CHECK(parse_byte_count("8mb").value() == 8u << 20);
  CHECK(parse_byte_count("1g").value() == 1u << 30);
  CHECK(parse_byte_count("16383t").value() == std::uint64_t{16383} << 40);
}

TEST_CASE("what is no byte count is refused") {
  for (auto text : {"", "k", "-1", "1x", "1kk", "1.5m", "99999999999999999999", "17179869184g", "1 k"})
    CHECK(parse_byte_count(text).code() == errc::invalid_argument);
}

TEST_CASE("a moment is a time or an SCN") {
  CHECK(parse_moment("1970-01-01 00:00:01.5").value() == 1'500'000'000);
  CHECK(parse_moment("1714564800000000000").value() == 1'714'564'800'000'000'000);
  CHECK_FALSE(parse_moment("yesterday").ok());
}

TEST_CASE("a path names a file destination") {
  CHECK(destination_of("/backup/db/").value() == "file:///backup/db");
  CHECK(destination_of("file:///backup/db").value() == "file:///backup/db");
  CHECK(destination_of("backup").value() ==
        "file://" + (std::filesystem::current_path() / "backup").string());
  CHECK(destination_of("/a/../b").value() == "file:///b");
  CHECK(destination_of("tape://x").code() == errc::invalid_destination);
  CHECK(destination_of("").code() == errc::invalid_destination);
}

} // namespace varve::shell
