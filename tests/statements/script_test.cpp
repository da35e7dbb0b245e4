#include "tests/harness/temp_dir.hpp"
#include "tests/statements/script.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace varve::test {

TEST_CASE("a script is steps, their texts and what is expected") {
  auto steps =
      parse_script("# a comment\nclock +2h\nappend 1001/1 0 x -> full\n\nquery\nSELECT 1;\nSELECT 2\n----\n"
                   "1\n2\n\nstatement ok\nSELECT 3\n");
  REQUIRE(steps.size() == 4);
  CHECK(steps[1].words == std::vector<std::string>{"append", "1001/1", "0", "x", "->", "full"});
  CHECK(steps[1].line == 3);
  CHECK(steps[2].text == "SELECT 1;\nSELECT 2\n");
  CHECK(steps[2].expected == std::vector<std::string>{"1", "2"});
  CHECK(steps[3].words[1] == "ok");
  CHECK_FALSE(steps[3].expects);
}

TEST_CASE("every step of a script is explained in script.hpp") {
  std::ostringstream page;
  page << std::ifstream(VARVE_SOURCE_DIR "/tests/statements/script.hpp").rdbuf();
  auto verbs = script_verbs();
  CHECK(verbs.size() > 20);
  for (auto& verb : verbs) {
    INFO(verb);
    CHECK(page.str().find("\n///     " + verb + " ") != std::string::npos);
  }
}

TEST_CASE("every script of tests/statements holds") {
  std::vector<std::filesystem::path> files;
  for (auto& each : std::filesystem::directory_iterator(VARVE_SOURCE_DIR "/tests/statements"))
    if (each.path().extension() == ".test")
      files.push_back(each.path());
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 25);
  for (auto& file : files) {
    DYNAMIC_SECTION(file.filename().string()) {
      std::ostringstream text;
      text << std::ifstream(file).rdbuf();
      run_script(text.str());
    }
  }
}

} // namespace varve::test
