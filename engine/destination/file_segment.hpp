#pragma once

#include "engine/destination/destination.hpp"
#include "engine/destination/posix_file.hpp"

#include <optional>

namespace varve {

/// A growing file that nobody else writes. Its name is made durable by the first sync().
class file_segment : public segment_file {
public:
  /// `file` is new and empty; `folder` is the one it lies in.
  file_segment(posix_file file, posix_file folder) : file_(std::move(file)), folder_(std::move(folder)) {}

  status append(std::span<const bytes_view> parts) override;
  status sync() override;
  std::uint64_t size() const override { return size_; }
  std::uint64_t synced_size() const override { return synced_size_; }

private:
  status keep(status outcome);

  posix_file file_;
  posix_file folder_; ///< open until the name is durable
  std::uint64_t size_ = 0, synced_size_ = 0;
  std::optional<error> broken_;
};

} // namespace varve
