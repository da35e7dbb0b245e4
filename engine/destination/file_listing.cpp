#include "engine/destination/file_listing.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace varve {
namespace {

struct close_stream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

} // namespace

result<std::vector<folder_entry>> read_folder(const file_root& root, std::string_view folder) {
  std::vector<folder_entry> entries;
  auto opened = root.open_folder(folder);
  if (opened.code() == errc::file_not_exist)
    return entries;
  if (!opened.ok())
    return opened.error();
  // The stream takes its own handle, so that `opened` stays the one to ask about each name.
  VARVE_TRY_ASSIGN(auto handle, posix_file::open_at(*opened, ".", O_RDONLY | O_DIRECTORY));
  std::unique_ptr<DIR, close_stream> stream(::fdopendir(handle.descriptor()));
  if (!stream)
    return file_error(errno, "list", opened->path());
  handle.release();
  for (;;) {
    errno = 0;
    const auto* found = ::readdir(stream.get());
    if (found == nullptr) {
      if (errno != 0)
        return file_error(errno, "list", opened->path());
      return entries;
    }
    std::string name = found->d_name;
    if (!is_object_path(name))
      continue;
    struct stat info = {};
    if (::fstatat(opened->descriptor(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT)
        continue; // removed since
      return file_error(errno, "look at", opened->path() + "/" + name);
    }
    if (S_ISDIR(info.st_mode))
      entries.push_back({std::move(name), true, 0});
    if (S_ISREG(info.st_mode))
      entries.push_back({std::move(name), false, static_cast<std::uint64_t>(info.st_size)});
  }
}

} // namespace varve
