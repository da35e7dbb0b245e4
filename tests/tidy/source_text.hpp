#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Sources as the tidy rules see them: text with its lines, with and without comments and string literals.
namespace varve::tidy {

struct source_file {
  std::string path; ///< from the project root, with '/'
  std::string text;
};

/// One broken rule: "path:line: what and what to do".
using findings = std::vector<std::string>;

/// `what` about line `line` (from 1; 0: the whole file) of `path`.
std::string finding(std::string_view path, std::size_t line, std::string_view what);

/// The lines of a text, without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

enum class keep_strings { no, yes };
/// The same text with every comment, and with keep_strings::no the inside of every string and character
/// literal, blanked by spaces: lines and columns stay. Knows raw strings and digit separators.
std::string code_of(std::string_view text, keep_strings strings);

/// Whether `path` is `entry`, lies below it when entry ends in '/', or begins so when it ends in '*'.
bool is_in(std::string_view path, std::string_view entry);
bool is_in_any(std::string_view path, const std::vector<std::string>& entries);

/// Every file below the project's folders and at its root whose name ends in one of `endings`, by path.
std::vector<source_file> read_tree(const std::filesystem::path& root,
                                   const std::vector<std::string>& endings);

} // namespace varve::tidy
