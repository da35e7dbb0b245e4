#include "tests/tidy/rules.hpp"

#include "tests/tidy/tables.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>

namespace varve::tidy {
namespace {

/// One #include line.
struct include_line {
  std::size_t number = 0;
  std::string what;
  bool angle = false;
};

std::vector<include_line> includes_of(const source_file& file) {
  static const std::regex form(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  auto code = code_of(file.text, keep_strings::yes);
  std::vector<include_line> includes;
  std::size_t number = 0;
  for (auto line : lines_of(code)) {
    ++number;
    std::match_results<std::string_view::const_iterator> m;
    if (std::regex_search(line.begin(), line.end(), m, form))
      includes.push_back({number, m[2].str(), m[1] == "<"});
  }
  return includes;
}

const layer* row_of(std::string_view name) {
  auto found = std::find_if(layers.begin(), layers.end(), [&](const layer& l) { return l.path == name; });
  return found == layers.end() ? nullptr : &*found;
}

bool starts_with_any(std::string_view text, const std::vector<std::string>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& b) { return text.starts_with(b); });
}

/// <vector>, <cstdint>: no '/' and no '.'. The few C headers by name are for what their C++ twins lack.
bool is_standard(std::string_view header) {
  return header.find_first_of("/.") == std::string_view::npos || header == "stdlib.h";
}

/// What is wrong with including the angle header `header` in `path`; "" if nothing.
std::string against_library_table(std::string_view path, const std::string& header) {
  if (is_standard(header))
    return "";
  if (starts_with_any(header, system_headers))
    return is_in_any(path, system_homes) ? ""
                                         : "<" + header + "> is for the parts that meet the operating system";
  for (const auto& library : libraries)
    if (header.starts_with(library.header))
      return is_in_any(path, library.homes)
                 ? ""
                 : "<" + header + "> does not belong here: see tests/tidy/tables.hpp";
  return "<" + header + "> is of a library that tests/tidy/tables.hpp does not know";
}

std::size_t columns(std::string_view line) {
  auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  return line.size() - static_cast<std::size_t>(std::count_if(line.begin(), line.end(), continues));
}

bool exists_in(const std::vector<source_file>& files, std::string_view path) {
  return std::any_of(files.begin(), files.end(), [&](const source_file& f) { return f.path == path; });
}

std::string folder_of(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

/// The words of a CMakeLists.txt.
std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view between = " \n()\"";
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(between, at)) != std::string_view::npos;) {
    auto end = std::min(text.find_first_of(between, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// The text of the string literals that follow one another from `at` on; `at` moves behind them.
std::string literal_at(std::string_view code, std::size_t& at) {
  std::string text;
  while ((at = std::min(code.find_first_not_of(" \n", at), code.size())) < code.size() && code[at] == '"') {
    auto end = std::min(code.find('"', at + 1), code.size());
    text += code.substr(at + 1, end - at - 1);
    at = std::min(end + 1, code.size());
  }
  return text;
}

/// The names of all test cases in these files.
std::set<std::string> test_names(const std::vector<source_file>& files) {
  constexpr std::string_view macro = "TEST_CASE(";
  std::set<std::string> names;
  for (const auto& file : files) {
    auto code = code_of(file.text, keep_strings::yes);
    for (std::size_t at = 0; (at = code.find(macro, at)) != std::string::npos;) {
      at += macro.size();
      names.insert(literal_at(code, at));
    }
  }
  return names;
}

/// One name in code, with what qualifies it: "std::thread".
struct code_name {
  std::size_t line = 0;
  std::string qualified;
  bool called = false; ///< a '(' follows
  bool member = false; ///< a '.' or "->" stands before it
};

bool part_of_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::vector<code_name> names_in(std::string_view code) {
  std::vector<code_name> names;
  std::size_t line = 1;
  for (std::size_t at = 0; at < code.size();) {
    if (code[at] == '\n')
      ++line;
    if (!part_of_name(code[at])) {
      ++at;
      continue;
    }
    auto end = at;
    while (end < code.size() && part_of_name(code[end]))
      ++end;
    auto before = code.substr(0, at);
    auto qualifies = before.ends_with("::") && !names.empty() && names.back().line == line;
    if (qualifies)
      names.back().qualified += "::" + std::string(code.substr(at, end - at));
    else
      names.push_back({line, std::string(code.substr(at, end - at)), false,
                       before.ends_with('.') || before.ends_with("->")});
    auto next = code.find_first_not_of(' ', end);
    names.back().called = next != std::string_view::npos && code[next] == '(';
    at = end;
  }
  return names;
}

bool is_any_of(const code_name& name, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    if (word.ends_with('(')) {
      if (!name.called || name.member)
        return false;
      word.remove_suffix(1);
    }
    std::string_view whole = name.qualified;
    return whole == word ||
           (whole.ends_with(word) && whole.substr(0, whole.size() - word.size()).ends_with("::"));
  });
}

} // namespace

