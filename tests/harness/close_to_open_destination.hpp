#pragma once

#include "engine/destination/destination.hpp"

#include <map>
#include <mutex>
#include <random>
#include <set>

namespace varve::test {

/// A destination seen as an NFS client sees it: what this handle looked at, it may believe for a while,
/// although others have changed it since. It may
/// * answer list() and list_folder() as it answered them before,
/// * deny to read() and size() an object that it found absent before,
/// until this handle changes something there, finds out by read_all(), or is reopened. Never from a cache:
/// read_all(), and whether a name is taken. Besides, the answer to a change may be lost: io_error although it
/// took effect. Wraps any destination. Thread-safe.
class close_to_open_destination : public destination {
public:
  struct habits {
    unsigned stale_permille = 0;      ///< of the answers that a cache can give, how many it gives
    unsigned lost_reply_permille = 0; ///< of the changes that succeed, how many are reported as io_error
  };

  /// Draws its own generator's seed from `seeds`.
  close_to_open_destination(std::shared_ptr<destination> server, std::mt19937_64& seeds, habits habits);

  /// Forgets what was cached, as closing everything and opening it again does.
  void reopen();
  void set_habits(habits habits);
  std::uint64_t stale_answers() const; ///< given from a cache so far, whether they were wrong or not
  std::uint64_t lost_replies() const;

  const destination_traits& traits() const override { return server_->traits(); }
  std::string describe() const override { return server_->describe(); }
  status create(const object_path& path, bytes_view content) override;
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override;
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override;
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override;
  result<std::uint64_t> size(const object_path& path) override;
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override;
  result<std::vector<std::string>> list_folder(const std::string& prefix) override;
  status remove(const object_path& path) override;

private:
  bool is_lost();
  bool is_believed_absent(const object_path& path);
  void learn(const object_path& path, errc outcome);
  void changed(const object_path& path);
  error lost(std::string_view operation, const object_path& path) const;
  template <class Cache>
  auto cached(const Cache& cache, const std::string& prefix);

  const std::shared_ptr<destination> server_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  habits habits_;
  std::map<std::string, std::vector<object_info>> listings_;
  std::map<std::string, std::vector<std::string>> folders_;
  std::set<std::string> absent_;
  std::uint64_t stale_count_ = 0, lost_count_ = 0;
};

} // namespace varve::test
