#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/model/ids.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace varve::shell {

/// Files, in the order given, as one stream of bytes; the offset in it is the LSN. Regular files can be read
/// at any place and count with the size they have when they are opened. The last one may be a pipe ("-" is
/// stdin): it is read once, from the front, and what was read is kept until it is released. Not thread-safe.
class log_input {
public:
  /// Errors: the system's with the path; invalid_argument for a pipe that is not last.
  static result<log_input> open(const std::vector<std::string>& paths);
  log_input(log_input&&) noexcept;
  log_input& operator=(log_input&&) noexcept;
  ~log_input();

  /// How many bytes there are; nullopt while a pipe has not ended.
  std::optional<std::uint64_t> total() const;

  /// At most `bytes_max` bytes from `offset` on, at least one; none at the end. Blocks where a pipe has
  /// nothing yet. Valid until the next call. Errors: io_error, also for a file that has become shorter, and
  /// for an offset that was released.
  result<bytes_view> read(std::uint64_t offset, std::size_t bytes_max);

  /// Would read(offset) block for a while? Then the descriptor to poll, else -1.
  int waits_at(std::uint64_t offset) const;

  /// Bytes of a pipe below `offset` are not needed any more, also those that were not read yet.
  void release_below(std::uint64_t offset);

  /// The file that holds this offset, for messages; the last one at and behind the end.
  std::string name_at(std::uint64_t offset) const;

private:
  struct state;
  explicit log_input(std::unique_ptr<state> opened);
  std::unique_ptr<state> state_;
};

} // namespace varve::shell
