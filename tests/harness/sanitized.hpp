#pragma once

namespace varve::test {

/// A sanitizer makes everything several times slower: long tests do less then, and claim the same.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true; // g++
#elif defined(__has_feature)
inline constexpr bool sanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer); // clang
#else
inline constexpr bool sanitized = false;
#endif

/// Of what runs on one thread, as a simulation does, the thread sanitizer can find nothing: a few runs show
/// that it is so.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool thread_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool thread_sanitized = __has_feature(thread_sanitizer);
#else
inline constexpr bool thread_sanitized = false;
#endif

} // namespace varve::test
