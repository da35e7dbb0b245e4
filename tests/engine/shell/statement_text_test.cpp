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
  CHECK(split_statements("SELECT [a;b];").complete == strings{"SELECT [a;b];"});
  CHECK(split_statements("a /* ; */ b;").complete == strings{"a /* ; */ b;"});
  CHECK(split_statements("a -- ;\n b;").complete == strings{"a -- ;\n b;"});
  CHECK(split_statements("a # ;\n b;").complete == strings{"a # ;\n b;"});
  CHECK(split_statements("SELECT `a;b`;").complete == strings{"SELECT `a;b`;"});
}

TEST_CASE("a backslash is an ordinary character, as for the parser") {
  CHECK(split_statements(R"(SELECT '\' AS a; SELECT 2;)").complete ==
        strings{R"(SELECT '\' AS a;)", "SELECT 2;"});
  CHECK(split_statements(R"(SET x = "\";b)").rest == "b");
}

TEST_CASE("a comment to the end of the line ends with a carriage return, too") {
  CHECK(split_statements("SELECT 1 -- a\r; b;").complete == strings{"SELECT 1 -- a\r;", "b;"});
}

TEST_CASE("text that comes in parts is cut as if it came at once, wherever the parts end") {
  const std::string text =
      "a 'x;''y' -- ;\n;/* ; **/ b - c / d\xef\xbc\x9b\n SELECT [;] \"\"\"\";# ;\r\n`;` e\xef\xbc";
  auto whole = split_statements(text);
  REQUIRE(whole.complete.size() == 3);
  REQUIRE(whole.rest == "# ;\r\n`;` e\xef\xbc");
  for (std::size_t i = 0; i <= text.size(); ++i)
    for (auto j = i; j <= text.size(); ++j) {
      statement_splitter parts;
      auto found = parts.add(text.substr(0, i));
      for (auto& part : {text.substr(i, j - i), text.substr(j)})
        for (auto& x : parts.add(part))
          found.push_back(x);
      CAPTURE(i, j);
      REQUIRE(found.size() == whole.complete.size());
      // A comment before a statement may have been given up with the part it came in.
      for (std::size_t n = 0; n < found.size(); ++n)
        REQUIRE((whole.complete[n].ends_with(found[n]) && found[n].size() + 11 > whole.complete[n].size()));
      REQUIRE(whole.rest.ends_with(parts.rest()));
      REQUIRE(parts.rest().ends_with("`;` e\xef\xbc"));
    }
}

TEST_CASE("blanks at the end of a line belong to a text in quotes that goes on behind it") {
  statement_splitter parts;
  CHECK(parts.add("SELECT 'a  \n").empty());
  CHECK(parts.waits());
  CHECK(parts.add("b';\n") == strings{"SELECT 'a  \nb';"});
  CHECK_FALSE(parts.waits());
}

TEST_CASE("a text of very many lines is looked at once") {
  statement_splitter parts;
  std::size_t lines = 0;
  for (parts.add("SELECT '\n"); lines < 1'000'000; ++lines)
    REQUIRE(parts.add("ab\n").empty());
  CHECK(parts.add("';\n").at(0).size() == 9 + 3 * lines + 2);
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
