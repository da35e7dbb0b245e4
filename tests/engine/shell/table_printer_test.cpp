#include "engine/shell/table_printer.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace varve::shell {
namespace {

sql_result sample() {
  return {.columns = {"ID", "NAME"},
          .rows = {{"1", "shop"}, {"23", std::nullopt}, {"4", ""}},
          .warnings = {},
          .message = {}};
}
struct printed {
  std::string out, notes;
};
printed print(const sql_result& result, output_format format) {
  std::ostringstream out, notes;
  print_result(result, format, out, notes);
  return {out.str(), notes.str()};
}

} // namespace

TEST_CASE("a table has borders, a header, NULL, and the number of rows") {
  CHECK(print(sample(), output_format::table).out == "+----+------+\n"
                                                     "| ID | NAME |\n"
                                                     "+----+------+\n"
                                                     "| 1  | shop |\n"
                                                     "| 23 | NULL |\n"
                                                     "| 4  |      |\n"
                                                     "+----+------+\n"
                                                     "3 rows\n");
}

TEST_CASE("a cell stays on its line, and wide text is counted in characters") {
  auto shown = print({.columns = {"X"}, .rows = {{"a\nb"}, {"\xc3\xa4"}}, .warnings = {}, .message = {}},
                     output_format::table)
                   .out;
  CHECK(shown.find("| a\\nb |") != std::string::npos);
  CHECK(shown.find("| \xc3\xa4    |") != std::string::npos);
}

TEST_CASE("JSON is one object a result, with null for NULL") {
  CHECK(print(sample(), output_format::json).out ==
        R"({"columns":["ID","NAME"],"rows":[{"ID":"1","NAME":"shop"},)"
        R"({"ID":"23","NAME":null},{"ID":"4","NAME":""}]})"
        "\n");
  CHECK(print({.columns = {}, .rows = {}, .warnings = {"careful"}, .message = "done"}, output_format::json)
            .out == R"({"message":"done","warnings":["careful"]})"
                    "\n");
}

TEST_CASE("CSV tells NULL from an empty text and quotes what needs it") {
  CHECK(print(sample(), output_format::csv).out == "ID,NAME\r\n1,shop\r\n23,\r\n4,\"\"\r\n");
  auto odd =
      print({.columns = {"A"}, .rows = {{"x,\"y\"\nz"}}, .warnings = {}, .message = {}}, output_format::csv);
  CHECK(odd.out == "A\r\n\"x,\"\"y\"\"\nz\"\r\n");
}

TEST_CASE("messages and warnings of CSV do not mix with the data") {
  auto both =
      print({.columns = {}, .rows = {}, .warnings = {"careful"}, .message = "done"}, output_format::csv);
  CHECK(both.out.empty());
  CHECK(both.notes == "done\nwarning: careful\n");
}

TEST_CASE("a statement without rows says what happened") {
  CHECK(print({.columns = {}, .rows = {}, .warnings = {}, .message = "done"}, output_format::table).out ==
        "done\n");
  CHECK(print({}, output_format::table).out == "OK\n");
}

TEST_CASE("formats have names") {
  CHECK(parse_output_format("json") == output_format::json);
  CHECK(parse_output_format("JSON") == std::nullopt);
}

} // namespace varve::shell
