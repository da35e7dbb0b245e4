#include "tests/harness/fault_destination.hpp"

#include "engine/destination/path_check.hpp"

#include <algorithm>
#include <cerrno>

namespace varve::test {

using call = fault_medium::call;
using moment = fault_medium::moment;

/// A segment on the medium. It finds its object by name and number at each call, since the object may be
/// removed.
class fault_segment : public segment_file {
public:
  fault_segment(std::shared_ptr<fault_destination::life> life, std::string path, std::uint64_t number)
      : life_(std::move(life)), path_(std::move(path)), number_(number) {}

  status append(std::span<const bytes_view> parts) override {
    if (broken_)
      return broken_segment(*broken_);
    return keep(append_parts(parts));
  }
  status sync() override {
    if (broken_)
      return broken_segment(*broken_);
    return keep(sync_object());
  }
  std::uint64_t size() const override { return size_; }
  std::uint64_t synced_size() const override { return synced_size_; }

private:
  status append_parts(std::span<const bytes_view> parts) {
    VARVE_TRY(begin(call::append));
    auto& medium = *life_->medium;
    bytes content;
    for (auto part : parts)
      varve::append(content, part);
    std::lock_guard lock(medium.mutex_);
    auto how = medium.judge(call::append);
    if (how.fails == moment::before)
      return medium.refused(how, call::append, path_);
    auto taken = content.size();
    auto room = medium.room();
    if (how.fails)
      taken = static_cast<std::size_t>(medium.draw(taken + 1));
    auto is_full = room < taken;
    if (is_full)
      taken = static_cast<std::size_t>(room);
    if (auto* object = find())
      varve::append(object->content, bytes_view(content).first(taken));
    if (how.fails)
      return medium.refused(how, call::append, path_);
    if (is_full)
      return medium.full(call::append, path_);
    size_ += content.size();
    return {};
  }

  status sync_object() {
    VARVE_TRY(begin(call::sync));
    auto& medium = *life_->medium;
    std::lock_guard lock(medium.mutex_);
    auto how = medium.judge(call::sync);
    if (how.fails == moment::before)
      return medium.refused(how, call::sync, path_);
    if (auto* object = find()) {
      object->durable_bytes = object->content.size();
      medium.sync_folder_of(path_);
    }
    if (how.fails)
      return medium.refused(how, call::sync, path_);
    synced_size_ = size_;
    return {};
  }

  status begin(call kind) const {
    VARVE_TRY(life_->check(kind, path_));
    life_->medium->announce(kind, path_, life_->writer);
    return life_->check(kind, path_);
  }

  fault_medium::object* find() const {
    auto found = life_->medium->objects_.find(path_);
    return found != life_->medium->objects_.end() && found->second.number == number_ ? &found->second
                                                                                     : nullptr;
  }

  status keep(status outcome) {
    if (!outcome.ok())
      broken_ = outcome.error();
    return outcome;
  }

  const std::shared_ptr<fault_destination::life> life_;
  const std::string path_;
  const std::uint64_t number_;
  std::uint64_t size_ = 0, synced_size_ = 0;
  std::optional<error> broken_;
};

fault_destination::fault_destination(std::shared_ptr<fault_medium> medium, std::string writer)
    : medium_(std::move(medium)), life_(std::make_shared<life>()) {
  life_->medium = medium_;
  life_->writer = std::move(writer);
  life_->generation = medium_->generation();
}

void fault_destination::cut_off() {
  life_->cut = true;
}

status fault_destination::life::check(call kind, const std::string& path) const {
  if (!cut && medium->generation() == generation)
    return {};
  auto failed = medium->explained(errc::io_error, kind, path, "the process of this handle has died");
  failed.sys_errno = EIO;
  return failed;
}

status fault_destination::begin(call kind, const std::string& path) const {
  VARVE_TRY(life_->check(kind, path));
  medium_->announce(kind, path, life_->writer);
  return life_->check(kind, path);
}

status fault_destination::create(const object_path& path, bytes_view content) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::create, path));
  std::lock_guard lock(medium_->mutex_);
  auto how = medium_->judge(call::create);
  if (how.fails == moment::before)
    return medium_->refused(how, call::create, path);
  auto is_free = medium_->check_free(call::create, path);
  if (!how.fails && is_free.code() == errc::already_exists)
    medium_->sync_folder_of(path);
  if (is_free.ok() && medium_->room() < content.size())
    is_free = medium_->full(call::create, path);
  if (is_free.ok()) {
    medium_->add(path, content).durable_bytes = content.size();
    // Without an answer it is not known whether the folder was synced any more.
    if (!how.fails || medium_->draw(2) == 0)
      medium_->sync_folder_of(path);
  }
  if (how.fails)
    return medium_->refused(how, call::create, path);
  return is_free;
}

