#include "tests/harness/close_to_open_destination.hpp"

#include <cerrno>

namespace varve::test {

close_to_open_destination::close_to_open_destination(std::shared_ptr<destination> server,
                                                     std::mt19937_64& seeds, habits habits)
    : server_(std::move(server)), random_(seeds()), habits_(habits) {}

void close_to_open_destination::reopen() {
  std::lock_guard lock(mutex_);
  listings_.clear();
  folders_.clear();
  absent_.clear();
}

void close_to_open_destination::set_habits(habits habits) {
  std::lock_guard lock(mutex_);
  habits_ = habits;
}

std::uint64_t close_to_open_destination::stale_answers() const {
  std::lock_guard lock(mutex_);
  return stale_count_;
}

std::uint64_t close_to_open_destination::lost_replies() const {
  std::lock_guard lock(mutex_);
  return lost_count_;
}

status close_to_open_destination::create(const object_path& path, bytes_view content) {
  auto outcome = server_->create(path, content);
  changed(path);
  if (outcome.ok() && is_lost())
    return lost("create", path);
  return outcome;
}

result<std::unique_ptr<segment_file>> close_to_open_destination::open_segment(const object_path& path) {
  auto outcome = server_->open_segment(path);
  changed(path);
  if (outcome.ok() && is_lost())
    return lost("create", path);
  return outcome;
}

result<std::size_t> close_to_open_destination::read(const object_path& path, std::uint64_t offset,
                                                    mutable_bytes target) {
  if (is_believed_absent(path))
    return fail(errc::file_not_exist, "open " + describe() + "/" + path + ": it was not there a while ago");
  auto outcome = server_->read(path, offset, target);
  learn(path, outcome.code());
  return outcome;
}

result<bytes> close_to_open_destination::read_all(const object_path& path, std::uint64_t size_max) {
  auto outcome = server_->read_all(path, size_max);
  learn(path, outcome.code());
  return outcome;
}

result<std::uint64_t> close_to_open_destination::size(const object_path& path) {
  if (is_believed_absent(path))
    return fail(errc::file_not_exist,
                "look at " + describe() + "/" + path + ": it was not there a while ago");
  auto outcome = server_->size(path);
  learn(path, outcome.code());
  return outcome;
}

template <class Cache>
auto close_to_open_destination::cached(const Cache& cache, const std::string& prefix) {
  std::lock_guard lock(mutex_);
  std::optional<typename Cache::mapped_type> answer;
  auto found = cache.find(prefix);
  if (found == cache.end() || random_() % 1000 >= habits_.stale_permille)
    return answer;
  ++stale_count_;
  answer = found->second;
  return answer;
}

status close_to_open_destination::list(const std::string& prefix,
                                       const std::function<void(const object_info&)>& visit) {
  auto found = cached(listings_, prefix);
  if (!found) {
    found.emplace();
    VARVE_TRY(server_->list(prefix, [&](const object_info& info) { found->push_back(info); }));
    std::lock_guard lock(mutex_);
    listings_[prefix] = *found;
  }
  for (auto& info : *found)
    visit(info);
  return {};
}

result<std::vector<std::string>> close_to_open_destination::list_folder(const std::string& prefix) {
  if (auto found = cached(folders_, prefix))
    return *std::move(found);
  VARVE_TRY_ASSIGN(auto names, server_->list_folder(prefix));
  std::lock_guard lock(mutex_);
  folders_[prefix] = names;
  return names;
}

status close_to_open_destination::remove(const object_path& path) {
  auto outcome = server_->remove(path);
  changed(path);
  if (outcome.ok() && is_lost())
    return lost("remove", path);
  return outcome;
}

bool close_to_open_destination::is_lost() {
  std::lock_guard lock(mutex_);
  if (random_() % 1000 >= habits_.lost_reply_permille)
    return false;
  ++lost_count_;
  return true;
}

bool close_to_open_destination::is_believed_absent(const object_path& path) {
  std::lock_guard lock(mutex_);
  if (!absent_.contains(path) || random_() % 1000 >= habits_.stale_permille)
    return false;
  ++stale_count_;
  return true;
}

void close_to_open_destination::learn(const object_path& path, errc outcome) {
  std::lock_guard lock(mutex_);
  if (outcome == errc::file_not_exist)
    absent_.insert(path);
  if (outcome == errc::ok)
    absent_.erase(path);
}

/// A client sees its own changes at once: it drops what it believed about the name and the folders above it.
void close_to_open_destination::changed(const object_path& path) {
  std::lock_guard lock(mutex_);
  auto is_above = [&](auto& cached) {
    auto& folder = cached.first;
    return folder.empty() || path.starts_with(folder + "/");
  };
  std::erase_if(listings_, is_above);
  std::erase_if(folders_, is_above);
  absent_.erase(path);
}

error close_to_open_destination::lost(std::string_view operation, const object_path& path) const {
  auto failed =
      fail(errc::io_error, std::string(operation) + " " + describe() + "/" + path + ": no answer came");
  failed.sys_errno = ETIMEDOUT;
  return failed;
}

} // namespace varve::test
