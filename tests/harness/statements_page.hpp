#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace varve::test {

/// engine/statement/STATEMENTS.md, whole.
inline std::string statements_page() {
  std::ifstream file(VARVE_SOURCE_DIR "/engine/statement/STATEMENTS.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What stands between ``` and ``` on a page.
struct page_block {
  std::string section; ///< the heading it stands under
  std::string kind;    ///< "sql": examples; "refused": a text, and the first line of the message in the last
  std::string text;

  std::string refused_text() const { return text.substr(0, last_line()); }
  std::string refused_with() const { return text.substr(last_line() + 1, text.size() - last_line() - 2); }

private:
  std::size_t last_line() const { return text.rfind('\n', text.size() - 2); }
};

inline std::vector<page_block> blocks_of(const std::string& page) {
  std::vector<page_block> blocks;
  std::istringstream lines(page);
  std::string line, section;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside)
        blocks.push_back({section, line.substr(3), ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (line.starts_with("#")) {
      section = line;
    }
  }
  return blocks;
}

} // namespace varve::test
