#include "engine/destination/file_segment.hpp"

#include "engine/base/planted_bug.hpp"
#include "engine/destination/path_check.hpp"

namespace varve {

status file_segment::append(std::span<const bytes_view> parts) {
  if (broken_)
    return broken_segment(*broken_);
  VARVE_TRY(keep(file_.write_all(size_, parts)));
  for (auto part : parts)
    size_ += part.size();
  return {};
}

status file_segment::sync() {
  VARVE_PLANT(broken_file_synced_again, broken_.reset());
  // A kernel that failed a sync may drop the bytes and report success the next time: never ask it twice.
  if (broken_)
    return broken_segment(*broken_);
  VARVE_TRY(keep(file_.sync_data()));
  VARVE_PLANT(segment_name_not_synced, folder_.close());
  if (folder_.is_open()) {
    VARVE_TRY(keep(folder_.sync()));
    folder_.close();
  }
  synced_size_ = size_;
  return {};
}

status file_segment::keep(status outcome) {
  if (!outcome.ok())
    broken_ = outcome.error();
  return outcome;
}

} // namespace varve
