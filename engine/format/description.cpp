#include "engine/format/description.hpp"

#include "engine/base/text.hpp"

#include <algorithm>

namespace varve {
namespace {

void append_value(std::string& out, const description& x) {
  out.append(x.key);
  if (!x.value.empty())
    out.append(" ").append(printable(x.value, x.value.size()));
  if (!x.note.empty())
    out.append(" (").append(x.note).append(")");
}

bool fits_one_line(const description& x) {
  return x.value.empty() && !x.children.empty() &&
         std::all_of(x.children.begin(), x.children.end(),
                     [](auto& child) { return child.children.empty(); });
}

void append_text(std::string& out, const description& x, std::size_t depth, bool item) {
  out.append(depth * 2, ' ');
  append_value(out, x);
  if (item && fits_one_line(x)) {
    auto separator = ": ";
    for (auto& child : x.children) {
      out.append(separator);
      append_value(out, child);
      separator = ", ";
    }
    out.push_back('\n');
    return;
  }
  if (x.is_list && x.children.empty())
    out.append(" none");
  out.push_back('\n');
  for (auto& child : x.children)
    append_text(out, child, depth + 1, x.is_list);
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out.push_back('"');
  for (auto c : text) {
    auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (code < 0x20 || code > 0x7e) { // bytes of unknown encoding: never invalid JSON
      out.append("\\u00");
      out.push_back(digits[code >> 4]);
      out.push_back(digits[code & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_json(std::string& out, const description& x, std::size_t depth);

void append_json_children(std::string& out, const description& x, std::size_t depth) {
  out.push_back(x.is_list ? '[' : '{');
  for (auto& child : x.children) {
    out.append(&child == x.children.data() ? "\n" : ",\n").append(depth * 2 + 2, ' ');
    if (!x.is_list) {
      append_quoted(out, child.key);
      out.append(": ");
    }
    append_json(out, child, depth + 1);
  }
  if (!x.children.empty())
    out.append("\n").append(depth * 2, ' ');
  out.push_back(x.is_list ? ']' : '}');
}

void append_json(std::string& out, const description& x, std::size_t depth) {
  if (x.is_list || x.value.empty()) {
    if (!x.is_list && x.children.empty())
      out.append("\"\"");
    else
      append_json_children(out, x, depth);
  } else if (x.is_number) {
    out.append(x.value);
  } else {
    append_quoted(out, x.value);
  }
}

} // namespace

description& description::add(std::string_view child, std::string_view text, std::string_view child_note) {
  description x;
  x.key = child;
  x.value = text;
  x.note = child_note;
  return children.emplace_back(std::move(x));
}

description& description::add_number(std::string_view child, std::uint64_t number,
                                     std::string_view child_note) {
  auto& x = add(child, std::to_string(number), child_note);
  x.is_number = true;
  return x;
}

description& description::add_group(std::string_view child) {
  return add(child, {});
}

description& description::add_list(std::string_view child) {
  auto& x = add(child, {});
  x.is_list = true;
  return x;
}

std::string to_text(const description& x) {
  std::string out;
  append_text(out, x, 0, false);
  return out;
}

std::string to_json(const description& x) {
  std::string out;
  append_json_children(out, x, 0);
  out.push_back('\n');
  return out;
}

} // namespace varve
