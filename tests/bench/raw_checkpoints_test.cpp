#include "bench/raw_checkpoints.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace varve::bench {

TEST_CASE("a raw checkpoint appends to each tenant's segment, makes one commit and leaves nothing aside") {
  test::temp_dir dir;
  raw_checkpoint_options options;
  options.directory = dir.string();
  options.tenants = 5;
  options.threads = 2;
  options.segment_bytes = 300;
  options.commit_bytes = 70;
  auto raw = raw_checkpoints::prepare(options);
  REQUIRE(raw.ok());
  auto figures = raw->run();
  REQUIRE(figures.ok());
  CHECK(figures->syncs == 5 * 3);
  CHECK(figures->seconds > 0);
  for (std::size_t tenant = 0; tenant < options.tenants; ++tenant) {
    std::map<std::string, std::uintmax_t> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir / std::to_string(tenant)))
      files[entry.path().filename()] = entry.file_size();
    CHECK(files ==
          std::map<std::string, std::uintmax_t>{{"commit-1", 70}, {"commit-2", 70}, {"segment", 600}});
  }
}

TEST_CASE("raw checkpoints say which folder they could not make") {
  raw_checkpoint_options options;
  options.directory = "/nonexistent";
  auto failed = raw_checkpoints::prepare(options);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().message.find("/nonexistent/0") != std::string::npos);
}

} // namespace varve::bench
