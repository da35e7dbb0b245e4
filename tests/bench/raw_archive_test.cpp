#include "bench/corpus.hpp"
#include "bench/raw_archive.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {

TEST_CASE("the raw side compresses what shrinks, stores what does not, and leaves no file") {
  test::temp_dir dir;
  auto input = make_corpus(1 << 20, 1);
  for (auto how : {codec::none, codec::lz4, codec::zstd}) {
    raw_archive_options options;
    options.input = input.data;
    options.codec = how;
    options.threads = 2;
    options.directory = dir.string();
    options.seconds = 0.05;
    options.sync_bytes = 1 << 20;
    auto figures = run_raw_archive(options);
    REQUIRE(figures.ok());
    CHECK(figures->input_bytes >= 256u << 10);
    CHECK(figures->seconds >= 0.05);
    if (how == codec::none)
      CHECK(figures->output_bytes == figures->input_bytes);
    else
      CHECK(figures->output_bytes * 2 < figures->input_bytes);
  }
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("the raw side says which file it could not make") {
  auto input = make_corpus(1000, 1);
  raw_archive_options options;
  options.input = input.data;
  options.directory = "/nonexistent";
  auto failed = run_raw_archive(options);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().message.find("/nonexistent/raw-0") != std::string::npos);
}

} // namespace varve::bench
