#include "engine/statement/grammar.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using grammar::complaint_kind;
using grammar::match_outcome;

namespace {
std::size_t offset_in(std::string_view text, const char* at) {
  return static_cast<std::size_t>(at - text.data());
}
} // namespace

TEST_CASE("only what was looked for at the furthest place is expected, each once and in order") {
  std::string_view text = "abc";
  grammar::expectations expected;
  expected.reset(text.data());
  CHECK(expected.to_string() == "");
  expected.add(text.data(), "A");
  CHECK(expected.to_string() == "A");
  expected.add(text.data() + 2, "B");
  expected.add(text.data() + 1, "C");
  expected.add(text.data() + 2, "B");
  CHECK(expected.to_string() == "B");
  expected.add(text.data() + 2, "D");
  expected.add(text.data() + 2, "E");
  CHECK(expected.to_string() == "B, D or E");
  CHECK(expected.furthest() == text.data() + 2);
}

TEST_CASE("more expectations than an error can list are dropped, not overrun") {
  std::string_view text = "x";
  const std::string words(100, 'w');
  grammar::expectations expected;
  expected.reset(text.data());
  for (std::size_t i = 1; i <= words.size(); ++i)
    expected.add(text.data(), std::string_view(words).substr(0, i));
  CHECK(expected.to_string().size() < 1000);
}

TEST_CASE("next takes one statement off the front and says where it stood") {
  std::string_view text = "; -- c\n ALTER SYSTEM ARCHIVELOG ；SELECT 1";
  grammar::expectations expected;
  auto first = grammar::next(text, expected);
  REQUIRE(first.outcome == match_outcome::statement);
  CHECK(std::holds_alternative<sql::archivelog>(first.body));
  CHECK(offset_in(text, first.begin) == 8);
  CHECK(offset_in(text, first.end) == 32);
  REQUIRE(first.wide.size() == 1);
  CHECK(first.wide[0] == first.end);
  auto rest = text.substr(offset_in(text, first.next));
  auto second = grammar::next(rest, expected);
  REQUIRE(second.outcome == match_outcome::statement);
  CHECK(std::get<sql::select>(second.body).text == "SELECT 1");
  CHECK(grammar::next(rest.substr(offset_in(rest, second.next)), expected).outcome ==
        match_outcome::end_of_text);
}

TEST_CASE("what has the form of a statement and cannot be is matched with a complaint, the first one") {
  grammar::expectations expected;
  std::string_view text = "ALTER SYSTEM BACKUP BACKUPPIECE ALL NOT BACKED UP 0 TIMES";
  auto match = grammar::next(text, expected);
  CHECK(match.outcome == match_outcome::statement);
  CHECK(match.wrong.kind == complaint_kind::zero_times);
  CHECK(offset_in(text, match.wrong.at) == 50);
  CHECK(grammar::next("ALTER SYSTEM ARCHIVELOG", expected).wrong.kind == complaint_kind::none);
}

TEST_CASE("a text that is no statement fails at the furthest place") {
  grammar::expectations expected;
  std::string_view text = "ALTER SYSTEM CANCEL nothing";
  CHECK(grammar::next(text, expected).outcome == match_outcome::failed);
  CHECK(offset_in(text, expected.furthest()) == 20);
  CHECK(expected.to_string() == "BACKUP, DELETE, VALIDATE or ALL");
}
