#include "tests/actors/segment_writer_fixture.hpp"

#include "actors/io_pool.hpp"
#include "engine/reader/segment_reader.hpp"

#include <catch2/catch.hpp>

namespace varve::test {

void reported::absorb(const durable_report& report) {
  for (auto& each : report.made) {
    INFO("piece " << each.piece.piece.value << " was made before");
    REQUIRE(made.emplace(each.piece, each).second);
  }
  for (auto& each : report.ended)
    ended[each.piece].push_back(each.segment);
  open.clear();
  for (auto& each : report.open)
    REQUIRE(open.emplace(each.piece, each.segment).second);
  finished.insert(finished.end(), report.finished.begin(), report.finished.end());
  for (auto& [stream, position] : report.moved) {
    REQUIRE(position.next_lsn > positions[stream].next_lsn);
    positions[stream] = position;
  }
}

writer_fixture::writer_fixture(options options)
    : given(options), random(options.seed), medium(std::make_shared<fault_medium>(random)),
      where(std::make_shared<fault_destination>(medium)) {
  current = epoch{0};
  take_over();
}

void writer_fixture::take_over(std::optional<writer_start> given_start) {
  current = given_start ? given_start->epoch : epoch{current.value + 1};
  writer_start start;
  start.archive = archive;
  start.tenant = tenant;
  start.epoch = current;
  start.round = round_id{1};
  start.no_split = given.no_split;
  start.segment_bytes = given.segment_bytes;
  start.sync_bytes = given.sync_bytes;
  for (auto& [key, piece] : said.made) {
    start.last_end = std::max(start.last_end, piece.bounds.end_scn);
    start.next_piece = piece_id{key.piece.value + 1};
    if (std::count(said.finished.begin(), said.finished.end(), key) == 0)
      start.open_pieces.push_back({key, piece.bounds, piece.start, {}, {}, {}});
  }
  // What was open is left as it is.
  for (auto& [key, segment] : std::exchange(said.open, {}))
    said.ended[key].push_back(segment);
  // What no report named never was.
  for (auto& [stream, entries] : all) {
    auto end = said.positions[stream].next_lsn;
    std::erase_if(entries, [&](auto& entry) { return entry.lsn >= end; });
  }
  numbers_.clear();
  tickets = 0;
  writer = std::make_unique<segment_writer>(given_start ? *std::move(given_start) : std::move(start));
}

cut_block_ptr writer_fixture::block(std::uint64_t stream, scn from, std::size_t count,
                                    std::size_t payload_bytes) {
  auto& known = all[stream_id{stream}];
  std::vector<log_record> entries;
  lsn at = known.empty() ? 1'000 * stream : known.back().next_lsn;
  for (std::size_t i = 0; i < count; ++i, at += 7) {
    std::string payload(payload_bytes, '\0');
    for (auto& c : payload)
      c = static_cast<char>(random());
    entries.push_back({at, at + 7, from + i, payload});
  }
  known.insert(known.end(), entries.begin(), entries.end());
  auto end = given.interval == 0 ? scn_max : (from / given.interval + 1) * given.interval;
  auto made =
      raw_block(budget, account, stream_id{stream}, entries, ++numbers_[stream_id{stream}], ++tickets, end);
  made->header.epoch = current;
  REQUIRE(made->pack(packer, codec::lz4, budget.arena(), raw_, packed_).ok());
  return made;
}

cut_block_ptr writer_fixture::put(std::uint64_t stream, scn from, std::size_t count,
                                  std::size_t payload_bytes) {
  auto made = block(stream, from, count, payload_bytes);
  add(made);
  return made;
}

bool writer_fixture::step() {
  auto op = writer->next(42);
  if (op.none())
    return false;
  status outcome;
  std::shared_ptr<segment_file> opened;
  if (auto* create = std::get_if<writer_operation::create>(&op.what)) {
    operations.push_back("create");
    outcome = create_same(*where, create->path, create->content);
  } else if (auto* open = std::get_if<writer_operation::open>(&op.what)) {
    operations.push_back("open");
    auto made = where->open_segment(open->path);
    if (made.ok())
      opened = std::move(*made);
    else
      outcome = made.error();
  } else if (auto* append = std::get_if<writer_operation::append>(&op.what)) {
    operations.push_back(append->blocks.empty() ? "footer" : "append");
    outcome = append->file->append(append->parts);
  } else if (auto* remove = std::get_if<writer_operation::remove>(&op.what)) {
    operations.push_back("remove");
    outcome = where->remove(remove->path);
  } else {
    operations.push_back("sync");
    outcome = std::get<writer_operation::sync>(op.what).file->sync();
  }
  if (outcome.ok()) {
    writer->done(std::move(opened));
  } else {
    operations.back() += "!";
    ++failures;
    writer->failed(outcome.error());
  }
  return true;
}

void writer_fixture::run() {
  for (int steps = 0; step(); ++steps)
    REQUIRE(steps < 10'000);
}

void writer_fixture::settle() {
  writer->want_durable(tickets);
  run();
  REQUIRE(writer->is_durable(tickets));
  report();
}

std::vector<log_record> writer_fixture::written(stream_id stream, lsn upto) const {
  std::vector<log_record> found;
  auto known = all.find(stream);
  if (known != all.end())
    for (auto& entry : known->second)
      if (entry.lsn < upto)
        found.push_back(entry);
  return found;
}

std::map<stream_id, std::vector<log_record>> writer_fixture::read_back() {
  fault_destination reader{medium, "reader"};
  std::map<stream_id, std::vector<log_record>> found;
  block_unpacker unpacker;
  auto read = [&](piece_key key, const indexed_segment& segment) {
    segment_name name{tenant, key, segment.segment.epoch, segment.segment.number};
    INFO(to_path(name));
    auto blocks = read_segment_blocks(reader, name, segment.segment, &archive);
    REQUIRE(blocks.ok());
    CHECK(blocks->damages.empty());
    CHECK(blocks->complete);
    CHECK(blocks->from_footer == segment.segment.has_footer);
    CHECK(index_segment(segment.segment, blocks->blocks) == segment);
    for (auto& ref : blocks->blocks) {
      bytes stored(static_cast<std::size_t>(ref.size)), raw;
      REQUIRE(read_exactly(reader, to_path(name), ref.offset, stored).ok());
      auto header = open_block(ref, stored, tenant, to_path(name), unpacker, raw);
      REQUIRE(header.ok());
      auto entries = entries_in(*header, raw);
      REQUIRE(entries.size() == header->entries);
      auto piece = said.made.find(key);
      REQUIRE(piece != said.made.end());
      CHECK(header->last_scn < piece->second.bounds.end_scn);
      auto& target = found[ref.stream];
      target.insert(target.end(), entries.begin(), entries.end());
    }
  };
  std::set<piece_key> pieces;
  for (auto& [key, segments] : said.ended)
    pieces.insert(key);
  for (auto& [key, segment] : said.open)
    pieces.insert(key);
  for (auto& key : pieces) {
    segment_ref before;
    for (auto& segment : said.ended[key]) {
      CHECK(std::pair(before.epoch, before.number) <
            std::pair(segment.segment.epoch, segment.segment.number));
      before = segment.segment;
      read(key, segment);
    }
    if (auto open = said.open.find(key); open != said.open.end())
      read(key, open->second);
  }
  return found;
}

void writer_fixture::require_readable() {
  medium->clear_faults();
  auto found = read_back();
  for (auto& [stream, position] : said.positions) {
    INFO("stream " << stream.value << " up to " << position.next_lsn);
    auto expected = written(stream, position.next_lsn);
    REQUIRE_FALSE(expected.empty());
    CHECK(expected.back().next_lsn == position.next_lsn);
    CHECK(expected.back().scn == position.last_scn);
    REQUIRE(found[stream] == expected);
  }
  for (auto& [stream, entries] : found)
    REQUIRE(said.positions.count(stream) == 1);
}

std::vector<object_path> writer_fixture::paths(std::string_view part) const {
  auto all_paths = medium->paths();
  std::erase_if(all_paths, [&](auto& path) { return path.find(part) == std::string::npos; });
  return all_paths;
}

} // namespace varve::test
