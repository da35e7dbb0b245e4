#include "bench/throttled_destination.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

namespace varve::bench {
namespace {

/// Writes stand in line: each occupies the medium for its bytes, one behind the other.
class medium_pace {
public:
  explicit medium_pace(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  void occupy(std::uint64_t bytes) {
    using namespace std::chrono;
    auto cost = duration_cast<steady_clock::duration>(
        duration<double>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_)));
    steady_clock::time_point done;
    {
      std::lock_guard lock{mutex_};
      done = free_at_ = std::max(free_at_, steady_clock::now()) + cost;
    }
    std::this_thread::sleep_until(done);
  }

private:
  const std::uint64_t bytes_per_second_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_at_;
};

class throttled_segment final : public segment_file {
public:
  throttled_segment(std::unique_ptr<segment_file> behind, std::shared_ptr<medium_pace> pace)
      : behind_(std::move(behind)), pace_(std::move(pace)) {}

  status append(std::span<const bytes_view> parts) override {
    std::uint64_t bytes = 0;
    for (const auto& part : parts)
      bytes += part.size();
    pace_->occupy(bytes);
    return behind_->append(parts);
  }
  status sync() override { return behind_->sync(); }
  std::uint64_t size() const override { return behind_->size(); }
  std::uint64_t synced_size() const override { return behind_->synced_size(); }

private:
  std::unique_ptr<segment_file> behind_;
  std::shared_ptr<medium_pace> pace_;
};

class throttled_destination final : public destination {
public:
  throttled_destination(std::shared_ptr<destination> behind, std::uint64_t bytes_per_second)
      : behind_(std::move(behind)), pace_(std::make_shared<medium_pace>(bytes_per_second)) {}

  const destination_traits& traits() const override { return behind_->traits(); }
  std::string describe() const override { return behind_->describe(); }
  status create(const object_path& path, bytes_view content) override {
    pace_->occupy(content.size());
    return behind_->create(path, content);
  }
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override {
    VARVE_TRY_ASSIGN(auto opened, behind_->open_segment(path));
    return std::unique_ptr<segment_file>(std::make_unique<throttled_segment>(std::move(opened), pace_));
  }
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
    return behind_->read(path, offset, target);
  }
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
    return behind_->read_all(path, size_max);
  }
  result<std::uint64_t> size(const object_path& path) override { return behind_->size(path); }
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override {
    return behind_->list(prefix, visit);
  }
  result<std::vector<std::string>> list_folder(const std::string& prefix) override {
    return behind_->list_folder(prefix);
  }
  status remove(const object_path& path) override { return behind_->remove(path); }

private:
  std::shared_ptr<destination> behind_;
  std::shared_ptr<medium_pace> pace_;
};

} // namespace

std::shared_ptr<destination> throttle(std::shared_ptr<destination> behind, std::uint64_t bytes_per_second) {
  return std::make_shared<throttled_destination>(std::move(behind), bytes_per_second);
}

} // namespace varve::bench
