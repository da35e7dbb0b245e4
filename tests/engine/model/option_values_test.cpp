#include "engine/model/option_values.hpp"

#include <catch2/catch.hpp>

using namespace varve;

TEST_CASE("the stored numbers and the names of codecs never change") {
  CHECK(static_cast<int>(codec::none) == 0);
  CHECK(static_cast<int>(codec::lz4) == 1);
  CHECK(static_cast<int>(codec::zstd) == 2);
  CHECK(to_string(codec::none) == "disable");
  CHECK(to_string(codec::lz4) == "lz4_1.0");
  CHECK(to_string(codec::zstd) == "zstd_1.3.8");
  CHECK(to_string(static_cast<codec>(77)) == "unknown");
}

TEST_CASE(
    "an archive that was told nothing is optional and compressed with lz4, one checkpoint in two minutes") {
  CHECK(archive_option{}.mode == archive_mode::optional);
  CHECK(archive_option{}.codec == codec::lz4);
  CHECK(dest_option{}.checkpoint_interval == 120 * one_second);
  CHECK(dest_option{}.piece_switch_interval == 0);
  CHECK(to_string(archive_mode::optional) == "OPTIONAL");
  CHECK(to_string(archive_mode::mandatory) == "MANDATORY");
}
