#include "tests/tidy/rules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

// The project's rules about its own sources, tried on the sources. Each rule is first tried on a planted
// violation, so that a checker which finds nothing anywhere would fail here.

namespace varve::tidy {
namespace {

const std::filesystem::path root{VARVE_SOURCE_DIR};

const std::vector<source_file>& sources() {
  static const auto files = read_tree(root, {".hpp", ".cpp", ".inc"});
  return files;
}

/// The findings of one checker over the whole tree, one a line.
template <class Check>
std::string over_the_tree(Check check) {
  std::string all;
  for (const auto& file : sources())
    for (const auto& one : check(file))
      all += one + "\n";
  return all;
}

std::string joined(const findings& found) {
  std::string all;
  for (const auto& one : found)
    all += one + "\n";
  return all;
}

} // namespace

TEST_CASE("the tree that is checked is the project's") {
  REQUIRE(sources().size() > 50);
  auto has = [](std::string_view path) {
    return std::any_of(sources().begin(), sources().end(),
                       [&](const source_file& f) { return f.path == path; });
  };
  CHECK(has("engine/base/result.hpp"));
  CHECK(has("tests/tidy_test.cpp"));
}

TEST_CASE("comments and strings are told from code") {
  using enum keep_strings;
  CHECK(code_of("a // b\nc", no) == "a     \nc");
  CHECK(code_of("a /* b\nc */ d", no) == "a     \n     d");
  CHECK(code_of(R"(x = "a\"b"; y)", no) == R"(x = "    "; y)");
  CHECK(code_of(R"(x = "a // b"; y)", yes) == R"(x = "a // b"; y)");
  CHECK(code_of(R"(x = '"'; y = "z";)", no) == R"(x = ' '; y = " ";)");
  CHECK(code_of("n = 1'000; rand();", no) == "n = 1'000; rand();");
  CHECK(code_of("r = R\"x(a \" )\" b)x\"; c", no) == "r = R\"x(        )x\"; c");
}

TEST_CASE("the layer of a file is the longest row that holds it") {
  CHECK(layer_of("engine/base/result.hpp") == "engine/base");
  CHECK(layer_of("catalog/catalog.hpp") == "catalog");
  CHECK(layer_of("catalog/views/view.hpp") == "catalog/views");
  CHECK(layer_of("engine/archive_engine.hpp") == "engine");
  CHECK(layer_of("tests/engine/base/time_test.cpp") == "tests");
  CHECK(layer_of("engine/unknown/part.hpp").empty());
  CHECK(layer_of("result.hpp").empty());
}

TEST_CASE("an include against the layer table is found") {
  auto found = [](std::string path, std::string text) { return joined(check_includes({path, text})); };
  CHECK(found("engine/format/block.hpp", "#include \"engine/base/bytes.hpp\"\n").empty());
  CHECK(found("engine/format/block.hpp", "#pragma once\n#include \"actors/interfaces.hpp\"\n") ==
        "engine/format/block.hpp:2: engine/format may not include actors\n");
  CHECK(found("engine/reader/verify.cpp", "#include \"catalog/catalog.hpp\"\n") != "");
  CHECK(found("catalog/catalog.hpp", "#include \"catalog/views/view.hpp\"\n") != "");
  CHECK(found("catalog/views/view.hpp", "#include \"catalog/catalog.hpp\"\n").empty());
  CHECK(found("actors/a.hpp", "#include \"engine/statement_executor.hpp\"\n") != "");
  CHECK(found("actors/a.hpp", "#include \"engine/archive_engine.hpp\"\n").empty());
  CHECK(found("engine/base/a.hpp", "  #  include \"engine/model/ids.hpp\"\n") != "");
  CHECK(found("engine/base/a.hpp", "// #include \"engine/model/ids.hpp\"\n").empty());
  CHECK(found("engine/base/a.hpp", "#include \"bytes.hpp\"\n") != "");
  CHECK(found("engine/newer/a.hpp", "") != "");
}

TEST_CASE("a library outside of its home is found") {
  auto found = [](std::string path, std::string header) {
    return joined(check_includes({path, "#include <" + header + ">\n"}));
  };
  CHECK(found("actors/log_stream.cpp", "caf/all.hpp").empty());
  CHECK(found("engine/reader/verify.cpp", "caf/all.hpp") != "");
  CHECK(found("engine/archive_engine.hpp", "caf/all.hpp") != "");
  CHECK(found("catalog/rocksdb_catalog.cpp", "rocksdb/db.h").empty());
  CHECK(found("catalog/catalog.hpp", "rocksdb/db.h") != "");
  CHECK(found("engine/format/codec.cpp", "zstd.h").empty());
  CHECK(found("engine/format/block.cpp", "zstd.h") != "");
  CHECK(found("engine/format/block.cpp", "vector").empty());
  CHECK(found("engine/format/block.cpp", "unistd.h") != "");
  CHECK(found("engine/destination/file_destination.cpp", "sys/stat.h").empty());
  CHECK(found("engine/format/block.cpp", "boost/any.hpp") != "");
}

TEST_CASE("a door header that shows an inner part is found, at any depth") {
  std::vector<source_file> files = {
      {"engine/door.hpp", "#include \"engine/middle.hpp\"\n#include <vector>\n"},
      {"engine/middle.hpp", "#include \"engine/base/bytes.hpp\"\n"},
      {"engine/base/bytes.hpp", "#include <span>\n"},
  };
  CHECK(joined(check_door(files, {"engine/door.hpp"})).empty());
  files[1].text = "#include \"catalog/catalog.hpp\"\n";
  CHECK(joined(check_door(files, {"engine/door.hpp"})) ==
        "engine/middle.hpp:1: shows catalog/catalog.hpp to everyone who embeds the engine\n");
  CHECK(joined(check_door(files, {"engine/gone.hpp"})) == "engine/gone.hpp: is not there\n");
}

TEST_CASE("a word outside of its home is found") {
  auto found = [](std::string path, std::string text) { return joined(check_words({path, text})); };
  CHECK(found("actors/a.cpp", "x\nauto t = std::chrono::system_clock::now();\n")
            .starts_with("actors/a.cpp:2: "));
  CHECK(found("engine/policy/a.cpp", "auto t = time(nullptr);") != "");
  CHECK(found("engine/policy/a.cpp", "std::random_device d;") != "");
  CHECK(found("engine/policy/a.cpp", "auto r = rand();") != "");
  CHECK(found("engine/policy/a.cpp", "auto r = operand();").empty());
  CHECK(found("engine/policy/a.cpp", "getenv(\"HOME\")") != "");
  CHECK(found("tests/actors/a_test.cpp", "std::this_thread::sleep_for(1s);") != "");
  CHECK(found("actors/a.cpp", "std::thread t;") != "");
  CHECK(found("engine/reader/a.cpp", "std::thread t;").empty());
  CHECK(found("engine/format/a.cpp", "printf(\"x\");") != "");
  CHECK(found("engine/format/a.cpp", "std::snprintf(text, 3, \"x\");").empty());
  CHECK(found("engine/format/a.cpp", "std::cout << 1;") != "");
  CHECK(found("engine/format/a.cpp", "// std::cout and rand() in a comment\n\"abort()\";").empty());
  CHECK(found("engine/format/a.cpp", "std::abort();") != "");
  CHECK(found("actors/a.cpp", "void on_exit() override; send_exit(x); x.exit();").empty());
  CHECK(found("actors/a.cpp", "int y = 1;\n::exit (1);").starts_with("actors/a.cpp:2: "));
  CHECK(found("actors/a.cpp", "std::thread::hardware_concurrency();").empty());
}

TEST_CASE("bad manners are found") {
  auto found = [](std::string path, std::string text) { return joined(check_manners({path, text})); };
  CHECK(found("engine/base/a.cpp", "int a;\n").empty());
  CHECK(found("engine/base/a.cpp", std::string(110, 'x') + "\n").empty());
  CHECK(found("engine/base/a.cpp", std::string(111, 'x') + "\n") != "");
  CHECK(found("engine/base/a.cpp", "// " + std::string(105, 'x') + "é…\n").empty());
  CHECK(found("engine/base/a.cpp", "\tint a;\n") != "");
  CHECK(found("engine/base/a.cpp", "int a; \n") != "");
  CHECK(found("engine/base/a.cpp", "int a;") != "");
  CHECK(found("engine/base/a.cpp", std::string("// TO") + "DO later\n") != "");
  CHECK(found("engine/base/a.hpp", "int a;\n") != "");
  CHECK(found("engine/base/a.hpp", "#pragma once\nusing namespace std;\n") != "");
  std::string long_file;
  for (int i = 0; i < 501; ++i)
    long_file += "x\n";
  CHECK(found("engine/base/a.cpp", long_file) != "");
}

TEST_CASE("a source without its mirror test, and one without a line in CMake, is found") {
  std::vector<source_file> files = {{"engine/base/a.cpp", ""}, {"tests/engine/base/a_test.cpp", ""}};
  CHECK(joined(check_mirror(files)).find("engine/base/a.cpp") == std::string::npos);
  files[1].path = "tests/engine/base/b_test.cpp";
  CHECK(joined(check_mirror(files)).find("engine/base/a.cpp: has no test") != std::string::npos);

  std::vector<source_file> lists = {
      {"engine/base/CMakeLists.txt", "varve_layer(base SOURCES a.cpp)"},
      {"tests/engine/base/CMakeLists.txt", "varve_test(base SOURCES ab_test.cpp)"}};
  CHECK(joined(check_listed(files, lists)) ==
        "tests/engine/base/b_test.cpp: is in no CMakeLists.txt: it is never built\n");
  lists[1].text = "varve_test(base\n  SOURCES a_test.cpp b_test.cpp)";
  CHECK(joined(check_listed(files, lists)).empty());
}

TEST_CASE("a page that names a file or a test that is not there is found") {
  std::vector<source_file> files = {
      {"tests/x_test.cpp", "TEST_CASE(\"blocks come back\")\nTEST_CASE(\n  \"a long \"\n  \"name\")"}};
  auto found = [&](std::string text) {
    return joined(check_page({"README.md", std::move(text)}, root, files));
  };
  CHECK(found("see `engine/base/result.hpp` and `tests/` and `tests/run --all`").empty());
  CHECK(found("one\nsee `engine/base/gone.hpp`") ==
        "README.md:2: names engine/base/gone.hpp, which is not there\n");
  CHECK(found("test: `blocks come back`").empty());
  CHECK(found("test: `a long name`").empty());
  CHECK(found("test: `blocks stay away`") != "");
}

TEST_CASE("every include follows the layer table, and every library stays at home") {
  CHECK(over_the_tree(check_includes) == "");
}

TEST_CASE("what the front door includes comes from base, model and the door alone") {
  CHECK(joined(check_door(sources(), {"engine/archive_engine.hpp", "engine/archive_options.hpp"})) == "");
}

TEST_CASE("clock, randomness, environment, threads and printing stay in their homes") {
  CHECK(over_the_tree(check_words) == "");
}

TEST_CASE("every source keeps its manners") {
  CHECK(over_the_tree(check_manners) == "");
}

TEST_CASE("every source has its mirror test or a reason") {
  CHECK(joined(check_mirror(sources())) == "");
}

TEST_CASE("every source is built") {
  auto lists = read_tree(root, {"CMakeLists.txt"});
  REQUIRE(lists.size() > 5);
  CHECK(joined(check_listed(sources(), lists)) == "");
}

TEST_CASE("the pages name only files and tests that are there") {
  auto pages = read_tree(root, {".md"});
  REQUIRE(!pages.empty());
  std::string all;
  for (const auto& page : pages)
    all += joined(check_page(page, root, sources()));
  CHECK(all == "");
}

} // namespace varve::tidy
