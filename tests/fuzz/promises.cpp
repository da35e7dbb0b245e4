#include "tests/fuzz/promises.hpp"

#include "engine/base/text.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define VARVE_HAS_ASAN 1
#elif defined(__has_feature)
#define VARVE_HAS_ASAN __has_feature(address_sanitizer)
#else
#define VARVE_HAS_ASAN 0
#endif

namespace varve::fuzz {
namespace {

constexpr std::size_t message_bytes_max = 8 << 10;
std::atomic<std::uint64_t> allocated{0};

} // namespace

bool is_plain_text(std::string_view text, lines allowed) {
  if (find_bad_byte(text) != std::string_view::npos)
    return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto code = static_cast<unsigned char>(text[i]);
    bool c1 = code == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    bool control = code < 0x20 || code == 0x7f || c1;
    if (control && !(code == '\n' && allowed == lines::many))
      return false;
  }
  return true;
}

void check_error(const error& refused, std::string_view names, lines allowed) {
  promise(refused.code != errc::ok && name_of(refused.code) != "VARVE_UNKNOWN_ERROR", "an error has a code");
  promise(!refused.message.empty(), "an error has a message");
  promise(refused.message.size() + refused.hint.size() <= message_bytes_max, "a message has an end");
  promise(is_plain_text(refused.message, allowed), "a message is plain text: " + refused.message);
  promise(is_plain_text(refused.hint, lines::one), "a hint is plain text: " + refused.hint);
  promise(refused.message.find(names) != std::string::npos,
          "a message names " + std::string(names) + ": " + refused.message);
}

std::uint64_t allocated_bytes() {
  return allocated;
}

void memory_promise::check(std::uint64_t more) const {
  auto taken = allocated_bytes() - before_, most = most_ + more;
  promise(taken <= most, "memory has a bound: " + std::to_string(taken) + " bytes taken, at most " +
                             std::to_string(most) + " promised");
}

} // namespace varve::fuzz

// Counting what is asked for: the sanitizer, which has an operator new of its own, tells it; else it needs
// the program's own (the array and nothrow forms come to these).
#if VARVE_HAS_ASAN

// Of the sanitizer's run time; g++ has no header for it.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));

namespace {

void count(const volatile void*, std::size_t size) {
  varve::fuzz::allocated += size;
}
void forget(const volatile void*) {}
[[maybe_unused]] const int counting = __sanitizer_install_malloc_and_free_hooks(count, forget);

} // namespace

#else

void* operator new(std::size_t size) {
  varve::fuzz::allocated += size;
  if (auto* made = std::malloc(size ? size : 1))
    return made;
  throw std::bad_alloc();
}
void operator delete(void* gone) noexcept {
  std::free(gone);
}
void operator delete(void* gone, std::size_t) noexcept {
  std::free(gone);
}

#endif
