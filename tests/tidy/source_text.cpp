#include "tests/tidy/source_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

namespace varve::tidy {
namespace {

constexpr std::array folders = {"actors", "bench", "catalog", "engine", "tests"};

bool part_of_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Walks over C++ text and says for each stretch what it is.
class blanker {
public:
  blanker(std::string_view text, keep_strings strings) : text_(text), out_(text), strings_(strings) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//"))
        blank_to(text_.find('\n', at_));
      else if (starts("/*"))
        blank_to(after(text_.find("*/", at_ + 2), 2));
      else if (text_[at_] == '"')
        string();
      else if (text_[at_] == '\'' && !digit_separator())
        quoted('\'');
      else
        ++at_;
    }
    return std::move(out_);
  }

private:
  bool starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool digit_separator() const { return at_ > 0 && part_of_word(text_[at_ - 1]); }
  static std::size_t after(std::size_t found, std::size_t size) {
    return found == std::string_view::npos ? found : found + size;
  }

  void blank_to(std::size_t end) {
    end = std::min(end, text_.size());
    for (; at_ < end; ++at_)
      if (out_[at_] != '\n')
        out_[at_] = ' ';
  }

  void string() {
    auto raw = at_ > 0 && text_[at_ - 1] == 'R' && (at_ < 2 || !part_of_word(text_[at_ - 2]));
    if (!raw)
      return quoted('"');
    auto open = text_.find('(', at_);
    if (open == std::string_view::npos)
      return quoted('"');
    auto closing = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    inside(open + 1, text_.find(closing, open));
    at_ = std::min(at_ + closing.size(), text_.size());
  }

  void quoted(char quote) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2U : 1U;
    inside(at_ + 1, end);
    at_ = std::min(at_ + 1, text_.size());
  }

  /// The literal's own text [begin, end).
  void inside(std::size_t begin, std::size_t end) {
    at_ = begin;
    if (strings_ == keep_strings::no)
      blank_to(end);
    else
      at_ = std::min(end, text_.size());
  }

  std::string_view text_;
  std::string out_;
  keep_strings strings_;
  std::size_t at_ = 0;
};

bool ends_in_any(std::string_view name, const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& e) { return name.ends_with(e); });
}

source_file read_file(const std::filesystem::path& root, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {file.lexically_relative(root).generic_string(), {std::istreambuf_iterator<char>(in), {}}};
}

} // namespace

std::string finding(std::string_view path, std::size_t line, std::string_view what) {
  return std::string(path) + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + std::string(what);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string code_of(std::string_view text, keep_strings strings) {
  return blanker(text, strings).run();
}

bool is_in(std::string_view path, std::string_view entry) {
  if (entry.ends_with('*'))
    return path.starts_with(entry.substr(0, entry.size() - 1));
  return entry.ends_with('/') ? path.starts_with(entry) : path == entry;
}

bool is_in_any(std::string_view path, const std::vector<std::string>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const std::string& entry) { return is_in(path, entry); });
}

std::vector<source_file> read_tree(const std::filesystem::path& root,
                                   const std::vector<std::string>& endings) {
  std::vector<source_file> files;
  auto take = [&](const std::filesystem::directory_entry& entry) {
    if (entry.is_regular_file() && ends_in_any(entry.path().filename().string(), endings))
      files.push_back(read_file(root, entry.path()));
  };
  for (const auto& entry : std::filesystem::directory_iterator(root))
    take(entry);
  for (const auto* folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder))
      take(entry);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

} // namespace varve::tidy
