#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

/// Something in words: a tree of names and values in a fixed order, for a person as text and for a program as
/// JSON.
struct description {
  std::string key;
  std::string value;      ///< empty for a group
  std::string note;       ///< more for a person (a time in words); not in JSON
  bool is_number = false; ///< `value` is a decimal number
  bool is_list = false;   ///< the children are items of one kind, in order; their keys say which kind
  std::vector<description> children;

  /// Each adds a child and returns it, valid until the next child is added.
  description& add(std::string_view child, std::string_view text, std::string_view child_note = {});
  description& add_number(std::string_view child, std::uint64_t number, std::string_view child_note = {});
  description& add_group(std::string_view child);
  description& add_list(std::string_view child);
};

/// Lines of "key value (note)", two blanks deeper for each level. A group without groups in it that is an
/// item of a list takes one line.
std::string to_text(const description& x);

/// One object; lists are arrays of objects, groups are objects, numbers are bare. Ends with a line feed.
std::string to_json(const description& x);

} // namespace varve
