#include "engine/format/describe.hpp"
#include "engine/format/segment.hpp"
#include "tests/harness/format_samples.hpp"

#include <catch2/catch.hpp>

using namespace varve;
using namespace varve::test;

namespace {

using namespace format;

const description* child(const description& x, std::string_view key) {
  for (auto& c : x.children)
    if (c.key == key)
      return &c;
  return nullptr;
}

std::string value(const inspection& x, std::string_view key) {
  auto found = child(x.what, key);
  return found ? found->value : "";
}

std::size_t blocks_in(const inspection& x) {
  std::size_t count = 0;
  for (auto& row : child(x.what, "blocks")->children)
    count += row.key == "block";
  return count;
}

} // namespace

TEST_CASE("a segment that was not ended is sound as far as its blocks go") {
  auto object = sample_segment(codec::zstd, false);
  auto whole = object.size();
  append(object, bytes_view(object).subspan(segment_header_bytes, 100)); // a block torn in its header
  auto seen = describe_object(object, "t1/x");
  CHECK(blocks_in(seen) == 3);
  CHECK(value(seen, "sound_bytes") == std::to_string(whole));
  REQUIRE(seen.problem);
  CHECK(seen.problem->message.find("t1/x at offset " + std::to_string(whole)) == 0);
}

TEST_CASE("blocks behind a damaged block header are found again") {
  auto object = sample_segment(codec::lz4);
  object[segment_header_bytes + 20] ^= std::byte{1};
  auto seen = describe_object(object, "t1/x");
  CHECK(blocks_in(seen) == 2);
  CHECK(value(seen, "sound_bytes") == std::to_string(segment_header_bytes));
  auto& first = child(seen.what, "blocks")->children[0];
  CHECK(first.key == "damage");
  CHECK(child(first, "offset")->value == "128");
}

TEST_CASE("a footer that lists other blocks than there are is a problem") {
  auto ended = sample_segment(codec::none), open = sample_segment(codec::none, false);
  auto header = *parse_block_header(bytes_view(open).subspan(segment_header_bytes), "block");
  auto ref = make_block_ref(header, bytes_view(open).subspan(segment_header_bytes), segment_header_bytes);
  ref.header_checksum ^= 1;
  append(open, encode_segment_footer({ref}, open.size()));
  auto seen = describe_object(open, "t1/x");
  REQUIRE(seen.problem);
  CHECK(seen.problem->message.find("the footer lists other blocks than there are") != std::string::npos);
}

TEST_CASE("a block whose entries are not what its header says is a problem, though all checksums hold") {
  auto entries = sample_entries(3, 40, 5, "redo ");
  for (auto wrong : {"one entry less", "a byte less of payload"}) {
    auto block = build_block(entries, stream_id{9}, 1, codec::none);
    if (wrong == std::string_view("one entry less"))
      --block.header.entries;
    else
      --block.header.input_bytes;
    store_block_header(block.header, block.encoded.data());
    auto seen = describe_object(block.encoded, "one.blk");
    INFO(wrong);
    REQUIRE(seen.problem);
    CHECK(seen.problem->code == errc::checksum_error);
    CHECK(seen.problem->message == "one.blk at offset 0: the block's entries are not what its header says");
    CHECK_FALSE(child(child(seen.what, "blocks")->children[0], "entries_in_block"));
  }
}

TEST_CASE("a block of another tenant than the segment's is a problem") {
  auto object =
      encode_segment_header(sample_archive(), {tenant_id{7}, {round_id{2}, piece_id{3}}, epoch{7}, 1});
  append(object, build_block(sample_entries(3, 40, 5, "redo "), stream_id{9}, 1, codec::none).encoded);
  auto seen = describe_object(object, "t7/x");
  REQUIRE(seen.problem);
  CHECK(seen.problem->message == "t7/x at offset 128: a block of tenant 1001");
}

TEST_CASE("a file of bare blocks lists their entries") {
  auto block = build_block(sample_entries(3, 40, 5, "redo "), stream_id{9}, 1, codec::none).encoded;
  append(block, build_block(sample_entries(2, 60, 9, "redo "), stream_id{9}, 2, codec::none).encoded);
  auto seen = describe_object(block, "one.blk");
  CHECK_FALSE(seen.problem);
  CHECK(value(seen, "kind") == "blocks");
  CHECK(blocks_in(seen) == 2);
  auto entries = child(child(seen.what, "blocks")->children[0], "entries_in_block");
  REQUIRE(entries);
  CHECK(entries->children.size() == 3);
}
