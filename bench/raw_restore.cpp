#include "bench/raw_restore.hpp"

#include "bench/measure.hpp"
#include "engine/base/checksum.hpp"
#include "engine/format/block.hpp"
#include "engine/format/object_name.hpp"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <thread>
#include <unistd.h>

namespace varve::bench {
namespace {

struct open_files {
  std::vector<int> descriptors;
  ~open_files() {
    for (int file : descriptors)
      ::close(file);
  }
};

status read_exactly(int file, std::uint64_t offset, mutable_bytes target, const std::string& path) {
  for (std::size_t at = 0; at < target.size();) {
    auto n = ::pread(file, target.data() + at, target.size() - at, static_cast<off_t>(offset + at));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error(errno, "read", path);
    if (n == 0)
      return fail(errc::bytes_missing, "'" + path + "' ends inside a block");
    at += static_cast<std::size_t>(n);
  }
  return {};
}

// Walks one segment until its blocks end: at its footer or its end.
status walk_segment(const std::string& path, std::size_t index, raw_blocks& found) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return system_error(errno, "open", path);
  open_files closes{{file}};
  auto size = static_cast<std::uint64_t>(::lseek(file, 0, SEEK_END));
  bytes header(format::block_header_bytes);
  for (std::uint64_t at = format::segment_header_bytes; at + header.size() <= size;) {
    VARVE_TRY(read_exactly(file, at, header, path));
    auto parsed = parse_block_header(header, path);
    if (!parsed)
      break;
    auto body = at + header.size();
    found.blocks.push_back({index, body, parsed->stored_bytes, parsed->raw_bytes, parsed->input_bytes,
                            parsed->stored_checksum, parsed->codec});
    found.input_bytes += parsed->input_bytes;
    at = body + parsed->stored_bytes;
  }
  return {};
}

struct restore_worker {
  bytes stored, raw;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  std::uint64_t input_bytes = 0;
  status outcome;

  status take(const raw_block& block, int file, const std::string& path) {
    mutable_bytes target{stored.data(), block.stored_bytes};
    VARVE_TRY(read_exactly(file, block.offset, target, path));
    if (checksum64(target) != block.checksum)
      return fail(errc::checksum_error, "a block of '" + path + "' is damaged");
    std::size_t made = block.raw_bytes;
    if (block.codec == codec::lz4)
      made = static_cast<std::size_t>(LZ4_decompress_safe(
          reinterpret_cast<const char*>(target.data()), reinterpret_cast<char*>(raw.data()),
          static_cast<int>(target.size()), static_cast<int>(raw.size())));
    else if (block.codec == codec::zstd)
      made = ZSTD_decompressDCtx(zstd.get(), raw.data(), raw.size(), target.data(), target.size());
    if (made != block.raw_bytes)
      return fail(errc::checksum_error, "a block of '" + path + "' cannot be decompressed");
    input_bytes += block.input_bytes;
    return {};
  }
};

} // namespace

result<raw_blocks> find_raw_blocks(const std::string& archive_directory) {
  raw_blocks found;
  std::error_code problem;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(archive_directory, problem)) {
    auto relative = entry.path().lexically_relative(archive_directory).string();
    auto name = parse_object_name(relative);
    if (!name || !std::holds_alternative<segment_name>(*name))
      continue;
    found.files.push_back(entry.path().string());
  }
  if (problem)
    return system_error(problem.value(), "list", archive_directory);
  std::sort(found.files.begin(), found.files.end());
  for (std::size_t i = 0; i < found.files.size(); ++i)
    VARVE_TRY(walk_segment(found.files[i], i, found));
  if (found.blocks.empty())
    return fail(errc::bytes_missing, "there is no block in '" + archive_directory + "'");
  return found;
}

result<raw_restore_figures> run_raw_restore(const raw_blocks& what, unsigned threads, double seconds) {
  open_files files;
  for (const auto& path : what.files) {
    files.descriptors.push_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (files.descriptors.back() < 0)
      return system_error(errno, "open", path);
  }
  std::size_t stored_max = 0, raw_max = 0;
  for (const auto& block : what.blocks) {
    stored_max = std::max<std::size_t>(stored_max, block.stored_bytes);
    raw_max = std::max<std::size_t>(raw_max, block.raw_bytes);
  }
  std::vector<restore_worker> workers(threads);
  for (auto& worker : workers) {
    worker.stored.resize(stored_max);
    worker.raw.resize(raw_max);
  }
  std::atomic<std::uint64_t> next{0};
  raw_restore_figures figures;
  auto cpu_before = process_cpu_seconds();
  auto begin = steady_seconds();
  {
    std::vector<std::jthread> running;
    for (auto& worker : workers)
      running.emplace_back([&, w = &worker] {
        while (w->outcome.ok() && steady_seconds() - begin < seconds) {
          const auto& block = what.blocks[next.fetch_add(1, std::memory_order_relaxed) % what.blocks.size()];
          w->outcome = w->take(block, files.descriptors[block.file], what.files[block.file]);
        }
      });
  }
  figures.seconds = steady_seconds() - begin;
  figures.cpu_seconds = process_cpu_seconds() - cpu_before;
  for (const auto& worker : workers) {
    VARVE_TRY(worker.outcome);
    figures.input_bytes += worker.input_bytes;
  }
  return figures;
}

} // namespace varve::bench
