#pragma once

#include "engine/statement/statements.hpp"

#include <array>
#include <cstddef>
#include <string_view>

/// The border between the parser and the grammar library, which only grammar.cpp includes (through
/// grammar_rules.hpp).
namespace varve::grammar {

/// What could have come at the furthest place the grammar reached: the words of an error message.
class expectations {
public:
  /// `at`: where `what` was looked for and not found. `what` lives as long as the program.
  void add(const char* at, std::string_view what) {
    if (at < furthest_)
      return;
    if (at > furthest_)
      count_ = 0;
    furthest_ = at;
    for (std::size_t i = 0; i < count_; ++i)
      if (what_[i] == what)
        return;
    if (count_ < what_.size())
      what_[count_++] = what;
  }
  void reset(const char* at) {
    furthest_ = at;
    count_ = 0;
  }
  const char* furthest() const { return furthest_; }
  /// "A, B or C"
  std::string to_string() const;

private:
  const char* furthest_ = nullptr;
  std::array<std::string_view, 32> what_{};
  std::size_t count_ = 0;
};

enum class complaint_kind : std::uint8_t {
  none,
  number_too_large,
  clause_twice,
  unknown_parameter,
  zero_times,
  times_without_destination
};

/// A text that has the form of a statement and still says something that cannot be.
struct complaint {
  complaint_kind kind = complaint_kind::none;
  const char* at = nullptr;
  std::string_view clause; ///< of clause_twice
};

enum class match_outcome : std::uint8_t { statement, end_of_text, failed };

/// One statement taken off the text. Pointers point into the text given to next().
struct match {
  match_outcome outcome = match_outcome::failed;
  statement body;
  const char* begin = nullptr;   ///< of the statement, after blanks and comments
  const char* end = nullptr;     ///< where its text ends: at the ';' or the end of the text
  const char* next = nullptr;    ///< where the next one may begin
  std::vector<const char*> wide; ///< full-width ；and ，outside quotes
  complaint wrong;               ///< the first; the statement must be refused
};

/// Skips empty statements and takes the next one off the front of `rest`; on `failed`, `expected` says where
/// and what.
match next(std::string_view rest, expectations& expected);

} // namespace varve::grammar
