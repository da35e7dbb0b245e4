#pragma once

#include "engine/destination/memory_destination.hpp"
#include "engine/format/object_name.hpp"
#include "engine/reader/restore_reader.hpp"
#include "tests/harness/archive_builder.hpp"

#include <functional>
#include <random>

namespace varve::test {

inline constexpr tenant_id tenant{1001};
inline constexpr stream_id s1{1}, s2{2}, s3{3};

/// An archive in memory that tests write, damage and read.
struct reader_fixture {
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::shared_ptr<memory_destination> where = std::make_shared<memory_destination>("reader-test", store);

  archive_builder builder(archive_builder::options options = {}) { return {where, options}; }

  /// The paths that contain `part`, ascending.
  std::vector<object_path> paths(std::string_view part) const;
  object_path path(std::string_view part) const; ///< the only one
  bytes& content(const object_path& path);
  /// Puts these bytes there, as if they had been written so; returns their digest.
  varve::digest put(const object_path& path, bytes object);
  /// Makes the newest commit say this. The commit before it still proves it.
  void say_in_commit(archive_builder& made, const std::function<void(commit_record&)>& change);
  void flip(const object_path& path, std::uint64_t offset) { content(path).at(offset) ^= std::byte{0x10}; }
  void cut_to(const object_path& path, std::size_t size) { content(path).resize(size); }
  void zero(const object_path& path, std::size_t from, std::size_t count);
  void copy_segment(const object_path& from,
                    const segment_name& to); ///< the same blocks, a header of its own
  void drop(const object_path& path) { REQUIRE_OK(where->remove(path)); }

  static void REQUIRE_OK(const status& outcome);
};

/// What others do while a reader looks: `meanwhile` is called before each look, with the object or folder.
struct racing_destination : memory_destination {
  explicit racing_destination(std::shared_ptr<memory_store> store)
      : memory_destination("racing", std::move(store)) {}
  result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
    look(path);
    return memory_destination::read(path, offset, target);
  }
  result<bytes> read_all(const object_path& path, std::uint64_t size_max) override {
    look(path);
    return memory_destination::read_all(path, size_max);
  }
  result<std::uint64_t> size(const object_path& path) override {
    look(path);
    return memory_destination::size(path);
  }
  result<std::vector<std::string>> list_folder(const std::string& prefix) override {
    look(prefix);
    return memory_destination::list_folder(prefix);
  }
  std::function<void(const object_path&)> meanwhile;

private:
  /// What is done meanwhile may look, too.
  void look(const object_path& path) {
    if (auto doing = std::exchange(meanwhile, nullptr)) {
      doing(path);
      meanwhile = std::move(doing);
    }
  }
};

/// What a restore gave, and how it ended.
struct restored {
  std::vector<model_entry> entries; ///< round not set
  std::size_t batches = 0;
  error failed; ///< of open() or next(); errc::ok: it ended well
  restore_preview preview;
  std::vector<std::pair<stream_id, stream_position>> positions;
};
restored restore(std::shared_ptr<destination> where, restore_options options);

/// The model's answer, rounds taken off so that the two compare.
template <class Keep>
std::vector<model_entry> expected(std::vector<model_entry> entries, Keep keep) {
  std::erase_if(entries, [&](auto& x) { return !keep(x); });
  for (auto& x : entries)
    x.round = {};
  return entries;
}
inline std::vector<model_entry> expected(std::vector<model_entry> entries) {
  return expected(std::move(entries), [](auto&) { return true; });
}

/// Appends `count` entries to each of the streams in turn; SCNs rise by `scn_step` from `scn` on.
scn append_round_robin(archive_builder& builder, const std::vector<stream_id>& streams, std::size_t count,
                       scn scn, varve::scn scn_step = 10);

/// Reads them; fails the test if that is an error.
piece_catalogue catalogue_of(reader_fixture& fixture);
piece_files files_of(reader_fixture& fixture, const piece_catalogue& catalogue, std::size_t piece);

/// One open piece of stream 1: two segments in each of two indexes, one after them.
struct indexed_piece : reader_fixture {
  indexed_piece();
  archive_builder made;
  piece_files whole;
};

/// Two streams, a split round with several frozen and open pieces, indexes, piece lists, segments with and
/// without footers, a takeover: something of everything.
void build_rich_archive(archive_builder& builder);

} // namespace varve::test
