#include "bench/corpus.hpp"
#include "engine/base/checksum.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {

TEST_CASE("a made corpus is the same everywhere for the same size and seed") {
  auto made = make_corpus(100'000, 1);
  CHECK(made.data.size() == 100'000);
  CHECK(digest_of(made.data).to_string() == digest_of(make_corpus(100'000, 1).data).to_string());
  CHECK_FALSE(digest_of(made.data) == digest_of(make_corpus(100'000, 2).data));
  CHECK(as_text(made.data).starts_with("t=1700000000"));
}

TEST_CASE("dealing gives every stream its entries, one stream behind the other") {
  CHECK(as_text(deal(as_bytes("aabbccddeef"), 2, 2)) == "aacceebbddf");
  CHECK(as_text(deal(as_bytes("aabbccddeef"), 1, 2)) == "aabbccddeef");
  CHECK(as_text(deal(as_bytes("aabb"), 5, 2)) == "aabb");
}

TEST_CASE("a corpus that is not there is refused") {
  CHECK(load_corpus("/nonexistent/corpus", 100).code() == errc::file_not_exist);
  CHECK(load_corpus("/", 100).code() == errc::invalid_argument);
}

} // namespace varve::bench
