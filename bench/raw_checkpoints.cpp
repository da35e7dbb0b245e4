#include "bench/raw_checkpoints.hpp"

#include "bench/measure.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace varve::bench {
namespace {

/// Closes a descriptor when it goes.
struct descriptor {
  int number;
  ~descriptor() {
    if (number >= 0)
      ::close(number);
  }
};

status write_all(int file, const std::string& content, const std::string& path) {
  if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    return system_error(errno, "write", path);
  return {};
}

} // namespace

result<raw_checkpoints> raw_checkpoints::prepare(const raw_checkpoint_options& options) {
  raw_checkpoints made(options);
  for (std::size_t i = 0; i < options.tenants; ++i) {
    auto folder = made.folder_of(i);
    if (::mkdir(folder.c_str(), 0700) != 0)
      return system_error(errno, "create", folder);
    auto path = folder + "/segment";
    auto file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
      return system_error(errno, "create", path);
    made.segments_.push_back(file);
  }
  VARVE_TRY(made.run()); // the first round also writes the folders themselves
  return made;
}

raw_checkpoints::~raw_checkpoints() {
  for (auto file : segments_)
    ::close(file);
}

std::string raw_checkpoints::folder_of(std::size_t tenant) const {
  return options_.directory + "/" + std::to_string(tenant);
}

/// One tenant's; counts what was synced.
status raw_checkpoints::checkpoint(std::size_t tenant, std::uint64_t& syncs) {
  auto synced = [&syncs](int outcome, const std::string& path) -> status {
    ++syncs;
    return outcome == 0 ? status{} : system_error(errno, "sync", path);
  };
  auto path = folder_of(tenant);
  VARVE_TRY(write_all(segments_[tenant], std::string(options_.segment_bytes, 's'), path + "/segment"));
  VARVE_TRY(synced(::fdatasync(segments_[tenant]), path + "/segment"));

  descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.number < 0)
    return system_error(errno, "open", path);
  auto name = "commit-" + std::to_string(round_);
  auto aside = "." + name;
  descriptor file{::openat(folder.number, aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.number < 0)
    return system_error(errno, "create", path + "/" + aside);
  VARVE_TRY(write_all(file.number, std::string(options_.commit_bytes, 'c'), path + "/" + aside));
  VARVE_TRY(synced(::fsync(file.number), path + "/" + aside));
  if (::linkat(folder.number, aside.c_str(), folder.number, name.c_str(), 0) != 0)
    return system_error(errno, "create", path + "/" + name);
  if (::unlinkat(folder.number, aside.c_str(), 0) != 0)
    return system_error(errno, "remove", path + "/" + aside);
  return synced(::fsync(folder.number), path);
}

result<raw_checkpoints::figures> raw_checkpoints::run() {
  struct worker {
    status outcome;
    std::uint64_t syncs = 0;
  };
  ++round_;
  std::atomic<std::size_t> next{0};
  std::vector<worker> workers(options_.threads);
  auto begin = steady_seconds();
  {
    std::vector<std::jthread> threads;
    for (auto& w : workers)
      threads.emplace_back([&] {
        for (std::size_t at; w.outcome.ok() && (at = next.fetch_add(1)) < options_.tenants;)
          w.outcome = checkpoint(at, w.syncs);
      });
  }
  figures found{steady_seconds() - begin, 0};
  for (auto& w : workers) {
    VARVE_TRY(w.outcome);
    found.syncs += w.syncs;
  }
  return found;
}

} // namespace varve::bench
