#include "engine/statement/parser.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <random>
#include <span>

using namespace varve;

namespace {

struct refused {
  std::string_view text;
  std::string_view place; ///< "line 1, column 2"
  std::string_view words; ///< what the message must contain
  errc code = errc::parse_error;
};

void require_refused(const refused& row) {
  INFO(row.text);
  auto parsed = parse_statements(row.text);
  REQUIRE(!parsed.ok());
  INFO(parsed.error().to_string());
  CHECK(parsed.code() == row.code);
  CHECK(parsed.error().message.starts_with(std::string(row.place) + ": "));
  CHECK(parsed.error().message.find(row.words) != std::string::npos);
  CHECK(parsed.error().message.ends_with("^"));
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

TEST_CASE("an error names the place, what was expected and what was found") {
  constexpr std::array rows{
      refused{"ALTER", "line 1, column 6", "expected SYSTEM, found the end of the text"},
      refused{"ALTER\nSYSTEM\n  ARCHIVE LOG", "line 3, column 3", "found 'ARCHIVE'"},
      refused{"DROP TABLE t", "line 1, column 1", "expected ALTER, SELECT, WITH or SHOW, found 'DROP'"},
      refused{"ALTER SYSTEM ARCHIVELOG ALTER SYSTEM ARCHIVELOG", "line 1, column 25",
              "the end of the statement"},
      refused{"ALTER SYSTEM ARCHIVELOG;;\n x", "line 2, column 2", "found 'x'"},
      refused{"ALTER SYSTEM ARCHIVELOG TENANT", "line 1, column 31", "the name of a tenant"},
      refused{"ALTER SYSTEM ARCHIVELOG TENANT = 1001", "line 1, column 34", "TENANT_ID = 1001"},
      refused{"ALTER SYSTEM ARCHIVELOG TENANT_ID = shop", "line 1, column 37",
              "expected a number, found 'shop'"},
      refused{"ALTER SYSTEM ARCHIVELOG TENANT_ID = 10x", "line 1, column 37",
              "expected a number, found '10x'"},
      refused{"ALTER SYSTEM ARCHIVELOG TENANT a TENANT b", "line 1, column 34", "the end of the statement"},
      refused{"ALTER SYSTEM ARCHIVELOG，ALTER", "line 1, column 24", "found '，' (U+FF0C)"},
      refused{"ALTER SYSTEM SET = 'x'", "line 1, column 18", "the name of a parameter, found '='"},
      refused{"ALTER SYSTEM SET backup_dest = ", "line 1, column 31", "expected a value in quotes"},
      refused{"ALTER SYSTEM SET backup_dest = 'a' 'b'", "line 1, column 36", "found '''"},
      refused{"ALTER SYSTEM SET backup_dest = 'a", "line 1, column 32", "never closed"},
      refused{"ALTER SYSTEM SET backup_dest = 'a''", "line 1, column 32", "never closed: expected '"},
      refused{"ALTER SYSTEM SET backup_dest = \xe2\x80\x98x\xe2\x80\x99", "line 1, column 32", "(U+2018)"},
      refused{"SELECT \"a", "line 1, column 8", "never closed: expected \""},
      refused{"SELECT 1 /* a", "line 1, column 10", "the comment is never closed"},
      refused{"ALTER/* a */FOO", "line 1, column 13", "expected SYSTEM, found 'FOO'"},
      refused{"/* a */ ALTER SYSTEM /* b */ /* c */ FOO /* d", "line 1, column 38", "found 'FOO'"},
      refused{"/* a", "line 1, column 1", "the comment is never closed"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE", "line 1, column 32", "BACKUPPIECE 1 or BACKUPPIECE = 1"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE TENANT = a", "line 1, column 33",
              "BACKUPPIECE 1 or BACKUPPIECE = 1"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE = ALL", "line 1, column 35", "the number of a piece"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE -1", "line 1, column 33", "found '-'"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE 1, 2", "line 1, column 34", "found ','"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE 1 NOT BACKED UP 1 TIMES", "line 1, column 35", "found 'NOT'"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 1 backup_backup_dest = 'x'",
              "line 1, column 53", "expected TIMES"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE 1 WITH ACTIVE WITH ACTIVE", "line 1, column 47",
              "WITH ACTIVE is given twice"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE 1 TENANT a TENANT_ID 1", "line 1, column 44",
              "the tenant is given twice"},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE 1 BACKUP_BACKUP_DEST='x' BACKUP_BACKUP_DEST='x'",
              "line 1, column 58", "BACKUP_BACKUP_DEST is given twice"},
      refused{"ALTER SYSTEM DELETE BACKUPPIECE 18446744073709551616", "line 1, column 33", "larger than"},
      refused{"ALTER SYSTEM RESTORE a, b FROM c", "line 1, column 27", "expected '.', ',' or FOR"},
      refused{"ALTER SYSTEM RESTORE a FROM b WITH 'x' AT 'y'", "line 1, column 40", "found 'AT'"},
      refused{"SHOW TABLES", "line 1, column 6", "expected PARAMETERS or RESTORE"},
      refused{"ALTERSYSTEM ARCHIVELOG", "line 1, column 1", "found 'ALTERSYSTEM'"},
      refused{"ALTER SYSTEM SET backup_dest2 = 'x'", "line 1, column 18", "did you mean backup_dest?",
              errc::invalid_argument},
      refused{"ALTER SYSTEM SET memory_limit = '1G'", "line 1, column 18", "SHOW PARAMETERS lists them all",
              errc::invalid_argument},
      refused{"ALTER SYSTEM SET Backup_dest2\n= 'x'", "line 1, column 18", "did you mean backup_dest?",
              errc::invalid_argument},
      refused{"SELECT 1;\nALTER \n\n ", "line 2, column 6", "expected SYSTEM, found the end of the text"},
      refused{"ALTER SYSTEM BACKUP BACKUPSET ALL NOT BACKED UP 0 TIMES BACKUP_BACKUP_DEST 'x'",
              "line 1, column 49", "at least 1", errc::invalid_argument},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 3 TIMES TENANT a", "line 1, column 51",
              "add BACKUP_BACKUP_DEST = 'uri'", errc::not_supported},
      refused{"ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 3 TIMES BACKUP_BACKUP_DEST = ''",
              "line 1, column 51", "add BACKUP_BACKUP_DEST = 'uri'", errc::not_supported},
  };
  for (auto& row : rows)
    require_refused(row);
}

