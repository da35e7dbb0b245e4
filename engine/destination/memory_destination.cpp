#include "engine/destination/memory_destination.hpp"

#include "engine/destination/path_check.hpp"

#include <algorithm>
#include <cerrno>

namespace varve {
namespace {

class memory_segment : public segment_file {
public:
  explicit memory_segment(std::shared_ptr<memory_store::object> object) : object_(std::move(object)) {}

  status append(std::span<const bytes_view> parts) override {
    std::lock_guard lock(object_->mutex);
    for (auto part : parts)
      varve::append(object_->content, part);
    size_ = object_->content.size();
    return {};
  }
  status sync() override {
    synced_size_ = size_;
    return {};
  }
  std::uint64_t size() const override { return size_; }
  std::uint64_t synced_size() const override { return synced_size_; }

private:
  const std::shared_ptr<memory_store::object> object_;
  std::uint64_t size_ = 0, synced_size_ = 0;
};

/// The objects below a folder: [first, last) of the ordered map.
auto below(const memory_store& store, const std::string& prefix) {
  if (prefix.empty())
    return std::pair(store.objects.begin(), store.objects.end());
  return std::pair(store.objects.lower_bound(prefix + "/"), store.objects.lower_bound(prefix + "0"));
}
static_assert('/' + 1 == '0');

} // namespace

result<std::shared_ptr<destination>> memory_destination::open(const std::string& name, open_mode mode) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<memory_store>> stores;
  std::lock_guard lock(mutex);
  auto found = stores.find(name);
  if (found == stores.end()) {
    if (mode == open_mode::read_only)
      return fail(errc::invalid_destination,
                  "destination memory://" + name + " does not exist in this process",
                  "write to it first, in this process; use file:// for what must outlive it");
    found = stores.emplace(name, std::make_shared<memory_store>()).first;
  }
  auto opened = std::make_shared<memory_destination>(name, found->second);
  opened->read_only_ = mode == open_mode::read_only;
  return std::shared_ptr<destination>(opened);
}

status memory_destination::create(const object_path& path, bytes_view content) {
  VARVE_TRY(add(path, to_bytes(content)));
  return {};
}

result<std::unique_ptr<segment_file>> memory_destination::open_segment(const object_path& path) {
  VARVE_TRY_ASSIGN(auto object, add(path, {}));
  return std::unique_ptr<segment_file>(new memory_segment(std::move(object)));
}

result<std::shared_ptr<memory_store::object>> memory_destination::add(const object_path& path,
                                                                      bytes content) {
  VARVE_TRY(check_object_path(path));
  if (read_only_)
    return explained(errc::not_supported, "create", path, "the destination was opened read-only");
  auto object = std::make_shared<memory_store::object>();
  object->content = std::move(content);
  std::lock_guard lock(store_->mutex);
  // A name is either an object or a folder, as on a file system.
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (store_->objects.contains(std::string_view(path).substr(0, slash)))
      return explained(errc::io_error, "create", path, "an object is where a folder must be");
  auto [first, last] = below(*store_, path);
  if (first != last || !store_->objects.emplace(path, object).second)
    return explained(errc::already_exists, "create", path, "the name is taken");
  return object;
}

result<std::shared_ptr<memory_store::object>> memory_destination::find(const object_path& path) const {
  VARVE_TRY(check_object_path(path));
  std::lock_guard lock(store_->mutex);
  auto found = store_->objects.find(path);
  if (found == store_->objects.end())
    return explained(errc::file_not_exist, "open", path, "there is no such object");
  return found->second;
}

result<std::size_t> memory_destination::read(const object_path& path, std::uint64_t offset,
                                             mutable_bytes target) {
  VARVE_TRY_ASSIGN(auto object, find(path));
  std::lock_guard lock(object->mutex);
  auto& content = object->content;
  if (offset >= content.size())
    return std::size_t{0};
  auto count = std::min(target.size(), content.size() - static_cast<std::size_t>(offset));
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, target.begin());
  return count;
}

result<bytes> memory_destination::read_all(const object_path& path, std::uint64_t size_max) {
  VARVE_TRY_ASSIGN(auto object, find(path));
  std::lock_guard lock(object->mutex);
  if (object->content.size() > size_max)
    return explained(errc::checksum_error, "read", path, "it is larger than such an object can be");
  return object->content;
}

result<std::uint64_t> memory_destination::size(const object_path& path) {
  VARVE_TRY_ASSIGN(auto object, find(path));
  std::lock_guard lock(object->mutex);
  return static_cast<std::uint64_t>(object->content.size());
}

status memory_destination::list(const std::string& prefix,
                                const std::function<void(const object_info&)>& visit) {
  VARVE_TRY(check_folder_path(prefix));
  std::vector<std::pair<std::string, std::shared_ptr<memory_store::object>>> found;
  {
    std::lock_guard lock(store_->mutex);
    auto [first, last] = below(*store_, prefix);
    found.assign(first, last);
  }
  // No lock while visiting: the visitor may use the destination.
  for (auto& [path, object] : found) {
    object_info info{path, 0};
    {
      std::lock_guard lock(object->mutex);
      info.size = object->content.size();
    }
    visit(info);
  }
  return {};
}

result<std::vector<std::string>> memory_destination::list_folder(const std::string& prefix) {
  VARVE_TRY(check_folder_path(prefix));
  std::vector<std::string> names;
  auto skip = prefix.empty() ? 0 : prefix.size() + 1;
  std::lock_guard lock(store_->mutex);
  auto [first, last] = below(*store_, prefix);
  for (; first != last; ++first) {
    auto rest = std::string_view(first->first).substr(skip);
    auto name = rest.substr(0, rest.find('/'));
    if (names.empty() || names.back() != name)
      names.emplace_back(name);
  }
  // The order of whole paths is not that of first components: "a-b" is before "a/c".
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

status memory_destination::remove(const object_path& path) {
  VARVE_TRY(check_object_path(path));
  if (read_only_)
    return explained(errc::not_supported, "remove", path, "the destination was opened read-only");
  std::lock_guard lock(store_->mutex);
  if (store_->objects.erase(path) == 0)
    return explained(errc::file_not_exist, "remove", path, "there is no such object");
  return {};
}

error memory_destination::explained(errc code, const char* operation, const object_path& path,
                                    const char* cause) const {
  auto failed = fail(code, std::string(operation) + " " + describe() + "/" + path + ": " + cause);
  if (code == errc::file_not_exist)
    failed.sys_errno = ENOENT;
  if (code == errc::already_exists)
    failed.sys_errno = EEXIST;
  return failed;
}

} // namespace varve
