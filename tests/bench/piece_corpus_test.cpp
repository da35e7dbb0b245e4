#include "bench/piece_corpus.hpp"

#include <catch2/catch.hpp>

namespace varve::bench {
namespace {

constexpr tenant_id tenant{1001};

std::vector<piece_record> pieces_of(std::uint64_t pieces, std::uint64_t gaps) {
  auto where = make_memory_catalog();
  REQUIRE(fill_catalog(*where, {tenant, "shop", pieces, gaps}).ok());
  auto from = where->snapshot();
  auto row = from->round_status(tenant).value();
  REQUIRE(row);
  CHECK(row->round.id.value == gaps + 1);
  CHECK(row->current_piece.value == pieces);
  CHECK(from->breaks().value().size() == gaps);
  CHECK(from->round_history().value().size() == gaps);
  CHECK(from->tenants().value() == std::vector{tenant_record{tenant, "shop", true}});
  return from->pieces().value();
}

} // namespace

TEST_CASE("made pieces follow each other in log time, but for as many gaps as were asked for") {
  for (auto gaps : {0u, 1u, 7u, 11u}) {
    CAPTURE(gaps);
    auto pieces = pieces_of(12, gaps);
    REQUIRE(pieces.size() == 12);
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      CHECK(pieces[i].piece.piece.value == i + 1);
      CHECK(pieces[i].status == (i + 1 < pieces.size() ? piece_status::frozen : piece_status::active));
      CHECK(pieces[i].bounds.start_scn < pieces[i].bounds.end_scn);
      if (i == 0)
        continue;
      bool gap = pieces[i].bounds.start_scn > pieces[i - 1].bounds.end_scn;
      CHECK((gap || pieces[i].bounds.start_scn == pieces[i - 1].bounds.end_scn));
      CHECK((pieces[i].piece.round.value - pieces[i - 1].piece.round.value) == (gap ? 1 : 0));
      found += gap ? 1 : 0;
    }
    CHECK(found == gaps);
  }
}

TEST_CASE("pieces are written whole in more than one batch") {
  CHECK(pieces_of(25'001, 1000).size() == 25'001);
}

TEST_CASE("pieces that cannot be made are refused") {
  auto where = make_memory_catalog();
  for (auto what : {piece_corpus{tenant, "shop", 0, 0}, piece_corpus{tenant, "shop", 5, 5},
                    piece_corpus{tenant, "shop", 4'000'000, 1}})
    CHECK(fill_catalog(*where, what).code() == errc::invalid_argument);
  CHECK(where->snapshot()->pieces().value().empty());
}

} // namespace varve::bench
