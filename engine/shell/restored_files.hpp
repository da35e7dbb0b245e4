#pragma once

#include "engine/base/result.hpp"
#include "engine/model/log_entry.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>

namespace varve::shell {

/// How restored entries are written down.
enum class restore_format {
  raw,    ///< the payloads, one behind the other
  entries ///< a JSON object a line: stream, lsn, next_lsn, scn, payload (hex)
};

/// Appends entries in `how` to `target`.
void encode_entries(stream_id stream, std::span<const log_entry> entries, restore_format how, bytes& target);

/// A directory with one file per stream: stream_<id>, or stream_<id>.jsonl. While it is being written a file
/// has
/// ".partial" behind its name, so that a complete name is a complete file; a later run begins such a file
/// anew.
class restored_files {
public:
  /// Makes the directory if its parent is there. Not `replace`: a file that is there already is refused with
  /// already_exists when its stream begins.
  static result<std::unique_ptr<restored_files>> open(const std::string& directory, restore_format how,
                                                      bool replace);
  ~restored_files();

  /// Begins the file of a stream; again is a no-op. A stream without entries gets an empty file.
  status begin(stream_id stream);
  status write(stream_id stream, std::span<const log_entry> entries);
  /// Syncs every file, gives it its name, syncs the directory.
  status finish();

  std::string path_of(stream_id stream) const; ///< the complete name
  std::uint64_t bytes_of(stream_id stream) const;

private:
  struct target;
  restored_files(std::string directory, restore_format how, bool replace);
  status flush(target& file);
  status reopen(target& file);
  void close_all();

  std::string directory_;
  restore_format how_;
  bool replace_;
  std::map<stream_id, std::unique_ptr<target>> files_;
  std::size_t open_count_ = 0;
};

/// Writes all of `content`, or fails with the system's error about `path`.
status write_all(int descriptor, bytes_view content, const std::string& path);

} // namespace varve::shell
