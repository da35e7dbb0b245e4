#include "tests/harness/fault_medium.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace varve::test {
namespace {

constexpr std::size_t sector_bytes = 512;

std::string_view folder_of(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

bool changes_something(fault_medium::call kind) {
  using call = fault_medium::call;
  return kind == call::create || kind == call::open_segment || kind == call::append || kind == call::sync ||
         kind == call::remove;
}

} // namespace

const char* fault_medium::name_of(call kind) {
  static constexpr std::array<const char*, call_kinds> names{"create",      "open_segment", "append", "sync",
                                                             "read",        "read_all",     "size",   "list",
                                                             "list_folder", "remove"};
  return names[static_cast<std::size_t>(kind)];
}

fault_medium::fault_medium(std::mt19937_64& seeds, std::string name)
    : name_(std::move(name)), random_(seeds()) {}

void fault_medium::crash() {
  std::lock_guard lock(mutex_);
  ++generation_;
  for (auto at = objects_.begin(); at != objects_.end();) {
    if (!at->second.name_durable && draw(2) == 0) {
      at = objects_.erase(at);
      continue;
    }
    tear(at->second);
    ++at;
  }
  for (auto& [path, object] : removed_)
    if (draw(2) == 0)
      objects_.emplace(path, object);
  removed_.clear();
}

std::shared_ptr<fault_medium> fault_medium::copy(std::mt19937_64& seeds) const {
  auto made = std::make_shared<fault_medium>(seeds, name_);
  std::lock_guard lock(mutex_);
  made->objects_ = objects_;
  made->removed_ = removed_;
  made->next_number_ = next_number_;
  return made;
}

/// Of the bytes that were not synced a random length stays, and sectors in it may never have been written.
void fault_medium::tear(object& torn) {
  auto unsynced = torn.content.size() - torn.durable_bytes;
  auto kept = torn.durable_bytes + static_cast<std::size_t>(draw(unsynced + 1));
  torn.content.resize(kept);
  for (auto at = torn.durable_bytes; at < kept;) {
    auto end = std::min(kept, (at / sector_bytes + 1) * sector_bytes);
    if (draw(8) == 0)
      std::fill(torn.content.begin() + static_cast<std::ptrdiff_t>(at),
                torn.content.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
    at = end;
  }
  torn.durable_bytes = kept;
  torn.name_durable = true;
}

void fault_medium::set_rates(fault_rates rates) {
  std::lock_guard lock(mutex_);
  rates_ = rates;
}

void fault_medium::set_quota(std::optional<std::uint64_t> bytes_max) {
  std::lock_guard lock(mutex_);
  quota_ = bytes_max;
}

void fault_medium::set_dead(bool dead) {
  std::lock_guard lock(mutex_);
  dead_ = dead;
}

void fault_medium::plan(planned_fault fault) {
  std::lock_guard lock(mutex_);
  planned_.push_back(fault);
}

void fault_medium::clear_faults() {
  std::lock_guard lock(mutex_);
  rates_ = {};
  planned_.clear();
  quota_.reset();
  dead_ = false;
}

void fault_medium::on_call(std::function<void(const call_info&)> hook) {
  std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::uint64_t fault_medium::calls() const {
  std::lock_guard lock(mutex_);
  return announced_;
}

std::uint64_t fault_medium::calls(call kind) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(kind)];
}

std::uint64_t fault_medium::faults() const {
  std::lock_guard lock(mutex_);
  return fault_count_;
}

std::uint64_t fault_medium::lost_replies() const {
  std::lock_guard lock(mutex_);
  return lost_replies_;
}

std::uint64_t fault_medium::times_full() const {
  std::lock_guard lock(mutex_);
  return times_full_;
}

std::uint64_t fault_medium::crashes() const {
  return generation();
}

std::optional<bytes> fault_medium::peek(const std::string& path) const {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(path);
  if (found == objects_.end())
    return std::nullopt;
  return found->second.content;
}

std::vector<std::string> fault_medium::paths() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (auto& [path, object] : objects_)
    found.push_back(path);
  return found;
}

std::uint64_t fault_medium::used_bytes() const {
  std::lock_guard lock(mutex_);
  return used();
}

bool fault_medium::is_durable(const std::string& path) const {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(path);
  return found != objects_.end() && found->second.name_durable &&
         found->second.durable_bytes == found->second.content.size();
}

