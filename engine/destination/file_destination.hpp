#pragma once

#include "engine/destination/destination.hpp"
#include "engine/destination/file_root.hpp"

#include <atomic>

namespace varve {

/// A directory of a local or mounted file system; needs hard links and fsync.
///
/// An object is written aside under a name that starts with '.', synced, linked to its own name (which fails
/// when that is taken), and the folder is synced. What a crash leaves aside is never listed and never read.
/// Folders are made when they are needed and removed with their last object. Whether the root is still the
/// directory that was opened is looked at before each change and listing, and after each failure.
class file_destination : public destination {
public:
  /// As open_destination.
  static result<std::shared_ptr<destination>> open(const std::string& root, open_mode mode,
                                                   std::string_view writer_tag);

  const destination_traits& traits() const override { return traits_; }
  std::string describe() const override { return "file://" + root_->path(); }
  status create(const object_path& path, bytes_view content) override;
  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override;
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override;
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override;
  result<std::uint64_t> size(const object_path& path) override;
  status list(const std::string& prefix, const std::function<void(const object_info&)>& visit) override;
  result<std::vector<std::string>> list_folder(const std::string& prefix) override;
  status remove(const object_path& path) override;

private:
  file_destination(std::unique_ptr<file_root> root, open_mode mode, std::string_view writer_tag)
      : root_(std::move(root)), mode_(mode), writer_tag_(writer_tag) {}

  struct open_object {
    posix_file file;
    std::uint64_t size = 0;
  };
  status check_change(const object_path& path) const;
  status create_in_folder(const split_path& where, bytes_view content);
  status link_aside(const posix_file& folder, const std::string& aside, const std::string& name) const;
  result<std::unique_ptr<segment_file>> open_segment_in_folder(const split_path& where);
  result<open_object> open_for_reading(const object_path& path) const;
  status remove_from_folder(const split_path& where);
  std::string next_aside_name();
  template <class R>
  R judged(R outcome) const;

  const destination_traits traits_{};
  const std::unique_ptr<file_root> root_;
  const open_mode mode_;
  const std::string writer_tag_;
  std::atomic<std::uint64_t> aside_count_{0};
};

} // namespace varve
