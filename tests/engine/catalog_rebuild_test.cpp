#include "engine/catalog_rebuild.hpp"
#include "engine/destination/memory_destination.hpp"
#include "tests/harness/archive_builder.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

constexpr auto uri = "memory://rebuilt";

/// Two tenants' archives, in which objects of a name can be made unreadable for now.
struct flaky_destination : memory_destination {
  flaky_destination() : memory_destination("rebuilt", std::make_shared<memory_store>()) {}
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
    if (!fails.empty() && path.find(fails) != std::string::npos) {
      ++failed;
      return system_error(EIO, "read", path);
    }
    return memory_destination::read_all(path, size_max);
  }
  std::string fails;
  unsigned failed = 0;
};

struct archived {
  std::shared_ptr<flaky_destination> where = std::make_shared<flaky_destination>();
  std::unique_ptr<catalog> into = make_memory_catalog();
  rebuilt_catalog made;

  archived() {
    for (std::uint64_t number : {1001U, 1002U}) {
      archive_builder::options options;
      options.tenant = tenant_id{number};
      options.frozen_in_commit = 0;
      archive_builder builder{where, options};
      builder.begin_round(1000, 1000);
      builder.open_stream(stream_id{1}, 0);
      builder.append(stream_id{1}, 10, 1000, "in the first round");
      builder.end_round(1999);
      builder.begin_round(2000, 1000);
      builder.open_stream(stream_id{1}, 10);
      builder.append(stream_id{1}, 10, 2000, "in a frozen piece");
      builder.append(stream_id{1}, 10, 3000, "in an open one");
      builder.cut_all();
      builder.end_segments();
      builder.seal_oldest();
      builder.commit(2999);
    }
  }
  status rebuild() {
    made = {};
    return rebuild_catalog(*into, "data", *where, uri, made);
  }
};

} // namespace

TEST_CASE("rebuild: what cannot be read for now is an error, and the catalog says what it said") {
  archived x;
  REQUIRE(x.rebuild().ok());
  CHECK(x.made.tenants == 2);
  CHECK_FALSE(x.made.damaged);
  auto before = x.into->snapshot();
  REQUIRE(before->pieces()->size() == 6);
  // Of the second tenant: the first one's facts must not be written either.
  for (auto object : {"commits/", "lists/", "rounds/", "r1_p1/seal-", "r2_p3/start-"}) {
    CAPTURE(object);
    x.where->fails = std::string("t1002/") + object;
    x.where->failed = 0;
    CHECK(x.rebuild().code() == errc::io_error);
    CHECK(x.where->failed > 0);
    auto after = x.into->snapshot();
    CHECK(*after->pieces() == *before->pieces());
    CHECK(*after->round_statuses() == *before->round_statuses());
  }
  x.where->fails.clear();
  CHECK(x.rebuild().ok());
  CHECK(*x.into->snapshot()->pieces() == *before->pieces());
}
