#include "engine/reader/segment_reader.hpp"
#include "tests/engine/reader/reader_fixture.hpp"

#include <catch2/catch.hpp>

namespace varve::test {
namespace {

using namespace format;

/// One ended segment of 60 entries in a dozen blocks.
struct one_segment : reader_fixture {
  explicit one_segment(bool ended = true) : made(builder()) {
    made.begin_round(1000, 0);
    made.open_stream(s1, 0);
    made.open_stream(s2, 0);
    append_round_robin(made, {s1, s2}, 30, 1000);
    made.cut_all();
    if (ended)
      made.end_segments();
    made.commit(1000);
    auto& piece = made.newest().open_pieces.at(0);
    segment = piece.segments.at(0);
    name = {tenant, piece.piece, segment.epoch, segment.number};
    path = to_path(name);
    whole = read();
  }
  segment_blocks read() {
    auto blocks = read_segment_blocks(*where, name, segment, &made.settings().archive);
    INFO((blocks.ok() ? std::string() : blocks.error().to_string()));
    REQUIRE(blocks.ok());
    return *blocks;
  }
  archive_builder made;
  segment_ref segment;
  segment_name name;
  object_path path;
  segment_blocks whole;
};

} // namespace

TEST_CASE("blocks of an ended segment come from its footer, of another one from the block headers; they are "
          "the same") {
  one_segment ended, open(false);
  CHECK(ended.whole.from_footer);
  CHECK_FALSE(open.whole.from_footer);
  CHECK(ended.whole.blocks == open.whole.blocks);
  CHECK(ended.whole.blocks.size() >= 8);
  CHECK(ended.whole.data_end == open.segment.valid_bytes);
  CHECK(ended.whole.damages.empty());
  CHECK(index_segment(ended.segment, ended.whole.blocks).counts.entries == 60);
}

TEST_CASE("a footer that is damaged anywhere is replaced by walking the headers, and that is said") {
  one_segment x;
  auto size = x.content(x.path).size();
  for (auto offset = x.whole.data_end; offset < size; offset += 7) {
    x.flip(x.path, offset);
    auto found = x.read();
    CHECK_FALSE(found.from_footer);
    CHECK(found.complete);
    CHECK(found.blocks == x.whole.blocks);
    REQUIRE(found.damages.size() == 1);
    CHECK_FALSE(costs_log(found.damages[0]));
    CHECK(found.damages[0].offset >= x.whole.data_end);
    CHECK(found.damages[0].offset <= offset); // where the trouble begins is not behind it
    x.flip(x.path, offset);
  }
}

TEST_CASE("a footer that is cut off or zeroed with its trailer is rebuilt, its length proves that no block "
          "is gone") {
  one_segment x;
  auto size = x.content(x.path).size();
  x.zero(x.path, x.whole.data_end, size - x.whole.data_end);
  CHECK(x.read().complete);
  x.cut_to(x.path, x.whole.data_end);
  CHECK(x.read().complete);
  CHECK(x.read().blocks == x.whole.blocks);
  x.cut_to(x.path, x.whole.data_end - 1); // in the last body: its header is there
  CHECK(x.read().blocks == x.whole.blocks);
  auto last = x.whole.blocks.back();
  x.cut_to(x.path, last.offset + 100); // in the last header
  auto found = x.read();
  CHECK_FALSE(found.complete);
  CHECK(found.data_end == last.offset);
  CHECK(missing_ranges(index_segment(x.segment, x.whole.blocks), found) ==
        std::vector<stream_range>{{last.stream, last.first_lsn, last.next_lsn,
                                   x.whole.blocks[x.whole.blocks.size() - 3].last_scn, last.last_scn}});
}

TEST_CASE("without a footer the walk ends at a damaged header and names it") {
  one_segment x(false);
  auto third = x.whole.blocks[2];
  x.flip(x.path, third.offset + 50);
  auto found = x.read();
  CHECK_FALSE(found.complete);
  CHECK(found.blocks.size() == 2);
  REQUIRE(found.damages.size() == 1);
  CHECK(found.damages[0].offset == third.offset);
  CHECK(found.damages[0].lost_unknown);
}

TEST_CASE("with a footer a damaged block header costs that block alone") {
  one_segment x;
  x.flip(x.path, x.whole.blocks[2].offset + 50);
  auto found = x.read();
  CHECK(found.complete);
  CHECK(found.blocks == x.whole.blocks);
}

TEST_CASE("a damaged segment header is told and the blocks are read all the same") {
  one_segment x;
  x.flip(x.path, 70);
  auto found = x.read();
  CHECK(found.blocks == x.whole.blocks);
  REQUIRE(found.damages.size() == 1);
  CHECK(found.damages[0].offset == 0);
}

TEST_CASE("a missing segment, another archive's and one that is shorter than its header are told apart") {
  one_segment x;
  random_id other{std::byte{0xee}};
  CHECK(read_segment_blocks(*x.where, x.name, x.segment, &other).code() == errc::foreign_destination);
  x.cut_to(x.path, 100);
  auto found = x.read();
  CHECK_FALSE(found.complete);
  CHECK(found.blocks.empty());
  x.drop(x.path);
  auto absent = read_segment_blocks(*x.where, x.name, x.segment, nullptr);
  REQUIRE(absent.code() == errc::bytes_missing);
  CHECK_THAT(absent.error().message, Catch::Contains(x.path));
}

TEST_CASE(
    "a segment header with fields of a newer release is refused, for its blocks may mean something else") {
  one_segment x;
  auto& content = x.content(x.path);
  auto fields =
      to_bytes(bytes_view(content).subspan(object_header_bytes, segment_header_bytes - object_header_bytes));
  fields.back() = std::byte{1};
  auto head = seal_object(object_kind::segment, x.made.settings().archive, fields);
  REQUIRE(head.size() == segment_header_bytes);
  std::copy(head.begin(), head.end(), content.begin());
  auto newer = read_segment_blocks(*x.where, x.name, x.segment, nullptr);
  REQUIRE(newer.code() == errc::unknown_version);
  CHECK_THAT(newer.error().message, Catch::Contains(x.path));
}

TEST_CASE("the walk ends at a block of another tenant, and at one that does not end where the segment does") {
  one_segment x(false);
  auto third = x.whole.blocks[2];
  auto& content = x.content(x.path);
  auto rest = bytes_view(content).subspan(third.offset);
  auto header = parse_block_header(rest, x.path).value();
  auto of_other = header;
  of_other.tenant = tenant_id{7};
  auto stops = [&](const char* words) {
    auto found = x.read();
    CHECK_FALSE(found.complete);
    CHECK(found.blocks.size() == 2);
    REQUIRE(found.damages.size() == 1);
    CHECK(found.damages[0].offset == third.offset);
    CHECK(found.damages[0].why.code == errc::checksum_error);
    CHECK_THAT(found.damages[0].why.message, Catch::Contains(words));
  };
  store_block_header(of_other, content.data() + third.offset);
  stops("a block of tenant 7");
  store_block_header(header, content.data() + third.offset);
  x.segment.valid_bytes = third.offset + third.size - 1;
  stops("does not end where the segment does");
}

TEST_CASE("a footer longer than what is read at once is read whole") {
  reader_fixture x;
  archive_builder::options options;
  options.block_bytes = 1; // a block for each entry
  options.segment_bytes = 1 << 20;
  auto made = x.builder(options);
  made.begin_round(1000, 0);
  made.open_stream(s1, 0);
  append_round_robin(made, {s1}, 1000, 1000);
  made.end_segments();
  made.commit(1000);
  auto& piece = made.newest().open_pieces.at(0);
  auto& segment = piece.segments.at(0);
  segment_name name{tenant, piece.piece, segment.epoch, segment.number};
  auto found = read_segment_blocks(*x.where, name, segment, nullptr);
  REQUIRE(found.ok());
  CHECK(found->from_footer);
  CHECK(found->blocks.size() == 1000);
  REQUIRE(segment.valid_bytes - found->data_end > 16 << 10);

  struct failing : memory_destination {
    using memory_destination::memory_destination;
    result<std::size_t> read(const object_path& path, std::uint64_t offset, mutable_bytes target) override {
      if (offset == fails_at)
        return fail(errc::io_error, "read " + path + ": cable pulled");
      return memory_destination::read(path, offset, target);
    }
    std::uint64_t fails_at = 0;
  };
  failing where("failing", x.store);
  where.fails_at = found->data_end;
  auto failed = read_segment_blocks(where, name, segment, nullptr);
  REQUIRE(failed.code() == errc::io_error);
  CHECK_THAT(failed.error().message, Catch::Contains("cable pulled"));
}

TEST_CASE("a damaged footer behind a good trailer does not hide a damaged block header") {
  one_segment x;
  x.flip(x.path, x.whole.data_end + 5);
  x.flip(x.path, x.whole.blocks[2].offset + 50);
  auto found = x.read();
  CHECK_FALSE(found.complete);
  CHECK(found.blocks.size() == 2);
  REQUIRE(found.damages.size() == 2);
  CHECK_FALSE(costs_log(found.damages[0]));
  CHECK(found.damages[1].lost_unknown);
}

TEST_CASE("log that a segment repeats does not move back what it reaches") {
  segment_blocks found;
  for (auto [first, next] : {std::pair<lsn, lsn>{0, 100}, {20, 50}})
    found.blocks.push_back(
        {.stream = s1, .first_lsn = first, .next_lsn = next, .first_scn = 1, .last_scn = 9});
  indexed_segment indexed{{}, {}, {{s1, 0, 100, 1, 9}}};
  CHECK(missing_ranges(indexed, found).empty());
  indexed.ranges[0].next_lsn = 101;
  CHECK(missing_ranges(indexed, found) == std::vector<stream_range>{{s1, 100, 101, 9, 9}});
}

TEST_CASE("entries that contradict the header of their block are refused with the place of the block") {
  one_segment x;
  auto ref = x.whole.blocks[1];
  bytes stored(ref.size), raw;
  REQUIRE(read_exactly(*x.where, x.path, ref.offset, stored).ok());
  block_unpacker unpacker;
  auto header = open_block(ref, stored, tenant, x.path, unpacker, raw).value();
  --header.entries;
  std::vector<log_entry> entries;
  auto refused = collect_entries(header, raw, x.path, ref.offset, entries);
  REQUIRE(refused.code() == errc::checksum_error);
  CHECK_THAT(refused.error().message, Catch::Contains(x.path + " at offset " + std::to_string(ref.offset)));
}

TEST_CASE("a whole segment under another one's name is not read as that one") {
  one_segment x;
  auto other = x.name;
  other.number++;
  REQUIRE(x.where->create(to_path(other), x.content(x.path)).ok());
  auto read = read_segment_blocks(*x.where, other, x.segment, nullptr);
  REQUIRE(read.code() == errc::checksum_error);
  CHECK_THAT(read.error().message, Catch::Contains(to_path(other)));
}

TEST_CASE("log that is missing at the beginning of a range is missing as well as at its end") {
  one_segment x;
  auto indexed = index_segment(x.segment, x.whole.blocks);
  REQUIRE(indexed.ranges.size() == 2);
  auto found = x.whole;
  CHECK(missing_ranges(indexed, found).empty());
  auto first = found.blocks.front();
  found.blocks.erase(found.blocks.begin());
  auto next = std::find_if(found.blocks.begin(), found.blocks.end(),
                           [&](auto& block) { return block.stream == first.stream; });
  CHECK(missing_ranges(indexed, found) ==
        std::vector<stream_range>{
            {first.stream, first.first_lsn, next->first_lsn, first.first_scn, next->first_scn}});
  for (auto& block : found.blocks) { // what lies behind the range is not in it
    block.first_lsn += 1'000'000;
    block.next_lsn += 1'000'000;
  }
  CHECK(missing_ranges(indexed, found) == indexed.ranges);
}

TEST_CASE("a block is proved against what the footer lists") {
  one_segment x;
  auto ref = x.whole.blocks[1];
  bytes stored(ref.size), raw;
  REQUIRE(read_exactly(*x.where, x.path, ref.offset, stored).ok());
  block_unpacker unpacker;
  auto header = open_block(ref, stored, tenant, x.path, unpacker, raw);
  REQUIRE(header.ok());
  std::vector<log_entry> entries;
  REQUIRE(collect_entries(*header, raw, x.path, ref.offset, entries).ok());
  CHECK(entries.size() == ref.entries);
  CHECK(entries.back().next_lsn == ref.next_lsn);

  auto other = ref;
  other.number++;
  CHECK(open_block(other, stored, tenant, x.path, unpacker, raw).code() == errc::checksum_error);
  CHECK(open_block(ref, stored, tenant_id{5}, x.path, unpacker, raw).code() == errc::checksum_error);
  CHECK(open_block(ref, bytes_view(stored).first(90), tenant, x.path, unpacker, raw).code() ==
        errc::checksum_error);
  auto tiny = ref;
  tiny.size = 90; // less than a header
  CHECK(open_block(tiny, bytes_view(stored).first(90), tenant, x.path, unpacker, raw).code() ==
        errc::checksum_error);
  stored[200] ^= std::byte{1};
  auto damaged = open_block(ref, stored, tenant, x.path, unpacker, raw);
  REQUIRE(damaged.code() == errc::checksum_error);
  CHECK_THAT(damaged.error().message, Catch::Contains(x.path) && Catch::Contains(std::to_string(ref.offset)));
}

TEST_CASE("reading past the end of an object says where it ends and what was asked") {
  one_segment x;
  auto size = x.content(x.path).size();
  bytes target(20);
  auto read = read_exactly(*x.where, x.path, size - 5, target);
  REQUIRE(read.code() == errc::bytes_missing);
  CHECK_THAT(read.error().message,
             Catch::Contains(std::to_string(size)) && Catch::Contains(std::to_string(size + 15)));
}

} // namespace varve::test
