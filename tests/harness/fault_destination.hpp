#pragma once

#include "engine/destination/destination.hpp"
#include "tests/harness/fault_medium.hpp"

#include <atomic>

namespace varve::test {

/// One writer's or reader's handle on a fault_medium. The medium must outlive it, which the shared pointer
/// sees to.
class fault_destination : public destination {
public:
  /// `writer` is for hooks and messages only. Handles opened before a crash of the medium are dead.
  explicit fault_destination(std::shared_ptr<fault_medium> medium, std::string writer = "writer");

  /// The process that held this handle died: every later call through it and its segments fails and does
  /// nothing. What it had written stays as it is, durable or not.
  void cut_off();

  const destination_traits& traits() const override { return traits_; }
  std::string describe() const override { return "memory://" + medium_->name(); }
  status create(const object_path& path, bytes_view content) override;
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override;
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override;
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override;
  result<std::uint64_t> size(const object_path& path) override;
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override;
  result<std::vector<std::string>> list_folder(const std::string& prefix) override;
  status remove(const object_path& path) override;

private:
  friend class fault_segment;

  /// Shared with the segments, which may outlive the handle.
  struct life {
    std::shared_ptr<fault_medium> medium;
    std::string writer;
    std::uint64_t generation = 0;
    std::atomic<bool> cut{false};

    status check(fault_medium::call kind, const std::string& path) const;
  };
  /// Announces a call, then checks that this handle still lives: the hook may have ended it.
  status begin(fault_medium::call kind, const std::string& path) const;
  result<const fault_medium::object*> find(fault_medium::call kind, const std::string& path) const;
  result<std::vector<object_info>> objects_below(fault_medium::call kind, const std::string& prefix) const;

  const destination_traits traits_{
      .create_if_absent = true, .append = true, .ordered_listing = true, .durable = true};
  const std::shared_ptr<fault_medium> medium_;
  const std::shared_ptr<life> life_;
};

} // namespace varve::test
