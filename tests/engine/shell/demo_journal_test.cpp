#include "engine/shell/demo_journal.hpp"
#include "tests/engine/shell/program.hpp"
#include "tests/harness/temp_dir.hpp"

#include <catch2/catch.hpp>

namespace varve::shell {
namespace {
demo_write write_of(unsigned writer, std::uint64_t number, scn stamp, std::vector<demo_change> changes) {
  return {writer, number, stamp, std::move(changes)};
}
} // namespace

TEST_CASE("the journal tells what the database held at a moment") {
  test::temp_dir dir;
  auto path = (dir / "journal").string();
  auto first = write_of(0, 1, 100, {{7, 90, false}, {8, 80, false}});
  auto other = write_of(1, 1, 150, {{7, 80, false}});
  auto second = write_of(0, 2, 200, {{7, 0, true}});
  auto crashed = write_of(0, 3, 300, {{9, 80, false}});
  test::write_file(path, noted_line(first) + acknowledged_line(first) + noted_line(other) +
                             noted_line(second) + acknowledged_line(other) + acknowledged_line(second) +
                             noted_line(crashed));
  auto journal = demo_journal::read(path).value();
  CHECK(journal.contents(99).empty());
  auto early = journal.contents(199);
  CHECK(early.size() == 5);
  CHECK(early.at(demo_key(0, 7)) == demo_value(0, 1, {7, 90, false}));
  CHECK(early.at(demo_last_key(0)) == "1");
  auto late = journal.contents(scn_max);
  CHECK_FALSE(late.contains(demo_key(0, 7)));
  CHECK(late.contains(demo_key(1, 7)));
  CHECK_FALSE(late.contains(demo_key(0, 9)));
  CHECK(late.at(demo_last_key(0)) == "2");
  CHECK(journal.acknowledged(150) == 2);
  REQUIRE(journal.open().size() == 1);
  CHECK(journal.open()[0].number == 3);
  CHECK(journal.last_number(0) == 3);
  CHECK(journal.last_number(2) == 0);
  CHECK(journal.last_stamp() == 300);
}

TEST_CASE("a write the crash left open is settled by what was found later") {
  test::temp_dir dir;
  auto path = (dir / "journal").string();
  auto found = write_of(0, 1, 100, {{1, 80, false}});
  auto lost = write_of(1, 1, 101, {{1, 80, false}});
  test::write_file(path, noted_line(found) + noted_line(lost) + acknowledged_line(found) + lost_line(lost));
  auto journal = demo_journal::read(path).value();
  CHECK(journal.open().empty());
  CHECK(journal.contents(scn_max).contains(demo_key(0, 1)));
  CHECK_FALSE(journal.contents(scn_max).contains(demo_key(1, 1)));
}

TEST_CASE("a last line cut short is left out, a foreign line is refused") {
  test::temp_dir dir;
  auto path = (dir / "journal").string();
  auto write = write_of(0, 1, 100, {{1, 80, false}});
  test::write_file(path, noted_line(write) + "A 0 ");
  CHECK(demo_journal::read(path).value().open().size() == 1);
  test::write_file(path, "hello\n");
  CHECK(demo_journal::read(path).code() == errc::invalid_argument);
  test::write_file(path, "A 0 1\n");
  CHECK(demo_journal::read(path).code() == errc::invalid_argument);
}

TEST_CASE("values differ for every write and key") {
  CHECK(demo_value(0, 1, {7, 100, false}) != demo_value(0, 2, {7, 100, false}));
  CHECK(demo_value(0, 1, {7, 100, false}) != demo_value(1, 1, {7, 100, false}));
  CHECK(demo_value(0, 1, {7, 100, false}).size() == 100);
}

} // namespace varve::shell