std::string layer_of(std::string_view path) {
  const layer* best = nullptr;
  for (const auto& one : layers)
    if (path.starts_with(one.path + "/") && (best == nullptr || one.path.size() > best->path.size()))
      best = &one;
  if (best == nullptr)
    return "";
  // engine/cmake, engine/new_part: a folder without a row is no layer, and "engine" means the files at its
  // root.
  if (best->path == "engine" && path.find('/', best->path.size() + 1) != std::string_view::npos)
    return "";
  return best->path;
}

findings check_includes(const source_file& file) {
  auto own = layer_of(file.path);
  if (own.empty())
    return {finding(file.path, 0, "lies in no layer of tests/tidy/tables.hpp")};
  findings found;
  for (const auto& include : includes_of(file)) {
    if (include.angle) {
      auto wrong = against_library_table(file.path, include.what);
      if (!wrong.empty())
        found.push_back(finding(file.path, include.number, wrong));
      continue;
    }
    auto other = layer_of(include.what);
    const auto& allowed = row_of(own)->may_include;
    if (other.empty())
      found.push_back(
          finding(file.path, include.number, "\"" + include.what + "\" is no path from the project root"));
    else if (other != own && std::find(allowed.begin(), allowed.end(), other) == allowed.end() &&
             std::find(allowed.begin(), allowed.end(), include.what) == allowed.end())
      found.push_back(finding(file.path, include.number, own + " may not include " + other));
  }
  return found;
}

findings check_door(const std::vector<source_file>& files, const std::vector<std::string>& doors) {
  static const std::set<std::string> public_layers = {"engine/base", "engine/model", "engine"};
  findings found;
  std::set<std::string> seen(doors.begin(), doors.end());
  std::vector<std::string> open = doors;
  while (!open.empty()) {
    auto path = open.back();
    open.pop_back();
    auto file =
        std::find_if(files.begin(), files.end(), [&](const source_file& f) { return f.path == path; });
    if (file == files.end()) {
      found.push_back(finding(path, 0, "is not there"));
      continue;
    }
    for (const auto& include : includes_of(*file)) {
      if (include.angle ? !is_standard(include.what) : !public_layers.contains(layer_of(include.what)))
        found.push_back(
            finding(path, include.number, "shows " + include.what + " to everyone who embeds the engine"));
      else if (!include.angle && seen.insert(include.what).second)
        open.push_back(include.what);
    }
  }
  return found;
}

findings check_words(const source_file& file) {
  findings found;
  for (const auto& name : names_in(code_of(file.text, keep_strings::no)))
    for (const auto& row : banned)
      if (!is_in_any(file.path, row.homes) && is_any_of(name, row.words))
        found.push_back(finding(file.path, name.line, "'" + name.qualified + "' is banned here: " + row.why));
  return found;
}

