#include "engine/base/text.hpp"
#include "tests/engine/shell/archive_case.hpp"

#include <catch2/catch.hpp>

#include <regex>

// What somebody may type by mistake, or on purpose, at the program's doors: its arguments and its prompt.

namespace varve::test {
namespace {

constexpr int asked_wrongly = 2;

/// Lines of plain text, not endless.
void check_told(const program_outcome& told) {
  INFO(told.errors.substr(0, 1000));
  CHECK_FALSE(told.errors.empty());
  CHECK(told.errors.size() < 8192);
  std::string_view rest = told.errors;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    CHECK(printable(line, line.size()) == line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0)
    out += text;
  return out;
}

/// The first words of the lines below `heading` in the help of a command.
std::vector<std::string> listed(const std::string& help, const std::string& heading, const std::regex& form) {
  std::vector<std::string> found;
  auto at = help.find("\n" + heading + "\n");
  if (at == help.npos)
    return found;
  auto end = help.find("\n\n", at);
  auto part = help.substr(at, end == help.npos ? end : end - at + 1);
  for (std::sregex_iterator it(part.begin(), part.end(), form), none; it != none; ++it)
    found.push_back((*it)[1]);
  return found;
}

using words = std::vector<std::string>;

words with(words first, const words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// Calls `work` for every command of the program, and for every workload of bench.
template <class Work>
void for_each_command(Work work, const words& command = {}) {
  auto help = run_varve(with(command, {"--help"})).output;
  for (auto& name : listed(help, "Subcommands:", std::regex("\n  ([a-z-]+) "))) {
    auto inner = with(command, {name});
    work(inner, run_varve(with(inner, {"--help"})).output);
    for_each_command(work, inner);
  }
}

} // namespace

TEST_CASE("every option that takes a number refuses what is none, by its name, in every command") {
  std::size_t tried = 0;
  for_each_command([&](const words& command, const std::string& help) {
    for (auto& option : listed(help, "Options:", std::regex("\n  (--[a-z-]+) UINT")))
      for (std::string value : {"-1", "abc", "1.5", "99999999999999999999", "1e3", "\x1b[2J", "\xff", "7 "}) {
        CAPTURE(command, option, value);
        auto told = run_varve(with(command, {option, value}));
        CHECK(told.exit_code == asked_wrongly);
        CHECK(told.errors.find(option) != std::string::npos);
        check_told(told);
        ++tried;
      }
  });
  CHECK(tried >= 100);
}

TEST_CASE("an argument that no command knows is refused in plain text") {
  for_each_command([&](const words& command, const std::string&) {
    auto told = run_varve(with(command, {"--\x1b[31mnothing", "\xff\xfe\n", std::string(100'000, 'x')}));
    CAPTURE(command);
    CHECK(told.exit_code == asked_wrongly);
  });
  auto told = run_varve({"\x1b[31mnothing"});
  CHECK(told.exit_code == asked_wrongly);
  check_told(told);
}

TEST_CASE("a value that a command reads itself is refused in plain text") {
  archive_case here;
  auto log = here.file("log", sample_log(1000));
  REQUIRE(here.archive({log}).exit_code == 0);
  for (std::string value : {"abc", "-1", "1x", "\x1b[2J", "\xff", "99999999999999999999", "2021-13-01"}) {
    CAPTURE(value);
    for (std::string option : {"--chunk", "--rate", "--interval"}) {
      CAPTURE(option);
      auto told = here.archive({option, value, log});
      CHECK(told.exit_code == asked_wrongly);
      check_told(told);
    }
    for (std::string option : {"--until", "--from-time", "--format"}) {
      CAPTURE(option);
      auto told = here.restore({option, value});
      CHECK(told.exit_code == asked_wrongly);
      CHECK(told.output.empty());
      check_told(told);
    }
    auto shown = run_varve({"shell", "--data", here.data, "--format", value, "-e", "SELECT 1"});
    CHECK(shown.exit_code == asked_wrongly);
    check_told(shown);
  }
  for (std::string place :
       {"", "oss://b", "file://relative", "\x1b[2J", "file:///a\nb", "http://u:secret@h"}) {
    CAPTURE(place);
    for (auto& command :
         {words{"restore", "--tenant", "1001", "--to", "-", "--from", place}, words{"verify", place},
          words{"rebuild-catalog", "--data", here.data, "--from", place}}) {
      auto told = run_varve(command);
      CHECK(told.exit_code != 0);
      CHECK(told.exit_code < 128);
      CHECK(told.errors.find("secret") == std::string::npos);
      check_told(told);
    }
  }
}

TEST_CASE("a text that is no statement is refused at the prompt, however long and whatever bytes") {
  using namespace std::string_literals;
  archive_case here;
  constexpr std::size_t many = 1 << 20;
  for (auto& text :
       {"SELECT '\0';"s, "SELECT '\xff';"s, "ALTER SYSTEM SET backup_dest = '\xed\xa0\x80';"s, "\x1b[2J;"s,
        repeat("x", many) + ";", "SELECT '" + repeat("ab'\n'", many / 5), repeat("'\n", many / 2) + "';x;",
        "SELECT " + repeat("(", many) + ";", "SELECT 1 /*" + repeat(" *\n", many / 3),
        "ALTER SYSTEM SET backup_dest = '" + repeat("y", many) + "';",
        "SELECT '" + repeat("\n", many) + "', \x1b;"}) {
    INFO(text.substr(0, 60));
    auto told = run_varve({"shell", "--data", here.data}, text);
    CHECK(told.exit_code == asked_wrongly);
    CHECK(told.output.empty());
    check_told(told);
  }
  auto nothing = run_varve({"shell", "--data", here.data}, repeat(";", many) + repeat("\n;", many / 2));
  CHECK(nothing.exit_code == 0);
  CHECK(nothing.errors.empty());
}

TEST_CASE("a file of anything is described or refused by inspect") {
  archive_case here;
  for (std::size_t size : {0u, 1u, 63u, 64u, 200u, 100'000u}) {
    CAPTURE(size);
    for (auto& content : {sample_log(size), std::string(size, '\0'), "VBLK" + sample_log(size),
                          "VRVEOBJ1" + sample_log(size)}) {
      auto told = run_varve({"inspect", here.file("some file", content)});
      CHECK(told.exit_code == 3);
      for (char c : told.output)
        if (static_cast<unsigned char>(c) < ' ' && c != '\n')
          FAIL("a control character");
    }
  }
}

} // namespace varve::test
