#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/error.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace varve::fuzz {

/// What a door promises does not hold for this input.
struct broken_promise : std::logic_error {
  using std::logic_error::logic_error;
};

inline void promise(bool holds, std::string_view what) {
  if (!holds)
    throw broken_promise(std::string(what));
}

/// May go to a terminal and a log as it is: UTF-8 without control characters, but for line feeds where
/// `lines` allows them.
enum class lines { one, many };
bool is_plain_text(std::string_view text, lines allowed);

/// An error for a person: a known code, a message that is plain text, not endless, and says `names` where
/// that is not empty.
void check_error(const error& refused, std::string_view names, lines allowed = lines::one);

/// Bytes that all threads have asked for so far. What C libraries take is in it only under the sanitizer.
std::uint64_t allocated_bytes();

/// Memory that a door may take for an input of this size: a lie about a length must not buy more. Checks
/// what was allocated since it was made.
class memory_promise {
public:
  memory_promise(std::size_t input_bytes, std::uint64_t bytes_per_byte, std::uint64_t more)
      : most_(input_bytes * bytes_per_byte + more), before_(allocated_bytes()) {}
  void check(std::uint64_t more = 0) const; ///< `more` than was promised when it was made

private:
  std::uint64_t most_, before_;
};

/// Takes an input apart that is more than one thing.
inline std::uint8_t take_byte(bytes_view& input) {
  if (input.empty())
    return 0;
  auto first = std::to_integer<std::uint8_t>(input[0]);
  input = input.subspan(1);
  return first;
}
inline bytes with_byte(std::uint8_t first, bytes_view rest) {
  bytes made{std::byte{first}};
  append(made, rest);
  return made;
}

} // namespace varve::fuzz
