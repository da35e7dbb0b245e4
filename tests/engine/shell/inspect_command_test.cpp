#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace varve::test {

TEST_CASE("every object of an archive is told in words and as JSON") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000))}).exit_code == 0);
  std::size_t objects = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(here.destination)) {
    if (!entry.is_regular_file())
      continue;
    ++objects;
    auto words = run_varve({"inspect", entry.path().string()});
    INFO(entry.path() << "\n" << words.output << words.errors);
    CHECK(words.exit_code == 0);
    CHECK(words.output.find("sound: ") != std::string::npos);
    auto json = run_varve({"inspect", "--json", "file://" + entry.path().string()});
    CHECK(json.exit_code == 0);
    CHECK(nlohmann::json::parse(json.output).is_object());
  }
  CHECK(objects >= 4); // format, start, segment, commits
}

TEST_CASE("the words of a segment name its stream and its LSNs") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000))}).exit_code == 0);
  auto words = run_varve({"inspect", here.object("/seg-")}).output;
  CHECK(words.find("1001") != std::string::npos);
  CHECK(words.find("100000") != std::string::npos);
}

TEST_CASE("damage is told with what can still be read") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(100'000))}).exit_code == 0);
  auto segment = here.object("/seg-");
  archive_case::flip_byte(segment, 5000);
  auto words = run_varve({"inspect", segment});
  CHECK(words.exit_code == 3);
  CHECK(words.output.find("1001") != std::string::npos);
  CHECK(words.errors.find("OB_CHECKSUM_ERROR") != std::string::npos);
  auto json = nlohmann::json::parse(run_varve({"inspect", "--json", segment}).output);
  CHECK(json["problem"]["code"] == -4103);
}

TEST_CASE("what is no object is refused") {
  archive_case here;
  CHECK(run_varve({"inspect", here.file("text", "hello")}).exit_code == 3);
  CHECK(run_varve({"inspect", here.file("empty", "")}).exit_code == 3);
  CHECK(run_varve({"inspect", (here.dir / "gone").string()}).exit_code == 5);
  auto directory = run_varve({"inspect", here.dir.string()});
  CHECK(directory.exit_code == 2);
  CHECK(directory.errors.find("verify") != std::string::npos);
  CHECK(run_varve({"inspect", "memory://x"}).exit_code == 2);
}

} // namespace varve::test