findings check_manners(const source_file& file) {
  // The words are put together here, so that this file does not trip over itself.
  static const std::regex unfinished(R"(\b()"
                                     "TO"
                                     R"(DO|FIX)"
                                     R"(ME|X)"
                                     R"(XX)\b)");
  findings found;
  auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto say = [&](const std::string& what) { found.push_back(finding(file.path, i + 1, what)); };
    if (columns(lines[i]) > columns_max)
      say("is longer than " + std::to_string(columns_max) + " columns");
    if (lines[i].find('\t') != std::string_view::npos)
      say("has a tab");
    if (lines[i].ends_with(' ') || lines[i].ends_with('\r'))
      say("ends in a space");
    if (std::regex_search(lines[i].begin(), lines[i].end(), unfinished))
      say("has an unfinished mark");
  }
  if (lines.size() > lines_max)
    found.push_back(
        finding(file.path, 0, "has " + std::to_string(lines.size()) + " lines: split it by noun"));
  if (!file.text.ends_with('\n'))
    found.push_back(finding(file.path, 0, "does not end in a newline"));
  if (file.path.ends_with(".hpp")) {
    auto code = code_of(file.text, keep_strings::no);
    if (code.find("#pragma once") == std::string::npos)
      found.push_back(finding(file.path, 0, "is a header without #pragma once"));
    if (code.find("using namespace") != std::string::npos)
      found.push_back(finding(file.path, 0, "is a header with 'using namespace'"));
  }
  return found;
}

findings check_mirror(const std::vector<source_file>& files) {
  static const std::vector<std::string> tested = {"engine/", "catalog/", "actors/"};
  std::map<std::string, bool> needed; // the exceptions, and whether one was needed
  for (const auto& exception : without_mirror)
    needed[exception.path] = false;
  findings found;
  for (const auto& file : files) {
    if (!file.path.ends_with(".cpp") || !starts_with_any(file.path, tested))
      continue;
    auto mirror = "tests/" + file.path.substr(0, file.path.size() - 4) + "_test.cpp";
    if (exists_in(files, mirror))
      continue;
    if (auto exception = needed.find(file.path); exception != needed.end())
      exception->second = true;
    else
      found.push_back(finding(file.path, 0, "has no test " + mirror));
  }
  for (const auto& [path, was_needed] : needed)
    if (!was_needed)
      found.push_back(finding(path, 0, "needs no row in without_mirror any more"));
  return found;
}

findings check_listed(const std::vector<source_file>& files, const std::vector<source_file>& lists) {
  std::set<std::string> listed;
  for (const auto& list : lists)
    for (const auto& word : words_of(list.text)) {
      constexpr std::string_view from_root = "${PROJECT_SOURCE_DIR}/";
      auto path = word.starts_with(from_root) ? std::filesystem::path(word.substr(from_root.size()))
                                              : std::filesystem::path(folder_of(list.path)) / word;
      listed.insert(path.lexically_normal().generic_string());
    }
  findings found;
  for (const auto& file : files)
    if (file.path.ends_with(".cpp") && !listed.contains(file.path))
      found.push_back(finding(file.path, 0, "is in no CMakeLists.txt: it is never built"));
  return found;
}

findings check_page(const source_file& page, const std::filesystem::path& root,
                    const std::vector<source_file>& files) {
  static const std::regex path_form(R"re(`((?:actors|bench|catalog|engine|tests|\.ci)/[^\s`*<>{}|…$]*)`)re");
  static const std::regex claim_form(R"re(test:\s+`([^`]+)`)re");
  findings found;
  auto line_at = [&](std::ptrdiff_t offset) {
    return static_cast<std::size_t>(1 + std::count(page.text.begin(), page.text.begin() + offset, '\n'));
  };
  for (std::sregex_iterator it(page.text.begin(), page.text.end(), path_form), end; it != end; ++it)
    if (!std::filesystem::exists(root / (*it)[1].str()))
      found.push_back(
          finding(page.path, line_at(it->position()), "names " + (*it)[1].str() + ", which is not there"));

  auto claims = test_names(files);
  for (std::sregex_iterator it(page.text.begin(), page.text.end(), claim_form), end; it != end; ++it)
    if (!claims.contains((*it)[1].str()))
      found.push_back(
          finding(page.path, line_at(it->position()), "names no test that is there: " + (*it)[1].str()));
  return found;
}

} // namespace varve::tidy