TEST_CASE("the message shows the line with a caret below the place") {
  auto parsed = parse_statements("ALTER SYSTEM ARCHIVELOG;\nALTER SYSTEM FOO;\n");
  REQUIRE(!parsed.ok());
  CHECK(parsed.error().message.ends_with("found 'FOO'\n  ALTER SYSTEM FOO;\n               ^"));
}

TEST_CASE("a form error wins over a value error, and one bad statement refuses the whole text") {
  CHECK(parse_statements("ALTER SYSTEM SET nothing = 'x' y").code() == errc::parse_error);
  CHECK(parse_statements("ALTER SYSTEM ARCHIVELOG; ALTER SYSTEM SET nothing = 'x'; SELECT 1").code() ==
        errc::invalid_argument);
}

TEST_CASE("NUL bytes and invalid UTF-8 are refused wherever they stand, with their place") {
  using namespace std::string_view_literals;
  require_refused({"ALTER SYSTEM\0 ARCHIVELOG"sv, "line 1, column 13", "NUL byte"});
  require_refused({"SELECT '\0'"sv, "line 1, column 9", "NUL byte"});
  require_refused({"SELECT 1\n-- \xff", "line 2, column 4", "byte 0xff is not UTF-8"});
  require_refused({"SELECT '\xe5\xa4'", "line 1, column 9", "byte 0xe5 is not UTF-8"});
  require_refused({"SELECT '\xed\xa0\x80'", "line 1, column 9", "is not UTF-8"});
}