void fault_medium::put(const std::string& path, bytes_view content) {
  std::lock_guard lock(mutex_);
  objects_.erase(path);
  removed_.erase(path);
  auto& placed = add(path, content);
  placed.durable_bytes = content.size();
  placed.name_durable = true;
}

bool fault_medium::erase(const std::string& path) {
  std::lock_guard lock(mutex_);
  return objects_.erase(path) != 0;
}

std::uint64_t fault_medium::generation() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

void fault_medium::announce(call kind, const std::string& path, const std::string& writer) {
  std::function<void(const call_info&)> hook;
  call_info info{kind, path, writer, 0};
  {
    std::lock_guard lock(mutex_);
    info.number = announced_++;
    ++counts_[static_cast<std::size_t>(kind)];
    hook = hook_;
  }
  if (hook)
    hook(info);
}

fault_medium::verdict fault_medium::judge(call kind) {
  if (dead_)
    return {moment::before, errc::io_error};
  verdict how;
  for (auto at = planned_.begin(); at != planned_.end();) {
    if (at->only && *at->only != kind) {
      ++at;
      continue;
    }
    if (at->let_through > 0) {
      --at->let_through;
      ++at;
      continue;
    }
    if (!how.fails)
      how = {at->when, at->code};
    at = at->for_good ? at + 1 : planned_.erase(at);
  }
  // Drawn whether it is needed or not, so that a plan does not change what happens later by chance.
  if (rates_.before_permille + rates_.after_permille > 0) {
    auto chance = draw(1000);
    if (!how.fails && chance < rates_.before_permille)
      how.fails = moment::before;
    if (!how.fails && chance < rates_.before_permille + rates_.after_permille)
      how.fails = moment::after;
  }
  if (how.fails)
    ++fault_count_;
  if (how.fails == moment::after && changes_something(kind))
    ++lost_replies_;
  return how;
}

std::uint64_t fault_medium::draw(std::uint64_t below) {
  return random_() % below;
}

error fault_medium::refused(const verdict& how, call kind, const std::string& path) const {
  auto failed = explained(how.code, kind, path, "the simulated medium failed");
  failed.sys_errno = how.code == errc::no_space ? ENOSPC : EIO;
  return failed;
}

error fault_medium::full(call kind, const std::string& path) {
  ++times_full_;
  return explained(errc::no_space, kind, path, "the simulated medium is full");
}

error fault_medium::explained(errc code, call kind, const std::string& path, const char* cause) const {
  auto failed = fail(code, std::string(name_of(kind)) + " memory://" + name_ + "/" + path + ": " + cause);
  if (code == errc::file_not_exist)
    failed.sys_errno = ENOENT;
  if (code == errc::already_exists)
    failed.sys_errno = EEXIST;
  if (code == errc::no_space)
    failed.sys_errno = ENOSPC;
  return failed;
}

std::uint64_t fault_medium::used() const {
  std::uint64_t sum = 0;
  for (auto& [path, object] : objects_)
    sum += object.content.size();
  return sum;
}

std::uint64_t fault_medium::room() const {
  if (!quota_)
    return std::numeric_limits<std::uint64_t>::max();
  auto taken = used();
  return taken < *quota_ ? *quota_ - taken : 0;
}

status fault_medium::check_free(call kind, const std::string& path) const {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (objects_.contains(std::string_view(path).substr(0, slash)))
      return explained(errc::io_error, kind, path, "an object is where a folder must be");
  auto below = objects_.lower_bound(path + "/");
  auto is_folder = below != objects_.end() && below->first.starts_with(path + "/");
  if (is_folder || objects_.contains(path))
    return explained(errc::already_exists, kind, path, "the name is taken");
  return {};
}

fault_medium::object& fault_medium::add(const std::string& path, bytes_view content) {
  auto& added = objects_[path];
  added.content = to_bytes(content);
  added.number = next_number_++;
  return added;
}

/// Syncing a folder makes every name in it durable, whoever made or removed it.
void fault_medium::sync_folder_of(const std::string& path) {
  auto folder = folder_of(path);
  for (auto& [other, object] : objects_)
    if (folder_of(other) == folder)
      object.name_durable = true;
  std::erase_if(removed_, [&](auto& gone) { return folder_of(gone.first) == folder; });
}

} // namespace varve::test
