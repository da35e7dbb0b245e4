#pragma once

#include "engine/reader/block_source.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace varve {

/// A demanded block, read and decompressed; its entries point into `raw`.
struct decoded_block {
  block_demand demand; ///< demand.broken also where reading or decoding failed
  bytes raw;
  std::vector<log_entry> entries;
  std::uint64_t cost_bytes = 0; ///< the pipeline's
};

/// Reads and decompresses the blocks of a block_source ahead of the one who takes them, on threads of its
/// own. Blocks come in the order of the source. Those that were not taken yet hold at most
/// `read_ahead_bytes`, but the block that is waited for always comes; any number of them can be taken and
/// kept. take() and recycle() are one thread's.
class block_pipeline {
public:
  struct options {
    tenant_id tenant;
    unsigned threads = 1; ///< >= 1; 1: the one who takes reads, and no other is started
    std::uint64_t read_ahead_bytes = 0;
  };
  block_pipeline(destination& where, block_source& source, options options);
  ~block_pipeline(); ///< stops the threads and waits for them
  block_pipeline(const block_pipeline&) = delete;
  block_pipeline& operator=(const block_pipeline&) = delete;

  /// The next block; nullptr: there is no more. An error is the source's, given once all blocks before it
  /// were.
  result<std::unique_ptr<decoded_block>> take();

  /// Gives a block's memory back for others.
  void recycle(std::unique_ptr<decoded_block> block);

private:
  struct slot {
    std::unique_ptr<decoded_block> block;
    bool ready = false;
  };
  struct reading; ///< what one thread reuses

  void work();
  void read_here();
  bool claim(std::vector<slot*>& batch);
  void read_batch(std::vector<slot*>& batch, reading& own);
  void read_group(std::span<slot*> group, reading& own);
  void decode(decoded_block& block, bytes_view stored, reading& own);
  static std::uint64_t cost_of(const block_demand& demand);

  destination& where_;
  const options options_;

  std::mutex source_mutex_; ///< guards the source and pending_, and the order of claims
  block_source& source_;
  std::optional<block_demand> pending_; ///< came from the source and waits for room

  std::mutex mutex_; ///< guards all below
  std::condition_variable room_, arrived_;
  std::deque<std::unique_ptr<slot>> queue_; ///< claimed and not taken, in order
  std::vector<std::unique_ptr<decoded_block>> spare_;
  std::uint64_t ahead_bytes_ = 0; ///< of the queue
  std::uint64_t out_bytes_ = 0;   ///< of the queue and of what was taken and not recycled
  std::uint64_t peak_bytes_ = 0, spare_bytes_ = 0;
  bool stop_ = false, ended_ = false;
  error failed_;                 ///< of the source
  std::unique_ptr<reading> own_; ///< of the one who takes, where there are no threads
  std::vector<slot*> batch_;     ///< the same
  std::vector<std::thread> threads_;
};

} // namespace varve