result<std::unique_ptr<segment_file>> fault_destination::open_segment(const object_path& path) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::open_segment, path));
  std::lock_guard lock(medium_->mutex_);
  auto how = medium_->judge(call::open_segment);
  if (how.fails == moment::before)
    return medium_->refused(how, call::open_segment, path);
  auto is_free = medium_->check_free(call::open_segment, path);
  std::uint64_t number = 0;
  if (is_free.ok())
    number = medium_->add(path, {}).number;
  if (how.fails)
    return medium_->refused(how, call::open_segment, path);
  VARVE_TRY(is_free);
  return std::unique_ptr<segment_file>(new fault_segment(life_, path, number));
}

/// The object of a reading call, or why it cannot be read. Needs the medium's lock.
result<const fault_medium::object*> fault_destination::find(call kind, const std::string& path) const {
  auto how = medium_->judge(kind);
  if (how.fails)
    return medium_->refused(how, kind, path);
  auto found = medium_->objects_.find(path);
  if (found == medium_->objects_.end())
    return medium_->explained(errc::file_not_exist, kind, path, "there is no such object");
  const fault_medium::object* object = &found->second;
  return object;
}

result<std::size_t> fault_destination::read(const object_path& path, std::uint64_t offset,
                                            mutable_bytes target) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::read, path));
  std::lock_guard lock(medium_->mutex_);
  VARVE_TRY_ASSIGN(auto object, find(call::read, path));
  if (offset >= object->content.size())
    return std::size_t{0};
  auto rest = bytes_view(object->content).subspan(static_cast<std::size_t>(offset));
  auto count = std::min(rest.size(), target.size());
  std::copy_n(rest.begin(), count, target.begin());
  return count;
}

result<bytes> fault_destination::read_all(const object_path& path, std::uint64_t size_max) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::read_all, path));
  std::lock_guard lock(medium_->mutex_);
  VARVE_TRY_ASSIGN(auto object, find(call::read_all, path));
  if (object->content.size() > size_max)
    return medium_->explained(errc::checksum_error, call::read_all, path,
                              "it is larger than such an object can be");
  return object->content;
}

result<std::uint64_t> fault_destination::size(const object_path& path) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::size, path));
  std::lock_guard lock(medium_->mutex_);
  VARVE_TRY_ASSIGN(auto object, find(call::size, path));
  return static_cast<std::uint64_t>(object->content.size());
}

result<std::vector<object_info>> fault_destination::objects_below(call kind,
                                                                  const std::string& prefix) const {
  VARVE_TRY(check_folder_path(prefix));
  VARVE_TRY(begin(kind, prefix));
  std::lock_guard lock(medium_->mutex_);
  auto how = medium_->judge(kind);
  if (how.fails)
    return medium_->refused(how, kind, prefix);
  std::vector<object_info> found;
  auto start = prefix.empty() ? prefix : prefix + "/";
  for (auto at = medium_->objects_.lower_bound(start);
       at != medium_->objects_.end() && at->first.starts_with(start); ++at)
    found.push_back({at->first, at->second.content.size()});
  return found;
}

status fault_destination::list(const std::string& prefix,
                               const std::function<void(const object_info&)>& visit) {
  VARVE_TRY_ASSIGN(auto found, objects_below(call::list, prefix));
  for (auto& info : found)
    visit(info);
  return {};
}

result<std::vector<std::string>> fault_destination::list_folder(const std::string& prefix) {
  VARVE_TRY_ASSIGN(auto found, objects_below(call::list_folder, prefix));
  std::vector<std::string> names;
  for (auto& info : found) {
    auto rest = std::string_view(info.path).substr(prefix.empty() ? 0 : prefix.size() + 1);
    names.emplace_back(rest.substr(0, rest.find('/')));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

status fault_destination::remove(const object_path& path) {
  VARVE_TRY(check_object_path(path));
  VARVE_TRY(begin(call::remove, path));
  std::lock_guard lock(medium_->mutex_);
  auto how = medium_->judge(call::remove);
  if (how.fails == moment::before)
    return medium_->refused(how, call::remove, path);
  auto found = medium_->objects_.extract(path);
  if (found && how.fails)
    medium_->removed_.insert_or_assign(path, std::move(found.mapped()));
  if (how.fails)
    return medium_->refused(how, call::remove, path);
  medium_->sync_folder_of(path);
  if (!found)
    return medium_->explained(errc::file_not_exist, call::remove, path, "there is no such object");
  return {};
}

} // namespace varve::test
