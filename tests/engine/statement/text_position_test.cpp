#include "engine/statement/text_position.hpp"

#include <catch2/catch.hpp>

using namespace varve;

namespace {
text_position at(std::string_view text, std::size_t offset) {
  return position_after(text, {}, offset);
}
} // namespace

TEST_CASE("lines end with LF, CRLF or CR and columns count characters") {
  CHECK(at("ab\ncd", 0) == text_position{0, 1, 1});
  CHECK(at("ab\ncd", 4) == text_position{4, 2, 2});
  CHECK(at("ab\r\ncd", 4) == text_position{4, 2, 1});
  CHECK(at("ab\rcd", 4) == text_position{4, 2, 2});
  CHECK(at("ab\r", 3) == text_position{3, 2, 1});
  CHECK(at("\xe5\xa4\x87\xe4\xbb\xbdx", 6) == text_position{6, 1, 3});
  CHECK(at("\xff\xfex", 2) == text_position{2, 1, 3});
}

TEST_CASE("counting on from an earlier place gives the same as counting from the front") {
  std::string_view text = "a\nbb\r\n\xe5\xa4\x87x\rdd\n";
  for (auto place = text_position{}; place.offset < text.size();) {
    place = position_after(text, place, place.offset + 1);
    CHECK(place == at(text, place.offset));
  }
}

TEST_CASE("the caret stands below the place, also behind tabs and wide characters") {
  CHECK(show_place("ab cd", at("ab cd", 3)) == "  ab cd\n     ^");
  CHECK(show_place("x\n\tb", at("x\n\tb", 3)) == "   b\n   ^");
  CHECK(show_place("\xe5\xa4\x87;", at("\xe5\xa4\x87;", 3)) == "  \xe5\xa4\x87;\n    ^");
  CHECK(show_place("", {}) == "  \n  ^");
  CHECK(show_place(std::string_view("a\0b", 3), {2, 1, 3}) == "  a?b\n    ^");
}

TEST_CASE("East Asian wide characters take two columns, their neighbours one") {
  auto caret = [](std::string character) {
    auto size = character.size();
    auto shown = show_place(character + ";", at(character + ";", size));
    return shown.size() - 1 - (shown.find('\n') + 1);
  };
  for (auto wide : {u8"\u1100", u8"\u115f", u8"\u2e80", u8"\ua4cf", u8"\uac00", u8"\ud7a3", u8"\uf900",
                    u8"\ufaff", u8"\ufe30", u8"\ufe6f", u8"\uff00", u8"\uff60", u8"\uffe0", u8"\uffe6",
                    u8"\U00020000", u8"\U0003fffd"})
    CHECK(caret(reinterpret_cast<const char*>(wide)) == 4);
  for (auto narrow : {u8"\u10ff", u8"\u1160", u8"\u2e7f", u8"\ua4d0", u8"\uabff", u8"\ud7a4", u8"\uf8ff",
                      u8"\ufb00", u8"\ufe2f", u8"\ufe70", u8"\ufeff", u8"\uff61", u8"\uffdf", u8"\uffe7",
                      u8"\U0001ffff", u8"\U0003fffe"})
    CHECK(caret(reinterpret_cast<const char*>(narrow)) == 3);
}

TEST_CASE("a line that begins inside a character, or is none at all, is shown from its first byte") {
  CHECK(show_place("\x80\x80;", at("\x80\x80;", 2)) == "  ??;\n    ^");
  std::string bytes(9, '\x80');
  CHECK(show_place(bytes + ";", at(bytes + ";", 9)) == "  ?????????;\n" + std::string(11, ' ') + "^");
}

TEST_CASE("what may be credentials of a destination is covered, and the caret stays where it is") {
  std::string text = "SET x = 'oss://key:secret@b/p?access_key=secret' y? z";
  CHECK(show_place(text, at(text, 49)) ==
        "  SET x = 'oss://**********@b/p?*****************' y? z\n" + std::string(51, ' ') + "^");
}

TEST_CASE("a long line is cut to the neighbourhood of the place") {
  std::string text = std::string(5000, 'a') + "!" + std::string(5000, 'b');
  auto shown = show_place(text, at(text, 5000));
  CHECK(shown.size() < 250);
  CHECK(shown.find("...aaa") == 2);
  CHECK(shown.find("a!b") != shown.npos);
  auto lines = shown.find('\n');
  CHECK(shown.find('!') == shown.size() - 1 - (lines + 1)); // the caret is the last character, below the '!'
}

TEST_CASE("what was found is named so that it can be recognised") {
  CHECK(show_found("foo bar", 0) == "'foo'");
  CHECK(show_found("a; b", 1) == "';'");
  CHECK(show_found("a", 1) == "the end of the text");
  CHECK(show_found("\xef\xbc\x9b", 0) == "'\xef\xbc\x9b' (U+FF1B)");
  CHECK(show_found("\x01", 0) == "byte 0x01");
  CHECK(show_found("\xff", 0) == "byte 0xff");
  CHECK(show_found(std::string(100, 'x'), 0) == "'" + std::string(40, 'x') + "...'");
}
