#pragma once

#include "engine/base/bytes.hpp"
#include "engine/model/ids.hpp"

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// The keys of the catalog: one byte that names the family, then the ids as big-endian numbers, so that the
/// order of keys is the order of numbers, then a text where the family has one. KEYSPACE.md is the page about
/// them.
namespace varve {

/// The first byte of a key. Stored: never change or reuse a value.
enum class key_family : char {
  alarm = 'a',
  identity = 'i',
  setting = 's',
  tenant = 't',
  round_status = 'r',
  round_history = 'h',
  piece = 'p',
  stream = 'm',
  lag = 'l',
  outbox = 'o',
  break_history = 'b',
  round_join = 'j',
  writer = 'w'
};

struct key_family_info {
  key_family family;
  std::string_view name;
  std::uint8_t version;        ///< of the records this program writes, and the newest it reads
  bool archived_fact;          ///< a copy of what commits say: erase_archived_facts() erases it
  std::string_view key_layout; ///< what follows the family byte: "tenant:8 name" = eight bytes, then text
};

/// One row per member of key_family, in order of its byte.
std::span<const key_family_info> key_families();
/// The row of the family whose byte starts `key`; nullptr: an empty key or no family of this program.
const key_family_info* family_of(std::string_view key);

/// All keys of a family, or of one tenant in it, start with this.
std::string family_prefix(key_family family);
std::string tenant_prefix(key_family family, tenant_id tenant);
/// The smallest key that is larger than all that start with `prefix`. Requires a first byte below 0xff.
std::string prefix_end(std::string_view prefix);

/// For messages: "piece/1001/1/3/0", "setting/0/backup_dest"; bytes that are no such key come in hex.
std::string describe_key(std::string_view key);

/// Writes the fields of a key one after the other.
class key_writer {
public:
  explicit key_writer(key_family family) : key_(family_prefix(family)) {}

  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = sizeof(T); i > 0; --i)
      key_.push_back(static_cast<char>(value >> (8 * (i - 1))));
  }
  void text(std::string_view value) { key_.append(value); }
  std::string take() { return std::move(key_); }

private:
  std::string key_;
};

/// Takes a key apart. After the first failure every number is 0 and ok() is false.
class key_reader {
public:
  /// `key` must live as long as the reader.
  key_reader(key_family family, std::string_view key)
      : rest_(key), ok_(!key.empty() && key[0] == static_cast<char>(family)) {
    if (ok_)
      rest_.remove_prefix(1);
  }

  template <std::unsigned_integral T>
  T number() {
    ok_ = ok_ && rest_.size() >= sizeof(T);
    if (!ok_)
      return 0;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(static_cast<T>(value << (sizeof(T) > 1 ? 8 : 0)) |
                             static_cast<T>(static_cast<unsigned char>(rest_[i])));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  /// All that is left.
  std::string_view text() { return ok_ ? std::exchange(rest_, {}) : std::string_view{}; }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool ok_;
};

} // namespace varve
