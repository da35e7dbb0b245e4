#include "engine/destination/file_destination.hpp"
#include "engine/destination/memory_destination.hpp"
#include "engine/destination/path_check.hpp"

#include <algorithm>

namespace varve {
namespace {

bool is_writer_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 32 && std::all_of(tag.begin(), tag.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// What the probe found is not what was promised.
error unfit(const destination& where, std::string_view what) {
  return fail(
      errc::invalid_destination, "destination " + where.describe() + " " + std::string(what),
      "use a file system that keeps its promises: exclusive names, and reads that see what was written");
}

class probe {
public:
  probe(destination& where, std::string_view name)
      : where_(where), folder_(name), object_(folder_ + "/object"), segment_(folder_ + "/segment") {}

  status run() {
    VARVE_TRY(remove_leftovers());
    auto outcome = try_all();
    auto cleaned = remove_leftovers();
    return outcome.ok() ? cleaned : outcome;
  }

private:
  status try_all() {
    VARVE_TRY(try_create());
    if (where_.traits().append)
      VARVE_TRY(try_append());
    VARVE_TRY(try_list());
    return try_remove();
  }

  status try_create() {
    VARVE_TRY(where_.create(object_, as_bytes("first")));
    if (where_.traits().create_if_absent) {
      auto again = where_.create(object_, as_bytes("second"));
      if (again.ok())
        return unfit(where_, "lets a taken name be created again");
      if (again.code() != errc::already_exists)
        return again;
    }
    return expect(object_, where_.traits().create_if_absent ? "first" : nullptr);
  }

  status try_append() {
    VARVE_TRY_ASSIGN(auto segment, where_.open_segment(segment_));
    const bytes_view first[] = {as_bytes("one"), as_bytes("two")};
    VARVE_TRY(segment->append(first));
    VARVE_TRY(segment->sync());
    const bytes_view second[] = {as_bytes("three")};
    VARVE_TRY(segment->append(second));
    VARVE_TRY(segment->sync());
    return expect(segment_, "onetwothree");
  }

  status try_list() {
    std::vector<std::string> wanted{object_}, seen;
    if (where_.traits().append)
      wanted.push_back(segment_);
    VARVE_TRY(where_.list(folder_, [&](const object_info& info) { seen.push_back(info.path); }));
    std::sort(seen.begin(), seen.end());
    if (seen != wanted)
      return unfit(where_, "does not list what was just created in it");
    return {};
  }

  status try_remove() {
    VARVE_TRY(where_.remove(object_));
    if (where_.traits().append)
      VARVE_TRY(where_.remove(segment_));
    auto gone = where_.read_all(object_, 16);
    if (gone.ok())
      return unfit(where_, "still reads what was removed from it");
    if (gone.code() != errc::file_not_exist)
      return gone.error();
    return {};
  }

  /// Reads it whole and in part; nullptr: whatever it holds.
  status expect(const std::string& path, const char* content) {
    VARVE_TRY_ASSIGN(auto whole, where_.read_all(path, 64));
    if (content == nullptr)
      return {};
    std::byte part[2];
    VARVE_TRY_ASSIGN(auto count, where_.read(path, 1, part));
    VARVE_TRY_ASSIGN(auto size, where_.size(path));
    auto wanted = std::string_view(content);
    if (as_text(whole) != wanted || size != wanted.size() || as_text({part, count}) != wanted.substr(1, 2))
      return unfit(where_, "does not read back what was written to it");
    return {};
  }

  status remove_leftovers() {
    for (auto& path : {object_, segment_}) {
      auto removed = where_.remove(path);
      if (!removed.ok() && removed.code() != errc::file_not_exist)
        return removed;
    }
    return {};
  }

  destination& where_;
  const std::string folder_, object_, segment_;
};

} // namespace

result<std::shared_ptr<destination>> open_destination(const destination_uri& uri, open_mode mode,
                                                      std::string_view writer_tag) {
  if (!is_writer_tag(writer_tag))
    return fail(errc::invalid_argument, in_quotes(writer_tag, 60) + " is not a writer's tag",
                "1 to 32 characters of a-z and 0-9");
  switch (uri.kind) {
  case destination_kind::file:
    return file_destination::open(uri.path, mode, writer_tag);
  case destination_kind::memory:
    return memory_destination::open(uri.path, mode);
  }
  return fail(errc::not_supported, "this kind of destination is not known to this version");
}

status probe_destination(destination& where, std::string_view probe_name) {
  VARVE_TRY(check_folder_path(probe_name));
  if (!is_object_path(std::string(probe_name) + "/segment"))
    return fail(errc::invalid_argument, in_quotes(probe_name, 60) + " cannot name a probe");
  return probe(where, probe_name).run();
}

} // namespace varve
