#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

namespace varve::test {
namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream words(text);
  for (std::string line; std::getline(words, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

} // namespace

TEST_CASE("a restore up to a commit time gives the entries up to it and no more") {
  archive_case here;
  auto log = sample_log(100'000);
  REQUIRE(here.archive({here.file("log", log), "--chunk", "1000"}).exit_code == 0);
  auto entries = lines_of(here.restore({"--format", "entries"}).output);
  REQUIRE(entries.size() == 100);
  auto middle = entries[41]["scn"].get<std::uint64_t>();
  auto early = here.restore({"--until", std::to_string(middle)});
  CHECK(early.exit_code == 0);
  CHECK(early.output == log.substr(0, 42'000));
  CHECK(here.restore({"--from-time", std::to_string(middle), "--until", std::to_string(middle)}).output ==
        log.substr(41'000, 1000));
}

TEST_CASE("a range of LSNs gives the entries that touch it") {
  archive_case here;
  auto log = sample_log(100'000);
  REQUIRE(here.archive({here.file("log", log), "--chunk", "1000"}).exit_code == 0);
  CHECK(here.restore({"--from-lsn", "5000", "--to-lsn", "7000"}).output == log.substr(5000, 2000));
  CHECK(here.restore({"--from-lsn", "5500", "--to-lsn", "6001"}).output == log.substr(5000, 2000));
}

TEST_CASE("a time beyond the checkpoint is refused with the largest that works") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(10'000))}).exit_code == 0);
  auto refused = here.restore({"--until", "2200-01-01 00:00:00"});
  CHECK(refused.exit_code == 5);
  CHECK(refused.output.empty());
  auto beyond = here.restore({"--until", "2200-01-01 00:00:00", "--beyond-checkpoint"});
  CHECK(beyond.exit_code == 0);
  CHECK(beyond.output == sample_log(10'000));
}

TEST_CASE("a directory gets a file a stream, which a second run does not replace unasked") {
  archive_case here;
  auto log = sample_log(50'000);
  REQUIRE(here.archive({here.file("log", log)}).exit_code == 0);
  auto target = (here.dir / "out").string();
  auto restore = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"restore", "--from", here.destination, "--tenant", "1001", "--to", target};
    words.insert(words.end(), more.begin(), more.end());
    return run_varve(words);
  };
  auto done = restore({});
  INFO(done.errors);
  CHECK(done.exit_code == 0);
  CHECK(read_file(target + "/stream_1") == log);
  write_file(target + "/stream_1", "precious");
  CHECK(restore({}).exit_code == 2);
  CHECK(read_file(target + "/stream_1") == "precious");
  CHECK(restore({"--force"}).exit_code == 0);
  CHECK(read_file(target + "/stream_1") == log);
  CHECK(restore({"--format", "entries"}).exit_code == 0);
  CHECK(lines_of(read_file(target + "/stream_1.jsonl")).size() == 1);
}

TEST_CASE("damage ends a restore with what came before it, and names what is missing") {
  archive_case here;
  auto log = sample_log(1'500'000);
  REQUIRE(here.archive({here.file("log", log), "--chunk", "4k"}).exit_code == 0);
  auto segment = here.object("/seg-");
  archive_case::flip_byte(segment, std::filesystem::file_size(segment) / 2);
  auto broken = here.restore();
  CHECK(broken.exit_code == 3);
  CHECK(broken.output.size() > 0);
  CHECK(broken.output.size() < log.size());
  CHECK(log.starts_with(broken.output));
  CHECK(broken.errors.find("seg-") != std::string::npos);
}

TEST_CASE("a preview says what can be restored") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(10'000))}).exit_code == 0);
  auto shown = run_varve({"restore", "--from", here.destination, "--tenant", "1001", "--preview"});
  CHECK(shown.exit_code == 0);
  CHECK(shown.output.find("round 1: from ") == 0);
  CHECK(shown.output.find("stream 1: LSN 0 to 10000") != std::string::npos);
}

TEST_CASE("wrong questions are refused with their own exit codes") {
  archive_case here;
  REQUIRE(here.archive({here.file("log", sample_log(10'000))}).exit_code == 0);
  auto restore = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"restore", "--from", here.destination};
    words.insert(words.end(), more.begin(), more.end());
    return run_varve(words).exit_code;
  };
  CHECK(restore({"--tenant", "1001", "--to", "-"}) == 2);
  CHECK(restore({"--tenant", "1001"}) == 2);
  CHECK(restore({"--tenant", "1001", "--stream", "1", "--to", "-", "--format", "xml"}) == 2);
  CHECK(restore({"--tenant", "1001", "--stream", "1", "--to", "-", "--until", "soon"}) == 2);
  CHECK(restore({"--tenant", "7", "--stream", "1", "--to", "-"}) == 5);
  CHECK(restore({"--tenant", "1001", "--stream", "7", "--to", "-"}) == 5);
  CHECK(run_varve({"restore", "--tenant", "1001"}).exit_code == 2);
}

} // namespace varve::test
