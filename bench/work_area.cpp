#include "bench/work_area.hpp"

#include "engine/model/destination_uri.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace varve::bench {
namespace {

bool on_memory_file_system(const std::string& path) {
  struct statfs facts {};
  return ::statfs(path.c_str(), &facts) == 0 && (facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC);
}

std::uint64_t available_memory() {
  std::ifstream info("/proc/meminfo");
  std::uint64_t kib = 0;
  for (std::string word; info >> word;)
    if (word == "MemAvailable:" && info >> kib)
      return kib * 1024;
  return 0;
}

} // namespace

result<work_area> work_area::make(const std::string& parent) {
  std::error_code ignored;
  auto where = parent;
  if (where.empty()) {
    constexpr const char* shared_memory = "/dev/shm";
    bool usable = on_memory_file_system(shared_memory) && ::access(shared_memory, W_OK) == 0;
    where = usable ? shared_memory : std::filesystem::temp_directory_path(ignored).string();
  }
  auto path = where + "/varve-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    return system_error(errno, "create", path);
  return work_area(path, on_memory_file_system(path));
}

work_area::work_area(work_area&& other) noexcept
    : path_(std::move(other.path_)), in_memory_(other.in_memory_) {
  other.path_.clear();
}

work_area::~work_area() {
  if (!path_.empty())
    remove(path_);
}

void work_area::remove(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

std::uint64_t work_area::free_bytes() const {
  struct statfs facts {};
  if (::statfs(path_.c_str(), &facts) != 0)
    return 0;
  auto free = static_cast<std::uint64_t>(facts.f_bavail) * static_cast<std::uint64_t>(facts.f_bsize);
  return in_memory_ ? std::min(free, available_memory()) : free;
}

result<std::string> work_area::make_directory(const std::string& name) const {
  auto path = path_ + "/" + name;
  std::error_code problem;
  if (!std::filesystem::create_directory(path, problem))
    return system_error(problem ? problem.value() : EEXIST, "create", path);
  return path;
}

result<std::string> directory_of(const std::string& destination) {
  if (destination.empty() || destination.starts_with('/'))
    return destination;
  VARVE_TRY_ASSIGN(auto uri, parse_destination_uri(destination));
  if (uri.kind != destination_kind::file)
    return fail(errc::not_supported,
                "the benchmark needs files to compare with, and " + destination + " has none",
                "give --dest file:///path, or nothing for a memory file system");
  return uri.path;
}

} // namespace varve::bench
