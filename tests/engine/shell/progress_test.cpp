#include "engine/shell/progress.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {

TEST_CASE("bytes are shown in the unit that fits") {
  CHECK(show_bytes(0) == "0 B");
  CHECK(show_bytes(1023) == "1023 B");
  CHECK(show_bytes(1536) == "1.5 KiB");
  CHECK(show_bytes(std::uint64_t{3} << 40) == "3.0 TiB");
}

} // namespace varve::shell
