#pragma once

#include "tests/tidy/source_text.hpp"

/// The project's rules about its own sources. Each checker is a plain function of texts, so that
/// tidy_test.cpp can plant a violation and see it found; the tables they go by are in tables.hpp.
namespace varve::tidy {

/// The layer a source belongs to: the longest folder of the layer table that holds it, "engine" for the files
/// at engine's root; "" if none does.
std::string layer_of(std::string_view path);

/// Includes against the layer table, and libraries against their homes. An include in quotes must be a path
/// from the project root; an angle include that is no standard header must have its row in the table.
findings check_includes(const source_file& file);

/// What a program sees that includes one of `doors`: only files of the layers base, model and engine, only
/// standard headers. `files` are all sources.
findings check_door(const std::vector<source_file>& files, const std::vector<std::string>& doors);

/// Words that have a home (clock, randomness, environment, threads, printing …) outside of it.
findings check_words(const source_file& file);

/// Columns, length, tabs, spaces at the end of a line, the newline at the end of the file, unfinished marks,
/// and for headers `#pragma once` and no `using namespace`.
findings check_manners(const source_file& file);

/// Every .cpp of engine, catalog and actors has the mirror test tests/<path>_test.cpp, or a row with its
/// reason in the table; a row that is no longer needed is a finding, too.
findings check_mirror(const std::vector<source_file>& files);

/// Every .cpp is named in a CMakeLists.txt (`lists`), by a path from that file or from ${PROJECT_SOURCE_DIR}.
/// A test that is not named there would never run.
findings check_listed(const std::vector<source_file>& files, const std::vector<source_file>& lists);

/// Every `path` in backquotes in a page that begins with a folder of the project exists, as a file or folder
/// of `root`; a pair "x.hpp/.cpp" or "x.*" counts as its files. Every "test: `name`" is the name of a test
/// case.
findings check_page(const source_file& page, const std::filesystem::path& root,
                    const std::vector<source_file>& files);

} // namespace varve::tidy
