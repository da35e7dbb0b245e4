#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/model/destination_uri.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

/// Name of an object relative to the destination: components of [A-Za-z0-9._-], not starting with '.', joined
/// by '/'; at most 255 bytes a component and 1024 in all. Which names exist and what they mean is
/// engine/format's business; a destination refuses others with invalid_argument.
using object_path = std::string;
bool is_object_path(std::string_view path);

/// What a medium can do. Code above asks this and never which kind of destination it has.
struct destination_traits {
  bool create_if_absent = true; ///< create() refuses a taken name atomically; without it nobody can be fenced
  bool append = true;           ///< open_segment() grows an object; without it a segment is one create()
  bool ordered_listing = false; ///< list() gives names in byte order
  bool durable = true;          ///< what was synced survives the process
};

/// What one look at a name told.
struct object_info {
  object_path path;
  std::uint64_t size = 0;
};

/// An object that still grows. One user at a time; closing without sync promises nothing about unsynced
/// bytes. After the first failed append or sync every further call fails the same way and nothing more is
/// written: bytes up to the last successful sync stand, the rest is undefined.
class segment_file {
public:
  virtual ~segment_file() = default;
  /// Appends all parts, in order, or fails. A failed append may have written any prefix.
  virtual status append(std::span<const bytes_view> parts) = 0;
  /// When it returns, every byte appended so far, and the name itself, survive a power failure.
  virtual status sync() = 0;
  virtual std::uint64_t size() const = 0;        ///< bytes appended so far
  virtual std::uint64_t synced_size() const = 0; ///< bytes that survive
};

/// A place where an archive lies. No object is ever replaced; immutable objects appear whole or not at all.
///
/// All calls block and may be made from several threads at once. Errors: file_not_exist (no such object),
/// already_exists (the name is taken), no_space, io_error (may work later), invalid_destination (the root
/// itself is gone or is not what was opened: a path that was unmounted or replaced), invalid_argument (not an
/// object path), not_supported (a change through a destination opened read_only). Each names the object, its
/// full path and errno.
class destination {
public:
  virtual ~destination() = default;

  virtual const destination_traits& traits() const = 0;
  virtual std::string describe() const = 0; ///< the URI, for messages; never a credential

  /// Makes an immutable object of exactly these bytes; when it returns, it survives a power failure. The name
  /// must be free, else already_exists. Any other error leaves the outcome unknown: the object is there whole
  /// or not at all, and only repeating the call with the same bytes and comparing can tell. What lies under a
  /// name that gave already_exists survives a power failure, too, if it was made by create().
  virtual status create(const object_path& path, bytes_view content) = 0;

  /// Starts an object that grows; the name must be free, else already_exists.
  virtual result<std::unique_ptr<segment_file>> open_segment(const object_path& path) = 0;

  /// Reads into `target` from `offset` on; returns how many bytes, fewer than asked only at the end.
  virtual result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) = 0;

  /// Reads a whole object of at most `size_max` bytes (larger: checksum_error, it cannot be one of ours).
  /// Never answered from a cache: sees what any writer made durable before the call.
  virtual result<bytes> read_all(const object_path& path, std::uint64_t size_max) = 0;

  virtual result<std::uint64_t> size(const object_path& path) = 0;

  /// Calls `visit` for every object below the folder `prefix` ("" = all; else without a trailing '/'), also
  /// in sub-folders, in any order; leftovers of unfinished creates are not objects. An absent folder is
  /// empty. Objects created or removed during the call may or may not be seen.
  virtual status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) = 0;

  /// The names directly below the folder `prefix`, folders and objects alike, sorted. An absent folder is
  /// empty.
  virtual result<std::vector<std::string>> list_folder(const std::string& prefix) = 0;

  /// Removes an object, and its folders when they are empty then; when it returns, it stays away after a
  /// power failure, also when it returns file_not_exist, because it was not there.
  virtual status remove(const object_path& path) = 0;
};

/// How a destination is opened.
enum class open_mode {
  read_only,       ///< must be there already; nothing is created, not even a directory
  create_if_needed ///< the root directory may be made (its parent must exist)
};

/// Opens what a URI names. `writer_tag` ([a-z0-9]{1,32}) goes into the names of temporary files, so that two
/// writers never use the same one. Errors: invalid_destination with the reason (a file, not writable, no such
/// directory), io_error.
result<std::shared_ptr<destination>> open_destination(const destination_uri& uri, open_mode mode,
                                                      std::string_view writer_tag);

/// Tries what the engine will rely on, in a folder `probe_name` (an object path that nothing else uses):
/// create, create again (must be refused), read back, append, sync, list, remove; leaves nothing behind. The
/// first thing that does not work is the error; invalid_destination where the medium does it, but not as
/// promised.
status probe_destination(destination& where, std::string_view probe_name);

} // namespace varve
