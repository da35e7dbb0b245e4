#include "engine/reader/damage.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

TEST_CASE("a damage says object, offset, cause and what is lost of which stream") {
  damage x{"t1/r1_p1/seg-x", 128, fail(errc::checksum_error, "the body is not what was written"),
           tenant_id{1},     {},  false};
  CHECK_FALSE(costs_log(x));
  CHECK(describe(x) ==
        "t1/r1_p1/seg-x at offset 128: the body is not what was written; no log is lost by it");
  x.lost = {{stream_id{3}, 100, 200, 10, 20}, {stream_id{4}, 7, lsn_max, 10, scn_max}};
  CHECK(costs_log(x));
  CHECK_THAT(describe(x), Catch::Contains("lost of tenant 1: stream 3: LSN [100, 200), SCN 10..20; "
                                          "stream 4: LSN [7, end), SCN 10..end"));
  x.lost_unknown = true;
  CHECK_THAT(describe(x), Catch::Contains("; and log that nothing readable lists"));
}

TEST_CASE("a long list of losses is cut short with its length") {
  damage x{"p", 0, fail(errc::bytes_missing, "gone"), tenant_id{1}, {}, false};
  for (std::uint64_t i = 0; i < 100; ++i)
    x.lost.push_back({stream_id{i}, 0, 1, 1, 1});
  CHECK_THAT(describe(x), Catch::Contains("stream 7:") && Catch::Contains("and 92 more ranges") &&
                              !Catch::Contains("stream 8:"));
}

TEST_CASE("log is missing for certain only where the medium did not fail on what may list it") {
  damage gone{"p", 0, fail(errc::checksum_error, "x"), tenant_id{1}, {}, true};
  CHECK(code_of_loss({}) == errc::bytes_missing);
  CHECK(code_of_loss({gone}) == errc::bytes_missing);
  damage unread{"q", 0, fail(errc::io_error, "x"), tenant_id{1}, {}, true};
  CHECK(code_of_loss({gone, unread}) == errc::io_error);
}

TEST_CASE("an object that is not there makes an error of bytes missing") {
  damage x{"p", 0, fail(errc::file_not_exist, "no such file"), tenant_id{1}, {}, false};
  CHECK(to_error(x).code == errc::bytes_missing);
  x.why.code = errc::io_error;
  CHECK(to_error(x).code == errc::io_error);
  CHECK(to_error(x).message == describe(x));
}

} // namespace varve::test
