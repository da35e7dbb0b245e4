#pragma once

#include "engine/destination/posix_file.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace varve {

/// The root folder of a file destination, held open, and the folders below it. Everything is reached from the
/// handle, component by component, never through a symbolic link: a root that was unmounted, moved or
/// replaced can never turn into writes to another place. Folder paths are relative, "" is the root itself.
/// May be used from several threads at once.
class file_root {
public:
  /// `path` is absolute; symbolic links in it are followed, here only. With `create` the folder is made when
  /// its parent exists, and must be writable. invalid_destination says what is wrong with it.
  static result<std::unique_ptr<file_root>> open(const std::string& path, bool create);

  const std::string& path() const { return handle_.path(); }

  /// invalid_destination when the path no longer leads to the folder that was opened.
  status check() const;

  /// Opens a folder that is there; else file_not_exist. A symbolic link in the way is io_error.
  result<posix_file> open_folder(std::string_view folder) const;

  /// The same, but makes what is missing; when it returns, the folder's name survives a power failure,
  /// whoever made it. file_not_exist: another one removed a folder of the path meanwhile, to be tried again.
  result<posix_file> make_folder(std::string_view folder);

  /// Removes the folder and those above it as far as they are empty; quietly does what it can.
  void remove_empty_folders(std::string_view folder);

private:
  explicit file_root(posix_file handle, struct stat opened) : handle_(std::move(handle)), opened_(opened) {}
  result<posix_file> open_component(const posix_file& parent, const std::string& name) const;
  bool is_known_durable(const std::string& folder, const struct stat& found);

  posix_file handle_;
  struct stat opened_;

  std::mutex mutex_;
  /// Folders whose names this handle has seen synced, by inode: one remade under the same name is another
  /// one.
  std::map<std::string, std::pair<dev_t, ino_t>> durable_;
};

/// "a/b/c" is the name "c" in the folder "a/b".
struct split_path {
  std::string folder, name;
};
split_path split_object_path(std::string_view path);

} // namespace varve
