#include "engine/destination/paced_destination.hpp"

#include <algorithm>
#include <mutex>

namespace varve {
namespace {

/// Writes stand in line: each occupies the medium for its bytes, one behind the other.
class medium_pace {
public:
  medium_pace(std::uint64_t bytes_per_second, pace_clock clock)
      : bytes_per_second_(bytes_per_second), clock_(std::move(clock)) {}

  void occupy(std::uint64_t bytes) {
    auto seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    duration_ns wait = 0;
    {
      std::lock_guard lock{mutex_};
      auto now = clock_.now();
      free_at_ = std::max(free_at_, now) + static_cast<duration_ns>(seconds * one_second);
      wait = free_at_ - now;
    }
    clock_.sleep(wait);
  }

private:
  const std::uint64_t bytes_per_second_;
  const pace_clock clock_;
  std::mutex mutex_;
  duration_ns free_at_ = 0; // guarded by it
};

class paced_segment final : public segment_file {
public:
  paced_segment(std::unique_ptr<segment_file> behind, std::shared_ptr<medium_pace> pace)
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

class paced_destination final : public destination {
public:
  paced_destination(std::shared_ptr<destination> behind, std::shared_ptr<medium_pace> pace)
      : behind_(std::move(behind)), pace_(std::move(pace)) {}

  const destination_traits& traits() const override { return behind_->traits(); }
  std::string describe() const override { return behind_->describe(); }
  status create(const object_path& path, bytes_view content) override {
    pace_->occupy(content.size());
    return behind_->create(path, content);
  }
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override {
    VARVE_TRY_ASSIGN(auto opened, behind_->open_segment(path));
    return std::unique_ptr<segment_file>(std::make_unique<paced_segment>(std::move(opened), pace_));
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

std::shared_ptr<destination> pace(std::shared_ptr<destination> behind, std::uint64_t bytes_per_second,
                                  pace_clock clock) {
  return std::make_shared<paced_destination>(
      std::move(behind), std::make_shared<medium_pace>(bytes_per_second, std::move(clock)));
}

} // namespace varve