TEST_CASE("megabytes of anything are answered, with a short message when refused") {
  constexpr std::size_t many = 1'000'000;
  struct {
    std::string text;
    bool accepted;
  } rows[] = {
      {repeat(";", many), true},
      {repeat("；", many / 3), true},
      {repeat(" ", many), true},
      {repeat("/**/", many / 4), true},
      {repeat("/*", many / 2), false},
      {repeat("-- x\n", many / 5), true},
      {repeat("(", many), false},
      {"SELECT " + repeat("(", many / 2) + repeat(")", many / 2), true},
      {"SELECT " + repeat("'", many), true},
      {"SELECT " + repeat("'", many + 1), false},
      {"SELECT " + repeat("[", many), false},
      {"SELECT 1" + repeat("，2", many / 4), true},
      {"SELECT 1" + repeat("-/", many / 2), true},
      {"ALTER SYSTEM SET backup_dest = '" + repeat("x", many) + "'", true},
      {"ALTER SYSTEM SET " + repeat("x", many) + " = ''", false},
      {"ALTER SYSTEM BACKUP BACKUPPIECE " + repeat("9", many), false},
      {"ALTER SYSTEM BACKUP BACKUPPIECE 1 " + repeat("WITH ACTIVE ", many / 12), false},
      {"ALTER SYSTEM RESTORE " + repeat("a.b,", many / 4) + "c FOR t FROM s", true},
      {"ALTER SYSTEM RESTORE " + repeat("a.", many / 2), false},
      {repeat("ALTER SYSTEM ARCHIVELOG;", many / 24) + "x", false},
      {repeat("\n", many) + "x", false},
  };
  for (auto& row : rows) {
    INFO(row.text.substr(0, 60));
    auto parsed = parse_statements(row.text);
    CHECK(parsed.ok() == row.accepted);
    if (parsed.ok())
      CHECK(parsed->warnings.size() <= warnings_max);
    else
      CHECK(parsed.error().message.size() < 1000);
  }
}

/// Claim: whatever words come in whatever order, the parser answers, and what it accepts it accepts again
/// piece by piece. Method: seeded texts made of the language's own tokens, then single bytes changed in good
/// statements.
TEST_CASE("texts of random tokens and damaged statements are accepted or refused, never anything else") {
  std::mt19937_64 random(20210430);
  auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  constexpr std::string_view good[] = {
      "ALTER SYSTEM ARCHIVELOG TENANT = shop;",
      "ALTER SYSTEM SET backup_dest = 'file:///a';",
      "ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 2 TIMES backup_backup_dest = 'x'；",
      "ALTER SYSTEM DELETE BACKUPPIECE 1 COPY 2;",
      "SELECT a，'b;' FROM c /* d */ -- e\n;",
      "ALTER SYSTEM RESTORE a.b, c FOR t FROM s UNTIL '2021' PREVIEW;",
      "SHOW PARAMETERS LIKE '%';"};
  constexpr std::string_view tokens[] = {"ALTER ",
                                         "SYSTEM ",
                                         "ALTER SYSTEM ",
                                         "ARCHIVELOG ",
                                         "NOARCHIVELOG ",
                                         "BACKUP ",
                                         "BACKUPPIECE ",
                                         "ALL ",
                                         "NOT BACKED UP ",
                                         "TIMES ",
                                         "1 ",
                                         "= ",
                                         "TENANT ",
                                         "TENANT_ID ",
                                         "shop ",
                                         "'x' ",
                                         "CANCEL ",
                                         "DELETE ",
                                         "VALIDATE ",
                                         "COPY ",
                                         "SET backup_dest ",
                                         "SELECT ",
                                         ";",
                                         "；",
                                         "，",
                                         ",",
                                         "/*",
                                         "*/",
                                         "--",
                                         "\n",
                                         "'",
                                         "\"",
                                         "`",
                                         "["};
  std::size_t accepted = 0, refusals = 0, statements = 0;
  auto feed = [&](const std::string& text) {
    auto parsed = parse_statements(text);
    if (!parsed.ok()) {
      ++refusals;
      CHECK(parsed.error().message.starts_with("line "));
      return;
    }
    ++accepted;
    for (auto& part : parsed->statements) {
      ++statements;
      auto again = parse_statements(part.text);
      INFO(part.text);
      REQUIRE(again.ok());
      CHECK(again->statements.size() == 1);
      CHECK(again->statements[0].body.index() == part.body.index());
    }
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto count = below(10) + 1; count > 0; --count)
      text += tokens[below(std::size(tokens))];
    feed(text);
  }
  for (int i = 0; i < 20'000; ++i) {
    std::string text(good[below(std::size(good))]);
    text += good[below(std::size(good))];
    auto at = below(text.size());
    switch (below(4)) {
    case 0:
      text[at] = static_cast<char>(below(256));
      break;
    case 1:
      text.erase(at, below(4) + 1);
      break;
    case 2:
      text.insert(at, tokens[below(std::size(tokens))]);
      break;
    default:
      text.resize(at);
    }
    feed(text);
  }
  CHECK(accepted > 1000);
  CHECK(refusals > 1000);
  CHECK(statements > 1000);
}
