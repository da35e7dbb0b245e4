#pragma once

#include <optional>
#include <string>

namespace varve::shell {

/// Reads lines from the terminal with editing and a history that survives in a file; plain lines, without a
/// prompt, when stdin is not a terminal. One per process.
class line_editor {
public:
  /// The history is read from and kept in `history_file`; "" keeps none. A file that cannot be read or
  /// written only costs the history.
  explicit line_editor(std::string history_file);
  ~line_editor();
  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  bool interactive() const { return interactive_; }
  /// The next line without its end; nullopt at the end of the input.
  std::optional<std::string> read(const std::string& prompt);
  /// Adds a whole statement to the history.
  void remember(const std::string& statement);

private:
  std::string history_file_;
  bool interactive_;
};

} // namespace varve::shell
