#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace varve::bench {

/// The least that a checkpoint of many tenants must do on a file system: for each tenant, append its log to a
/// file that is open and sync its bytes, then make one small immutable file as a file destination does (write
/// aside, sync, link, unlink, sync the folder). No entries, no order, no catalog. A checkpoint round of the
/// engine is measured against it.
struct raw_checkpoint_options {
  std::string directory; ///< gets a folder for each tenant
  std::size_t tenants = 1;
  unsigned threads = 4;            ///< each takes the next tenant that is left
  std::size_t segment_bytes = 512; ///< appended for each tenant
  std::size_t commit_bytes = 512;  ///< of the small file
};

class raw_checkpoints {
public:
  /// Makes folders and files, so that a round finds them open. Holds one file open for each tenant. Errors:
  /// the system's.
  static result<raw_checkpoints> prepare(const raw_checkpoint_options& options);
  raw_checkpoints(raw_checkpoints&& other) noexcept = default;
  raw_checkpoints& operator=(raw_checkpoints&&) = delete;
  ~raw_checkpoints(); ///< closes the files and leaves them to their directory's owner

  struct figures {
    double seconds = 0;
    std::uint64_t syncs = 0;
  };
  /// One round of all tenants. Errors: the system's.
  result<figures> run();

private:
  explicit raw_checkpoints(const raw_checkpoint_options& options) : options_(options) {}
  std::string folder_of(std::size_t tenant) const;
  status checkpoint(std::size_t tenant, std::uint64_t& syncs);

  raw_checkpoint_options options_;
  std::vector<int> segments_;
  std::uint64_t round_ = 0;
};

} // namespace varve::bench
