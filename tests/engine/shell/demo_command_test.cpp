#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

TEST_CASE("a live database is archived, killed, taken up again and restored, equal key by key") {
  temp_dir dir("demo");
  auto done = run_varve({"demo", "--quick", "--seed", "7", "--dir", (dir / "demo").string()});
  INFO(done.output << done.errors);
  CHECK(done.exit_code == 0);
  std::size_t equal = 0;
  for (auto at = done.output.find("EQUAL"); at != std::string::npos; at = done.output.find("EQUAL", at + 1))
    ++equal;
  CHECK(equal == 3);
  CHECK_FALSE(std::filesystem::exists(dir / "demo"));
}

TEST_CASE("the demo refuses a directory that is there") {
  temp_dir dir("demo");
  CHECK(run_varve({"demo", "--quick", "--dir", dir.string()}).exit_code == 2);
}

} // namespace varve::test
