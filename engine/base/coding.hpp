#pragma once

#include "engine/base/bytes.hpp"

#include <concepts>

namespace varve {

/// Integers on disk are little-endian and of fixed width, or varints: seven bits a byte, least significant
/// group first, high bit set on all but the last; at most ten bytes, the shortest form only.

template <std::unsigned_integral T>
void store(std::byte* target, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) target[i] = static_cast<std::byte>(value >> (8 * i));
}

template <std::unsigned_integral T>
T load(const std::byte* source) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(std::to_integer<std::uint8_t>(source[i]))
                                                  << (8 * i)));
  return value;
}

inline constexpr std::size_t varint_bytes_max = 10;

/// Writes at most varint_bytes_max bytes; returns how many.
inline std::size_t store_varint(std::byte* target, std::uint64_t value) {
  std::size_t n = 0;
  for (; value >= 0x80; value >>= 7) target[n++] = static_cast<std::byte>(value | 0x80);
  target[n++] = static_cast<std::byte>(value);
  return n;
}

/// Grows an object byte by byte.
class byte_writer {
public:
  explicit byte_writer(bytes& target) : target_(target) {}

  template <std::unsigned_integral T>
  void put(T value) {
    std::byte encoded[sizeof(T)];
    store(encoded, value);
    target_.insert(target_.end(), encoded, encoded + sizeof(T));
  }
  void put_varint(std::uint64_t value) {
    std::byte encoded[varint_bytes_max];
    target_.insert(target_.end(), encoded, encoded + store_varint(encoded, value));
  }
  void put_bytes(bytes_view view) { append(target_, view); }
  /// A varint length, then the bytes.
  void put_string(std::string_view text) {
    put_varint(text.size());
    put_bytes(as_bytes(text));
  }

private:
  bytes& target_;
};

/// Takes an object apart. It never reads past the end: after the first failure every get gives zero and ok()
/// is false, so a decoder reads all its fields and asks once. Bytes it returns point into the source.
class byte_reader {
public:
  explicit byte_reader(bytes_view source) : source_(source) {}

  bool ok() const { return ok_; }
  std::size_t remaining() const { return source_.size() - at_; }
  std::size_t offset() const { return at_; }
  bool at_end() const { return ok_ && remaining() == 0; }
  void fail() { ok_ = false; }

  template <std::unsigned_integral T>
  T get() {
    auto view = get_bytes(sizeof(T));
    return ok_ ? load<T>(view.data()) : T{0};
  }
  std::uint64_t get_varint() {
    std::uint64_t value = 0;
    for (unsigned i = 0; ok_ && i < varint_bytes_max; ++i) {
      auto b = get<std::uint8_t>();
      if (!ok_) return 0;
      if (i == varint_bytes_max - 1 && b > 1) break;    // past 64 bits
      value |= static_cast<std::uint64_t>(b & 0x7f) << (7 * i);
      if (b < 0x80) {
        if (b == 0 && i > 0) break;                     // not the shortest form
        return value;
      }
    }
    ok_ = false;
    return 0;
  }
  bytes_view get_bytes(std::size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return {};
    }
    auto view = source_.subspan(at_, count);
    at_ += count;
    return view;
  }
  std::string_view get_string() {
    auto count = get_varint();
    if (count > remaining()) ok_ = false;
    return as_text(get_bytes(ok_ ? static_cast<std::size_t>(count) : 0));
  }
  /// A varint count of items that take at least `item_bytes_min` each; refuses what cannot fit, so a decoder
  /// may reserve that many.
  std::size_t get_count(std::size_t item_bytes_min) {
    auto count = get_varint();
    if (item_bytes_min != 0 && count > remaining() / item_bytes_min) ok_ = false;
    return ok_ ? static_cast<std::size_t>(count) : 0;
  }

private:
  bytes_view source_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

} // namespace varve
