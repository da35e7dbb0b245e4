#include "bench/statements_bench.hpp"
#include "engine/statement/parser.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace varve::bench {

TEST_CASE("the mix of statements has every one of the grammar") {
  std::set<std::size_t> kinds;
  for (auto text : statement_mix()) {
    INFO(text);
    auto read = parse_statements(text);
    REQUIRE(read.ok());
    CHECK(read->statements.size() == 1);
    CHECK(read->warnings.empty());
    kinds.insert(read->statements.front().body.index());
  }
  CHECK(kinds.size() == std::variant_size_v<statement>);
}

} // namespace varve::bench
