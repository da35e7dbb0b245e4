#include "engine/statement/option_string.hpp"
#include "engine/statement/parameters.hpp"
#include "engine/statement/parser.hpp"
#include "tests/harness/statements_page.hpp"

#include <catch2/catch.hpp>

#include <set>

/// Claim: STATEMENTS.md is true. Method: every block ```sql of the page must parse, with the options it sets;
/// every block ```refused is a text and, in its last line, the first line of the message that refuses it.
/// That a running engine does as the page says: tests/statements/page_test.cpp.
using namespace varve;
using namespace varve::test;

namespace {

status check_option(const sql::set_parameter& set) {
  if (set.name == "backup_dest_option")
    VARVE_TRY(parse_dest_option(set.value));
  if (set.name == "backup_backup_dest_option")
    VARVE_TRY(parse_copy_dest_option(set.value));
  if (set.name == "backup_log_archive_option")
    VARVE_TRY(apply_archive_option(set.value, {}));
  return {};
}

result<parsed_text> parse_with_options(const std::string& text) {
  VARVE_TRY_ASSIGN(auto parsed, parse_statements(text));
  for (auto& statement : parsed.statements)
    if (auto set = std::get_if<sql::set_parameter>(&statement.body))
      VARVE_TRY(check_option(*set));
  return parsed;
}

} // namespace

TEST_CASE("every example of the page parses, and together they show every statement") {
  std::set<std::size_t> shown;
  for (auto& block : blocks_of(statements_page())) {
    if (block.kind != "sql")
      continue;
    INFO(block.section << "\n" << block.text);
    auto parsed = parse_with_options(block.text);
    if (!parsed.ok())
      FAIL(parsed.error().to_string());
    CHECK(!parsed->statements.empty());
    for (auto& statement : parsed->statements)
      shown.insert(statement.body.index());
  }
  CHECK(shown.size() == std::variant_size_v<statement>);
}

TEST_CASE("every refusal of the page is refused in the words of the page") {
  std::size_t refusals = 0;
  for (auto& block : blocks_of(statements_page())) {
    if (block.kind != "refused")
      continue;
    INFO(block.section << "\n" << block.text);
    auto parsed = parse_with_options(block.refused_text());
    REQUIRE(!parsed.ok());
    auto message = parsed.error().message;
    CHECK(message.substr(0, message.find('\n')) == block.refused_with());
    ++refusals;
  }
  CHECK(refusals >= 30);
}

TEST_CASE("every section of the page with an example has a refusal") {
  std::set<std::string> examples, refusals;
  for (auto& block : blocks_of(statements_page())) {
    CHECK((block.kind == "sql" || block.kind == "refused"));
    (block.kind == "sql" ? examples : refusals).insert(block.section);
  }
  CHECK(examples == refusals);
}

TEST_CASE("the page names every parameter") {
  auto page = statements_page();
  for (auto& each : parameters()) {
    INFO(each.name);
    CHECK(page.find("`" + std::string(each.name) + "`") != page.npos);
  }
}
