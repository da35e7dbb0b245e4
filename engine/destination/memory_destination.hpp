#pragma once

#include "engine/destination/destination.hpp"

#include <map>
#include <mutex>

namespace varve {

/// What one memory destination holds. Threads: objects are found under the store's lock, their bytes are read
/// and appended under their own.
struct memory_store {
  struct object {
    std::mutex mutex;
    bytes content;
  };
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<object>, std::less<>> objects;
};

/// The twin of a real destination, as fast as memory is; its objects live as long as somebody holds the
/// store.
class memory_destination : public destination {
public:
  explicit memory_destination(std::string name = "anonymous",
                              std::shared_ptr<memory_store> store = std::make_shared<memory_store>())
      : name_(std::move(name)), store_(std::move(store)) {}

  /// The store of that name in this process, which lives until the process ends. read_only:
  /// invalid_destination when nobody opened it before.
  static result<std::shared_ptr<destination>> open(const std::string& name, open_mode mode);

  const destination_traits& traits() const override { return traits_; }
  std::string describe() const override { return "memory://" + name_; }
  status create(const object_path& path, bytes_view content) override;
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override;
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override;
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override;
  result<std::uint64_t> size(const object_path& path) override;
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override;
  result<std::vector<std::string>> list_folder(const std::string& prefix) override;
  status remove(const object_path& path) override;

private:
  result<std::shared_ptr<memory_store::object>> add(const object_path& path, bytes content);
  result<std::shared_ptr<memory_store::object>> find(const object_path& path) const;
  error explained(errc code, const char* operation, const object_path& path, const char* cause) const;

  const destination_traits traits_{
      .create_if_absent = true, .append = true, .ordered_listing = true, .durable = false};
  const std::string name_;
  const std::shared_ptr<memory_store> store_;
  bool read_only_ = false;
};

} // namespace varve
