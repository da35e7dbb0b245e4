#include "engine/shell/statement_text.hpp"
#include "engine/statement/option_string.hpp"
#include "engine/statement/parameters.hpp"
#include "engine/statement/parser.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/promises.hpp"
#include "tests/harness/statements_page.hpp"

namespace varve::fuzz {
namespace {

void check_statement(const parsed_statement& part, std::string_view text) {
  auto again = parse_statements(part.text);
  promise(again.ok() && again->statements.size() == 1 &&
              again->statements[0].body.index() == part.body.index(),
          "the text of a statement is that statement: " + part.text);
  promise(!name_of(part.body).empty(), "a statement has a name");
  promise(part.at.offset < text.size() && part.at.line > 0 && part.at.column > 0,
          "a statement stands in its text");
}

/// The prompt sends statements one by one: what it cuts must be what the parser reads.
void check_split(const parsed_text& whole, std::string_view text) {
  auto cut = shell::split_statements(text);
  if (!cut.rest.empty())
    cut.complete.push_back(cut.rest);
  std::size_t at = 0;
  for (auto& part : cut.complete) {
    auto parsed = parse_statements(part);
    promise(parsed.ok(), "the prompt cuts between statements: " + part);
    for (auto& x : parsed->statements) {
      promise(at < whole.statements.size() && whole.statements[at].body.index() == x.body.index(),
              "the prompt cuts out the statements there are: " + part);
      ++at;
    }
    promise(parsed->statements.size() <= 1, "the prompt sends one statement at a time: " + part);
  }
  promise(at == whole.statements.size(), "the prompt sends every statement");
}

} // namespace

void statement(bytes_view input) {
  auto text = as_text(input);
  memory_promise memory(input.size(), 400, 64 << 10);
  auto parsed = parse_statements(text);
  memory.check();
  if (!parsed.ok()) {
    check_error(parsed.error(), "line ", lines::many);
    shell::split_statements(text); // answers all the same
    return;
  }
  promise(parsed->warnings.size() <= warnings_max, "warnings have an end");
  for (auto& x : parsed->warnings)
    promise(is_plain_text(x, lines::one), "a warning is plain text");
  for (auto& part : parsed->statements)
    check_statement(part, text);
  check_split(*parsed, text);
}

std::vector<bytes> statement_seeds() {
  std::vector<bytes> seeds;
  for (auto& block : test::blocks_of(test::statements_page()))
    if (block.kind == "sql" || block.kind == "refused")
      seeds.push_back(to_bytes(as_bytes(block.kind == "sql" ? block.text : block.refused_text())));
  return seeds;
}

} // namespace varve::fuzz
