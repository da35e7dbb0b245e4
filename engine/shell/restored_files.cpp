#include "engine/shell/restored_files.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace varve::shell {
namespace {
constexpr std::size_t buffer_bytes = 1 << 20;
constexpr std::size_t open_files_max = 200;

status sync_directory(const std::string& path) {
  int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return system_error(errno, "open", path);
  auto failed = ::fsync(directory) != 0 ? errno : 0;
  ::close(directory);
  if (failed != 0)
    return system_error(failed, "sync", path);
  return {};
}
} // namespace

struct restored_files::target {
  std::string path; // complete
  int descriptor = -1;
  bytes buffer;
  std::uint64_t written = 0; // with what is in the buffer
  std::string partial() const { return path + ".partial"; }
};

status write_all(int descriptor, bytes_view content, const std::string& path) {
  while (!content.empty()) {
    auto n = ::write(descriptor, content.data(), content.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error(errno, "write", path);
    content = content.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

void encode_entries(stream_id stream, std::span<const log_entry> entries, restore_format how, bytes& target) {
  for (const auto& entry : entries) {
    if (how == restore_format::raw) {
      append(target, entry.payload);
      continue;
    }
    auto line = "{\"stream\":" + to_string(stream) + ",\"lsn\":" + std::to_string(entry.lsn) +
                ",\"next_lsn\":" + std::to_string(entry.next_lsn) + ",\"scn\":" + std::to_string(entry.scn) +
                ",\"payload\":\"" + to_hex(entry.payload) + "\"}\n";
    append(target, as_bytes(line));
  }
}

restored_files::restored_files(std::string directory, restore_format how, bool replace)
    : directory_(std::move(directory)), how_(how), replace_(replace) {}

result<std::unique_ptr<restored_files>> restored_files::open(const std::string& directory, restore_format how,
                                                             bool replace) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
    return system_error(errno, "create", directory);
  VARVE_TRY(sync_directory(directory)); // also proves that it is one
  return std::unique_ptr<restored_files>(new restored_files(directory, how, replace));
}

restored_files::~restored_files() {
  close_all();
}

void restored_files::close_all() {
  for (auto& [stream, file] : files_) {
    if (file->descriptor >= 0)
      ::close(file->descriptor);
    file->descriptor = -1;
  }
  open_count_ = 0;
}

std::string restored_files::path_of(stream_id stream) const {
  return directory_ + "/stream_" + to_string(stream) + (how_ == restore_format::entries ? ".jsonl" : "");
}

std::uint64_t restored_files::bytes_of(stream_id stream) const {
  auto found = files_.find(stream);
  return found == files_.end() ? 0 : found->second->written;
}

status restored_files::begin(stream_id stream) {
  if (files_.contains(stream))
    return {};
  auto file = std::make_unique<target>();
  file->path = path_of(stream);
  if (!replace_ && ::access(file->path.c_str(), F_OK) == 0)
    return fail(errc::already_exists, "'" + file->path + "' is there already",
                "give another directory, or --force");
  if (open_count_ >= open_files_max)
    close_all();
  file->descriptor = ::open(file->partial().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file->descriptor < 0)
    return system_error(errno, "create", file->partial());
  ++open_count_;
  files_.emplace(stream, std::move(file));
  return {};
}

status restored_files::reopen(target& file) {
  if (file.descriptor >= 0)
    return {};
  if (open_count_ >= open_files_max)
    close_all();
  file.descriptor = ::open(file.partial().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file.descriptor < 0)
    return system_error(errno, "open", file.partial());
  ++open_count_;
  return {};
}

status restored_files::flush(target& file) {
  if (file.buffer.empty())
    return {};
  VARVE_TRY(reopen(file));
  VARVE_TRY(write_all(file.descriptor, file.buffer, file.partial()));
  file.buffer.clear();
  return {};
}

status restored_files::write(stream_id stream, std::span<const log_entry> entries) {
  VARVE_TRY(begin(stream));
  auto& file = *files_.at(stream);
  auto before = file.buffer.size();
  encode_entries(stream, entries, how_, file.buffer);
  file.written += file.buffer.size() - before;
  if (file.buffer.size() >= buffer_bytes || files_.size() > open_files_max)
    return flush(file);
  return {};
}

status restored_files::finish() {
  for (auto& [stream, file] : files_) {
    VARVE_TRY(flush(*file));
    VARVE_TRY(reopen(*file));
    if (::fsync(file->descriptor) != 0)
      return system_error(errno, "sync", file->partial());
    ::close(file->descriptor);
    file->descriptor = -1;
    --open_count_;
    if (::rename(file->partial().c_str(), file->path.c_str()) != 0)
      return system_error(errno, "rename", file->partial());
  }
  return sync_directory(directory_);
}

} // namespace varve::shell
