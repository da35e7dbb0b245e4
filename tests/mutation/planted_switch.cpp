// The bug that is on in a program of other tests: VARVE_PLANTED_BUG holds its number, or none.
#include "tests/mutation/planted_bugs.hpp"

#include <cstdlib>

namespace varve::test {

planted_bug planted_now = [] {
  auto* number = std::getenv("VARVE_PLANTED_BUG");
  return static_cast<planted_bug>(number == nullptr ? 0 : std::strtoul(number, nullptr, 10));
}();

} // namespace varve::test
