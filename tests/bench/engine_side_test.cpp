#include "bench/engine_side.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {

TEST_CASE("the engine of a benchmark archives every stream of every tenant, and flush is about all") {
  test::temp_dir dir;
  engine_setup setup;
  setup.directory = dir.string();
  setup.tenants = 3;
  setup.streams = 2;
  auto side = engine_side::open(setup);
  REQUIRE(side.ok());
  auto& streams = (*side)->streams();
  REQUIRE(streams.size() == 6);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    CHECK(streams[i]->tenant() == tenant_id{bench_tenant.value + i / 2});
    CHECK(streams[i]->stream() == stream_id{i % 2 + 1});
    auto before = streams[i]->expected_lsn();
    REQUIRE((*side)->append(i, as_bytes("some log")).outcome == append_outcome::accepted);
    CHECK(streams[i]->expected_lsn() == before + 8);
  }
  REQUIRE((*side)->flush().ok());
  for (const auto& stream : streams)
    CHECK(stream->archived_position().next_lsn == stream->expected_lsn());
  REQUIRE((*side)->advance().ok());
  CHECK((*side)->close().ok());
}

} // namespace varve::bench
