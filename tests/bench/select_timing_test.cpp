#include "bench/piece_corpus.hpp"
#include "bench/select_timing.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {

TEST_CASE("a timed SELECT is answered, and one that is none is refused") {
  auto where = make_memory_catalog();
  REQUIRE(fill_catalog(*where, {tenant_id{1001}, "shop", 30, 2}).ok());
  auto found = time_select(*where, "SELECT * FROM CDB_OB_BACKUP_PIECE_FILES WHERE ROUND_ID = 2", 3);
  REQUIRE(found.ok());
  CHECK(found->rows == 10);
  CHECK(found->seconds > 0);
  CHECK(time_select(*where, "SELECT * FROM NOWHERE", 3).code() == errc::unknown_view);
}

} // namespace varve::bench
