// The tests are tried on bugs: each planted one must be found. A bug that nothing finds shows a claim that no
// test makes.
//
// VARVE_PLANTED_TABLE=file adds a row of the table to the file for each bug that was found
// (tests/mutation/table). SIM_SEED=n replays the world of one seed with the bug on and prints what happens.
#include "tests/mutation/finders.hpp"
#include "tests/sim/sim_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

namespace varve::test {
namespace {

namespace fs = std::filesystem;

std::string title(const planted_row& row) {
  return "planted: " + row.name + " is found " +
         (row.by_simulation() ? "within " + std::to_string(row.seeds_max) + " seeds"
                              : "by a test of " + row.program);
}

void replay(const planted_row& row, std::uint64_t seed) {
  planted_now = row.bug;
  auto came = run_seed(seed, true);
  planted_now = planted_bug::none;
  std::cerr << came.broken.value_or("no claim breaks") << '\n';
}

void tabulate(const planted_row& row, std::uint64_t seeds_max, const finding& found, const char* file) {
  std::ofstream to(file, std::ios::app);
  to << "| `" << row.name << "` | " << row.what << " | ";
  if (seeds_max > 0)
    to << "simulation | " << found.seed << " of " << seeds_max << " |\n";
  else
    to << row.test << " | |\n";
}

/// The test case of one row.
class planted_case final : public Catch::ITestInvoker {
public:
  explicit planted_case(const planted_row& row) : row_(row) {}
  void invoke() const override {
    INFO(row_.what);
    auto number = [](const char* name, std::uint64_t otherwise) {
      auto* text = std::getenv(name);
      return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
    };
    if (auto seed = number("SIM_SEED", 0))
      return replay(row_, seed);
    auto seeds_max = number("VARVE_PLANTED_SEEDS", row_.seeds_max);
    auto found = seeds_max > 0 ? find_by_simulation(row_.bug, seeds_max)
                               : find_by_test(row_.bug, row_.program, row_.test);
    REQUIRE(found);
    if (seeds_max > 0)
      std::cerr << row_.name << ": " << found->seed << " of " << seeds_max << " seeds: " << found->how
                << '\n';
    if (auto* file = std::getenv("VARVE_PLANTED_TABLE"))
      tabulate(row_, seeds_max, *found, file);
  }

private:
  const planted_row& row_;
};

const bool registered = [] {
  for (auto& row : planted_table())
    Catch::AutoReg(new planted_case(row), CATCH_INTERNAL_LINEINFO, {}, {title(row), "[planted]"});
  return true;
}();

/// The names of the bugs that have a place in this text.
std::set<std::string> planted_in(const std::string& text) {
  const std::string word = "VARVE_PLANT(";
  std::set<std::string> names;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
    at += word.size();
    names.insert(text.substr(at, text.find(',', at) - at));
  }
  return names;
}

std::string read_text(const fs::path& file) {
  std::ifstream from(file, std::ios::binary);
  REQUIRE(from);
  return {std::istreambuf_iterator<char>(from), {}};
}

bool holds(const fs::path& file, std::string_view word) {
  std::ifstream from(file, std::ios::binary);
  REQUIRE(from);
  std::string part;
  for (std::vector<char> more(1 << 20); from.read(more.data(), std::ssize(more)), from.gcount() > 0;) {
    part.append(more.data(), static_cast<std::size_t>(from.gcount()));
    if (part.find(word) != std::string::npos)
      return true;
    part.erase(0, part.size() - std::min(part.size(), word.size()));
  }
  return false;
}

} // namespace

TEST_CASE("with no bug on, no claim breaks in the same worlds and the same tests hold") {
  std::uint64_t seeds_max = 0;
  std::set<std::pair<std::string, std::string>> tests;
  for (auto& row : planted_table()) {
    seeds_max = std::max(seeds_max, row.seeds_max);
    if (!row.by_simulation())
      tests.emplace(row.program, row.test);
  }
  auto found = find_by_simulation(planted_bug::none, seeds_max);
  INFO((found ? found->how : ""));
  CHECK_FALSE(found);
  for (auto& [program, test] : tests) {
    found = find_by_test(planted_bug::none, program, test);
    INFO((found ? found->how : ""));
    CHECK_FALSE(found);
  }
}

TEST_CASE("every planted bug has one row and a place in a file that is compiled with it, and no place lacks "
          "its row") {
  auto build = read_text(fs::path{VARVE_SOURCE_DIR} / "tests/mutation/CMakeLists.txt");
  auto layers = std::string_view(build).substr(build.find("foreach(layer ") + 13);
  layers = layers.substr(0, layers.find(')'));
  std::set<std::string> placed, rows;
  for (auto* layer : {"actors", "catalog", "engine"})
    for (auto& entry : fs::recursive_directory_iterator(fs::path{VARVE_SOURCE_DIR} / layer)) {
      auto path = fs::relative(entry.path(), VARVE_SOURCE_DIR).string();
      if (entry.path().extension() != ".cpp")
        continue;
      auto here = planted_in(read_text(entry.path()));
      INFO(path);
      if (!here.empty())
        CHECK(layers.find(" " + entry.path().parent_path().filename().string()) != std::string::npos);
      placed.merge(here);
    }
  std::size_t number = 0;
  for (auto& row : planted_table()) {
    CHECK(rows.insert(row.name).second);
    CHECK(static_cast<std::size_t>(row.bug) == ++number);
  }
  CHECK(number > 50);
  CHECK(placed == rows);
}

TEST_CASE("what is shipped holds no trace of a planted bug") {
  REQUIRE(holds("/proc/self/exe", "planted_now"));
  INFO(SHIPPED_LIBRARY);
  CHECK_FALSE(holds(SHIPPED_LIBRARY, "planted"));
}

} // namespace varve::test
