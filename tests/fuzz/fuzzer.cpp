#include "tests/fuzz/fuzz_target.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// The libFuzzer program of one target, whose name the build gives. A broken promise ends it: nothing catches
// it, so the fuzzer keeps the input.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto* target = varve::fuzz::find_target(VARVE_FUZZ_TARGET);
  if (target == nullptr) {
    std::fputs("there is no target " VARVE_FUZZ_TARGET "\n", stderr);
    std::abort();
  }
  target->run({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
