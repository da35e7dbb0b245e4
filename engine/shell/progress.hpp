#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace varve::shell {

/// Tells on stderr how far a long command is: a bar that redraws itself on a terminal, a line now and then
/// elsewhere. Not thread-safe.
class progress {
public:
  enum class style { automatic, quiet };
  /// `what` is a verb ("archived"); `total` bytes if known.
  progress(std::string what, std::optional<std::uint64_t> total, style how);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// `done` bytes of `total` so far; `note` is shown behind ("durable to 4096"). Cheap; call as often as you
  /// like.
  void update(std::uint64_t done, std::string_view note = {});
  /// Removes the bar, so that the last word of the command stands alone.
  void finish();

private:
  void draw(std::string_view note);
  void tell(std::string_view note);
  double seconds() const;

  std::string what_;
  std::optional<std::uint64_t> total_;
  bool quiet_, terminal_, drawn_ = false;
  std::uint64_t begin_ns_, next_ns_, done_ = 0, first_done_ = 0;
  bool started_ = false;
};

std::string show_bytes(std::uint64_t count); ///< "12 B", "3.4 MiB"

} // namespace varve::shell
