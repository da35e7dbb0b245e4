#include "engine/base/text.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace std::string_view_literals;

TEST_CASE("what is fit to be read is shown as it is") {
  for (auto text : {"", "plain", "größer 'than' \"that\"", "全角；", "\xf0\x9f\x98\x80"})
    CHECK(printable(text) == text);
  CHECK(in_quotes("a b") == "'a b'");
}

TEST_CASE("what steers a terminal or makes a line of its own is shown as a question mark") {
  CHECK(printable("a\nb\r\tc\x1b[31m\x7f\0z"sv) == "a?b??c?[31m??z");
  CHECK(printable("\xc2\x85\xc2\x9b"
                  "0m") == "??0m"); // C1 in UTF-8: next line, control sequence
}

TEST_CASE("every byte that is not UTF-8 is shown as a question mark") {
  CHECK(printable("\xff\xfe") == "??");
  CHECK(printable("a\xe5\xa4") == "a??");              // cut off
  CHECK(printable("\xc0\xaf\xed\xa0\x80") == "?????"); // not the shortest form, a surrogate
}

TEST_CASE("only ASCII letters become small, and only what ASCII moves on by is blank") {
  CHECK(lower("AZaz09 _@[") == "azaz09 _@[");
  CHECK(lower("\xc3\x84\xff") == "\xc3\x84\xff");
  for (int c = 0; c < 256; ++c)
    CHECK(is_blank(static_cast<char>(c)) == (c == ' ' || (c >= '\t' && c <= '\r')));
}

TEST_CASE("a long text is cut at a character and says so") {
  CHECK(printable(std::string(200, 'x')) == std::string(200, 'x'));
  CHECK(printable(std::string(201, 'x')) == std::string(200, 'x') + "...");
  CHECK(printable("aé", 2) == "a...");
  CHECK(printable("aé", 3) == "aé");
  CHECK(in_quotes(std::string(1 << 20, '\n'), 3) == "'???...'");
}

TEST_CASE("bad bytes are NUL, truncated, overlong, surrogate and too large sequences") {
  CHECK(find_bad_byte("plain, \xc3\xa9, \xe5\xa4\x87, \xf0\x9f\x8c\x8d, \x7f, \xf4\x8f\xbf\xbf") ==
        std::string_view::npos);
  CHECK(find_bad_byte(std::string_view("ab\0c", 4)) == 2);
  for (std::string_view bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                               "\xf5", "\xe5\xa4", "\xe5(\x87", "\xff"})
    CHECK(find_bad_byte(std::string("a\xc3\xa9").append(bad)) == 3);
}
