#include "bench/raw_archive.hpp"

#include "bench/measure.hpp"
#include "engine/base/checksum.hpp"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <thread>
#include <unistd.h>
#include <vector>

namespace varve::bench {
namespace {

// What one thread owns; made before the clock starts and touched by nobody else.
struct raw_worker {
  std::string path;
  int file = -1;
  bytes target;
  std::unique_ptr<std::byte[]> lz4_state =
      std::make_unique<std::byte[]>(static_cast<std::size_t>(LZ4_sizeofState()));
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> zstd{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::uint64_t input_bytes = 0, output_bytes = 0, unsynced = 0, checksums = 0;
  status outcome;

  ~raw_worker() {
    if (file >= 0)
      ::close(file);
    if (!path.empty())
      ::unlink(path.c_str());
  }

  bytes_view compress(bytes_view block, codec how) {
    if (how == codec::lz4) {
      auto n = LZ4_compress_fast_extState(lz4_state.get(), reinterpret_cast<const char*>(block.data()),
                                          reinterpret_cast<char*>(target.data()),
                                          static_cast<int>(block.size()), static_cast<int>(target.size()), 1);
      return {target.data(), static_cast<std::size_t>(n)};
    }
    if (how == codec::zstd) {
      auto n = ZSTD_compressCCtx(zstd.get(), target.data(), target.size(), block.data(), block.size(), 1);
      return {target.data(), ZSTD_isError(n) != 0 ? 0 : n};
    }
    return block;
  }

  status write(bytes_view stored) {
    for (std::size_t at = 0; at < stored.size();) {
      auto n = ::write(file, stored.data() + at, stored.size() - at);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return system_error(errno, "write", path);
      at += static_cast<std::size_t>(n);
    }
    return {};
  }

  status sync() {
    unsynced = 0;
    if (::fdatasync(file) != 0)
      return system_error(errno, "sync", path);
    return {};
  }

  status take(bytes_view block, const raw_archive_options& options) {
    auto stored = compress(block, options.codec);
    if (stored.empty())
      return fail(errc::invalid_argument, "the codec failed on a block of the input");
    if (stored.size() >= block.size())
      stored = block;
    checksums ^= checksum64(stored);
    VARVE_TRY(write(stored));
    input_bytes += block.size();
    output_bytes += stored.size();
    unsynced += stored.size();
    if (options.sync_bytes != 0 && unsynced >= options.sync_bytes)
      return sync();
    return {};
  }
};

} // namespace

result<raw_figures> run_raw_archive(const raw_archive_options& options) {
  if (options.input.empty())
    return fail(errc::invalid_argument, "the raw side has no input");
  auto blocks = (options.input.size() + options.block_bytes - 1) / options.block_bytes;
  auto bound = std::max(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(options.block_bytes))),
                        ZSTD_compressBound(options.block_bytes));
  std::vector<std::unique_ptr<raw_worker>> workers;
  for (unsigned i = 0; i < options.threads; ++i) {
    auto worker = std::make_unique<raw_worker>();
    worker->path = options.directory + "/raw-" + std::to_string(i);
    worker->file = ::open(worker->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (worker->file < 0)
      return system_error(errno, "create", worker->path);
    worker->target.resize(bound);
    workers.push_back(std::move(worker));
  }

  std::atomic<std::uint64_t> next_block{0};
  auto cpu_before = process_cpu_seconds();
  auto begin = steady_seconds();
  auto end = begin + options.seconds;
  {
    std::vector<std::jthread> threads;
    for (auto& worker : workers)
      threads.emplace_back([&, w = worker.get()] {
        while (w->outcome.ok() && steady_seconds() < end) {
          auto at = (next_block.fetch_add(1, std::memory_order_relaxed) % blocks) * options.block_bytes;
          w->outcome = w->take(
              options.input.subspan(at, std::min(options.block_bytes, options.input.size() - at)), options);
        }
        if (w->outcome.ok() && options.sync_bytes != 0)
          w->outcome = w->sync();
      });
  }
  raw_figures figures;
  figures.seconds = steady_seconds() - begin;
  figures.cpu_seconds = process_cpu_seconds() - cpu_before;
  for (const auto& worker : workers) {
    VARVE_TRY(worker->outcome);
    figures.input_bytes += worker->input_bytes;
    figures.output_bytes += worker->output_bytes;
  }
  return figures;
}

} // namespace varve::bench
