#include "tests/engine/reader/reader_fixture.hpp"

#include "engine/format/object_name.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

void reader_fixture::REQUIRE_OK(const status& outcome) {
  INFO((outcome.ok() ? std::string() : outcome.error().to_string()));
  REQUIRE(outcome.ok());
}

std::vector<object_path> reader_fixture::paths(std::string_view part) const {
  std::vector<object_path> found;
  for (auto& [path, object] : store->objects)
    if (path.find(part) != std::string::npos)
      found.push_back(path);
  return found;
}

object_path reader_fixture::path(std::string_view part) const {
  auto found = paths(part);
  REQUIRE(found.size() == 1);
  return found[0];
}

bytes& reader_fixture::content(const object_path& path) {
  auto at = store->objects.find(path);
  REQUIRE(at != store->objects.end());
  return at->second->content;
}

varve::digest reader_fixture::put(const object_path& path, bytes object) {
  auto& target = content(path);
  target = std::move(object);
  return digest_of(target);
}

void reader_fixture::say_in_commit(archive_builder& made, const std::function<void(commit_record&)>& change) {
  auto record = made.newest();
  change(record);
  put(to_path(commit_name{tenant, record.seq}), encode(made.settings().archive, record));
}

void reader_fixture::zero(const object_path& path, std::size_t from, std::size_t count) {
  auto& object = content(path);
  REQUIRE(from + count <= object.size());
  std::fill_n(object.begin() + static_cast<std::ptrdiff_t>(from), count, std::byte{0});
}

void reader_fixture::copy_segment(const object_path& from, const segment_name& to) {
  auto archive = parse_object_header(content(from), from).value().archive;
  auto copy = encode_segment_header(archive, {to.tenant, to.piece, to.epoch, to.number});
  append(copy, bytes_view(content(from)).subspan(copy.size()));
  REQUIRE_OK(where->create(to_path(to), copy));
}

restored restore(std::shared_ptr<destination> where, restore_options options) {
  restored x;
  auto reader = restore_reader::open(std::move(where), options);
  if (!reader.ok()) {
    x.failed = reader.error();
    return x;
  }
  x.preview = (*reader)->preview();
  while (true) {
    auto batch = (*reader)->next();
    if (!batch.ok()) {
      x.failed = batch.error();
      auto again = (*reader)->next();
      CHECK(again.code() == x.failed.code); // the error stays
      break;
    }
    if (!*batch)
      break;
    ++x.batches;
    CHECK_FALSE((*batch)->entries.empty());
    for (auto& e : (*batch)->entries)
      x.entries.push_back({{}, (*batch)->stream, e.lsn, e.next_lsn, e.scn, std::string(as_text(e.payload))});
  }
  x.positions = (*reader)->positions();
  return x;
}

scn append_round_robin(archive_builder& builder, const std::vector<stream_id>& streams, std::size_t count,
                       scn scn, varve::scn scn_step) {
  for (std::size_t i = 0; i < count; ++i)
    for (auto stream : streams) {
      auto text = "entry at " + std::to_string(scn) + " of stream " + to_string(stream);
      builder.append(stream, 100, scn, text + std::string(40, static_cast<char>('a' + i % 26)));
      scn += scn_step;
    }
  return scn;
}

piece_catalogue catalogue_of(reader_fixture& fixture) {
  auto catalogue = read_piece_catalogue(*fixture.where, tenant, {});
  INFO((catalogue.ok() ? std::string() : catalogue.error().to_string()));
  REQUIRE(catalogue.ok());
  REQUIRE(*catalogue);
  return **catalogue;
}

piece_files files_of(reader_fixture& fixture, const piece_catalogue& catalogue, std::size_t piece) {
  auto files = read_piece_files(*fixture.where, catalogue, catalogue.pieces.at(piece), nullptr);
  REQUIRE(files.ok());
  return *files;
}

indexed_piece::indexed_piece() : made(builder()) {
  made.begin_round(1000, 0);
  made.open_stream(s1, 0);
  scn scn = 1000;
  for (int i = 0; i < 5; ++i) {
    scn = append_round_robin(made, {s1}, 20, scn);
    made.cut_all();
    made.end_segments();
    if (i % 2)
      made.write_indexes();
  }
  made.commit(scn - 10);
  whole = files_of(*this, catalogue_of(*this), 0);
}

void build_rich_archive(archive_builder& builder) {
  builder.begin_round(1000, 2000);
  builder.open_stream(s1, 0);
  builder.open_stream(s2, 5000);
  auto scn = append_round_robin(builder, {s1, s2}, 60, 1000); // up to 2200
  builder.cut_all();
  builder.end_segments();
  builder.write_indexes();
  builder.commit(scn - 20);
  scn = append_round_robin(builder, {s1, s2}, 200, scn); // up to 6200
  builder.cut_all();
  builder.commit(scn - 20);
  builder.seal_oldest();
  builder.seal_oldest();
  builder.commit(scn - 20);
  builder.take_over();
  scn = append_round_robin(builder, {s1, s2}, 300, scn); // up to 12200
  builder.cut_all();
  builder.abandon_segments();
  builder.commit(scn - 20);
  while (builder.newest().open_pieces.size() > 1) {
    builder.seal_oldest();
    builder.commit(scn - 20);
  }
  scn = append_round_robin(builder, {s1, s2}, 20, scn);
  builder.cut_all();
  builder.end_segments();
  builder.write_indexes();
  scn = append_round_robin(builder, {s1, s2}, 20, scn);
  builder.cut_all();
  builder.end_segments();
  scn = append_round_robin(builder, {s1, s2}, 20, scn);
  builder.cut_all();
  builder.commit(scn - 20);
}

} // namespace varve::test
