#include "engine/shell/statement_text.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {

using strings = std::vector<std::string>;

TEST_CASE("statements end at semicolons, and what follows the last one is the rest") {
  auto found = split_statements(" a b ;c;\n d ");
  CHECK(found.complete == strings{"a b ;", "c;"});
  CHECK(found.rest == "d");
}

TEST_CASE("a semicolon in quotes or in a comment ends nothing") {
  CHECK(split_statements("SET x = 'a;b';").complete == strings{"SET x = 'a;b';"});
  CHECK(split_statements("SET x = 'it''s; so';").complete == strings{"SET x = 'it''s; so';"});
  CHECK(split_statements(R"(SET x = 'a\';b';)").complete == strings{R"(SET x = 'a\';b';)"});
  CHECK(split_statements("a /* ; */ b;").complete == strings{"a /* ; */ b;"});
  CHECK(split_statements("a -- ;\n b;").complete == strings{"a -- ;\n b;"});
  CHECK(split_statements("a # ;\n b;").complete == strings{"a # ;\n b;"});
  CHECK(split_statements("SELECT `a;b`;").complete == strings{"SELECT `a;b`;"});
}

TEST_CASE("an open quote or comment waits for its end") {
  CHECK(split_statements("SET x = 'a;").rest == "SET x = 'a;");
  CHECK(split_statements("SET x = 'a;").complete.empty());
  CHECK(split_statements("/* a;").rest == "/* a;");
}

TEST_CASE("blanks, comments and lone semicolons are no statements") {
  auto found = split_statements(" ;; -- nothing\n; /* nothing */ ");
  CHECK(found.complete.empty());
  CHECK(found.rest.empty());
}

TEST_CASE("the full-width semicolon of the manual ends a statement, too") {
  CHECK(split_statements("a\xef\xbc\x9b b;").complete == strings{"a\xef\xbc\x9b", "b;"});
}

TEST_CASE("only SELECT and WITH may run beside an owner") {
  CHECK(only_reads("select 1"));
  CHECK(only_reads(" /* why */ SELECT 1"));
  CHECK(only_reads("-- why\nWITH x AS (SELECT 1) SELECT * FROM x"));
  CHECK_FALSE(only_reads("ALTER SYSTEM ARCHIVELOG"));
  CHECK_FALSE(only_reads("SHOW PARAMETERS"));
  CHECK_FALSE(only_reads("selected"));
  CHECK_FALSE(only_reads(""));
  CHECK_FALSE(only_reads("/* SELECT"));
}

} // namespace varve::shell
